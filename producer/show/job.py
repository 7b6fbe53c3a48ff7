"""What is said of a user's function before the table of contenders, in the terminal and on the page alike."""

from __future__ import annotations

from collections.abc import Iterator

from producer.words import counted, listed, percent, seconds, size
from producer.workloads.job_facts import JobFacts

#: Seconds that an import takes before it is worth a word.
LONG_IMPORT_S = 1.0
#: So many pieces for a call are one with each call: now and then garbage collection closes some.
EACH = 0.9


def describe_job(facts: JobFacts) -> Iterator[str]:
    """Say what the function is like: its times, the GIL, what it leaves, a fork, oddities."""
    yield _times(facts)
    yield _gil(facts)
    yield _memory(facts)
    yield from _left_open(facts)
    yield from _fork(facts)
    yield from _oddities(facts)


def _times(facts: JobFacts) -> str:
    longest = f" (up to {seconds(facts.longest_s)})" if facts.longest_s > 2 * facts.service_s else ""
    slow = f"; its import takes {seconds(facts.import_s)}" if facts.import_s > LONG_IMPORT_S else ""
    return (
        f"measured alone, {counted(facts.runs, 'call')}: {seconds(facts.service_s)} each{longest}, "
        f"{percent(facts.waiting)} of it waiting, {seconds(facts.cpu_s)} of CPU{slow}"
    )


def _gil(facts: JobFacts) -> str:
    if facts.gil_held is None:
        return "GIL: this Python has none"
    held = f"GIL: held for {percent(facts.gil_held)} of the time"
    if facts.keeps_gil:
        return f"{held}, for up to {seconds(facts.gil_longest_s)} at a time: C code that does not release it"
    return held


def _memory(facts: JobFacts) -> str:
    if not facts.growth_runs:
        return "memory: a call takes too long for its growth to be watched"
    calls = counted(facts.growth_runs, "call")
    if each := facts.growth_per_run_bytes:
        return f"memory: grows by {size(each)} with each call ({calls}): it leaks"
    return f"memory: no growth over {calls}"


def _left_open(facts: JobFacts) -> Iterator[str]:
    left = [
        (facts.sockets_left, "socket open", "sockets open"),
        (facts.files_left, "file open", "files open"),
        (facts.threads_left, "thread running", "threads running"),
    ]
    runs = max(facts.growth_runs, 1)
    each = [
        counted(round(number / runs), *words)
        for number, *words in left
        if facts.growth_runs > 1 and number >= EACH * runs
    ]
    if each:
        yield f"leaves {listed(each)} with each call"
    now_and_then = [counted(number, *words) for number, *words in left if 0 < number < EACH * runs]
    if now_and_then:
        yield f"leaves {listed(now_and_then)} after {counted(facts.growth_runs, 'call')}"


def _fork(facts: JobFacts) -> Iterator[str]:
    if facts.fork_trouble:
        why = f"it does not survive one after its module was imported ({facts.fork_trouble})"
        yield f"fork: {why}: not for prefork"
    elif facts.fork_trouble is not None:
        yield "fork: it survives one after its module was imported"


def _oddities(facts: JobFacts) -> Iterator[str]:
    if facts.failed:
        yield f"{facts.failed:,} of {counted(facts.runs, 'call')} failed: {facts.failure}"
    if facts.printed_bytes:
        yield f"it prints {size(facts.printed_bytes / facts.runs)} with each call, which nobody reads"
    if not facts.json:
        yield "its answers are not all JSON: those are compared by their type and their repr"
