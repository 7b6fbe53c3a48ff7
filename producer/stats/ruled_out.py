"""Why a Celery contender is not recommended: one reason each, with its number, or the number alone.

A reason is only given where the result shows it. Where several hold, the first of `_slower` counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from producer.contender_name import ContenderName
from producer.results import WorkloadResult
from producer.stats.candidates import Candidate, is_slower
from producer.stats.ratios import Ratio
from producer.stats.summary import Summary
from producer.words import counted, digits, memory, percent, seconds
from producer.workloads.job_facts import WAITS, JobFacts

#: The GIL binds a process if jobs hold it for more than this share of the makespan.
GIL_BUSY = 0.6
#: Slots that allow less than this share of the recommended throughput are too few.
TOO_FEW = 0.95
#: Jobs did not overlap if so many were under way: about one. With fewer, the loop had other things to do.
ONE_AT_A_TIME = (0.7, 1.5)
#: CPU time, or time of a job, that is this many times another's is worth a word.
MUCH = 1.2
STRETCHED = 1.5
#: The jobs after which a leak is stated.
LEAKED_JOBS = 10_000
#: The most characters of somebody else's text in a sentence.
MAX_QUOTED = 160
#: Pools whose jobs share one event loop with greenlets for slots.
GREEN = ("gevent", "eventlet")


class Why(StrEnum):
    """All that a contender can be ruled out by."""

    FORK = "fork"
    INVALID = "invalid runs"
    LEFT_OUT = "left out"
    LEAK = "leak"
    SLOTS = "too few slots"
    LOOP = "holds the loop"
    SENDING = "sending"
    GIL = "GIL"
    IN_THREADS = "in threads"
    CPU = "CPU"
    STRETCH = "longer jobs"
    SLOWER = "slower"


@dataclass(frozen=True, slots=True)
class RuledOut:
    """A contender that is not recommended."""

    contender: ContenderName
    why: Why
    #: What shows it, with its number; empty where there is no more than the ratio.
    reason: str
    #: Its time / that of the recommended one; None where that does not rule it out.
    ratio: Ratio | None = None


def rule_out_unfit(
    workload: WorkloadResult, facts: JobFacts, rows: Sequence[Summary]
) -> dict[ContenderName, RuledOut]:
    """List the Celery contenders that cannot be recommended, however fast they are."""
    ran = {row.contender: row for row in rows}
    names = dict.fromkeys([*(each.name for each in workload.contenders), *ran])
    unfit = (_unfit(name, ran.get(name), workload, facts) for name in names if name.is_celery)
    return {each.contender: each for each in unfit if each}


def _unfit(
    name: ContenderName, row: Summary | None, workload: WorkloadResult, facts: JobFacts
) -> RuledOut | None:
    if name.celery_pool == "prefork" and facts.fork_trouble:
        return RuledOut(
            name, Why.FORK, f"the function does not survive a fork: {_quoted(facts.fork_trouble)}"
        )
    if row and row.valid_runs < row.runs:
        first = f": {_quoted(row.problems[0])}" if row.problems else ""
        runs = f"{row.runs - row.valid_runs} of {counted(row.runs, 'run')} invalid"
        return RuledOut(name, Why.INVALID, f"{runs}{first}")
    if reason := workload.left_out.get(name):
        return RuledOut(name, Why.LEFT_OUT, f"left out, as {_quoted(reason)}")
    return None


def rule_out_slower(
    candidates: Sequence[Candidate], best: Candidate, workload: WorkloadResult, facts: JobFacts
) -> Iterator[RuledOut]:
    """Rule out those that are shown to be slower than `best`, and what leaks where `best` does not."""
    for candidate in candidates:
        if candidate is best:
            continue
        ratio = best.time_of(candidate)
        if is_slower(ratio):
            reasons = _slower(candidate, best, workload, facts)
            why, reason = next(reasons, (Why.SLOWER, ""))
            yield RuledOut(candidate.name, why, reason, ratio)
        elif facts.growth_per_run_bytes and best.pool == "prefork" != candidate.pool:
            yield RuledOut(candidate.name, Why.LEAK, f"nothing replaces its process: {describe_leak(facts)}")


def describe_leak(facts: JobFacts) -> str:
    """Say how the memory of a process grows that is never replaced."""
    each = facts.growth_per_run_bytes
    return (
        f"{memory(each)} more with each job, {memory(each * LEAKED_JOBS)} after {counted(LEAKED_JOBS, 'job')}"
    )


def job_s(workload: WorkloadResult, facts: JobFacts) -> float:
    """Return what a job takes with nothing around it: the mean of the reference's, in seconds."""
    reference = workload.reference
    return (sum(reference.waits_s) + sum(reference.work_s)) / workload.jobs or facts.service_s


def gil_busy(candidate: Candidate, job: float, facts: JobFacts) -> float:
    """Return the share of the makespan in which jobs held the GIL of their process.

    0 without a GIL, and where a process does one job at a time: no other waits for it.
    """
    if candidate.row.slots <= candidate.processes:
        return 0.0
    held = facts.gil_held if candidate.gil and facts.gil_held else 0.0
    return candidate.throughput * job * held / candidate.processes


def describe_gil(facts: JobFacts) -> str:
    """Say how the function holds the GIL."""
    on_end = f", for up to {seconds(facts.gil_longest_s)} on end" if facts.keeps_gil else ""
    return f"the function holds the GIL for {percent(facts.gil_held)} of its time{on_end}"


def _slower(
    candidate: Candidate, best: Candidate, workload: WorkloadResult, facts: JobFacts
) -> Iterator[tuple[Why, str]]:
    """List what makes it slower, as far as the result shows it."""
    alone_s, slots = job_s(workload, facts), candidate.row.slots
    if alone_s and (most := slots / alone_s) < TOO_FEW * best.throughput:
        its = "its one slot" if slots == 1 else f"its {slots:,} slots"
        yield Why.SLOTS, f"{its} cannot do more than {digits(most)} jobs/s"
    on_loop = candidate.pool in GREEN or (candidate.pool == "asyncio" and facts.has_async)
    least, most = ONE_AT_A_TIME
    if on_loop and slots > 1 and least <= candidate.under_way < most:
        yield Why.LOOP, _holds_loop(candidate, facts)
    if candidate.sent_for is not None:
        yield (
            Why.SENDING,
            f"it waited for jobs, which were sent for {percent(candidate.sent_for)} of its time",
        )
    in_threads = candidate.pool == "asyncio" and not facts.has_async
    ran_in_threads = "the function is no async def and ran in threads" if in_threads else ""
    if gil_busy(candidate, alone_s, facts) > GIL_BUSY:
        yield Why.GIL, f"{ran_in_threads}, and " * in_threads + describe_gil(facts)
    if in_threads:
        yield Why.IN_THREADS, ran_in_threads
    cpu_s, least_cpu_s = candidate.cpu_per_job_s, best.cpu_per_job_s
    if cpu_s and least_cpu_s and cpu_s > MUCH * least_cpu_s:
        yield Why.CPU, f"it spends {seconds(cpu_s)} of CPU time on a job, and not {seconds(least_cpu_s)}"
    if alone_s and candidate.service_s > STRETCHED * alone_s:
        yield Why.STRETCH, f"a job takes {seconds(candidate.service_s)} in it, and {seconds(alone_s)} alone"


def _holds_loop(candidate: Candidate, facts: JobFacts) -> str:
    service = seconds(candidate.service_s)
    if facts.waiting <= WAITS:
        taker = "coroutines" if candidate.pool == "asyncio" else "greenlets"
        return f"it computes for {service} at a time, and {taker} do not take turns"
    holds = f"each call holds the loop for {service}"
    if candidate.pool == "asyncio":
        return f"{holds}: its waiting is in calls that block, and not in an await"
    return f"{holds}: its waiting is in C code that {candidate.pool} cannot switch"


def _quoted(text: str) -> str:
    return text if len(text) <= MAX_QUOTED else f"{text[: MAX_QUOTED - 1]}…"
