"""What would change a recommendation: other slots, another function, another machine, less memory.

Each is a clause with the number that it follows from; the weightiest comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from producer.results import WorkloadResult
from producer.stats.binding import Binding, Bound
from producer.stats.candidates import Candidate
from producer.stats.ruled_out import GIL_BUSY, gil_busy, job_s
from producer.words import memory, percent, times
from producer.workloads.job_facts import WAITS, JobFacts

#: Memory that is less than this share of what the recommended one takes is worth a word.
LESS = 0.8
#: More than so many would be read by nobody.
MOST = 2
#: By how much the next concurrencies that are worth a try are larger.
STEPS = (2, 4)


def list_changes(
    chosen: Candidate,
    others: Sequence[Candidate],
    binding: Binding,
    workload: WorkloadResult,
    facts: JobFacts,
) -> list[str]:
    """List what would change the answer, the weightiest only."""
    clauses = [
        *_more_jobs(binding),
        *_more_slots(chosen, others, binding),
        *_async_twin(facts),
        *_more_cores(chosen, others, binding, workload, facts),
        *_less_memory(chosen, others, facts),
    ]
    return clauses[:MOST]


def _more_jobs(binding: Binding) -> Iterator[str]:
    if binding.bound is Bound.SENDING:
        yield "jobs that take longer: a pool that waits for its jobs may be faster than it looks"
    elif binding.bound is Bound.MESSAGES:
        yield "larger jobs: what several calls do in one task pays for one message"
    elif binding.bound is Bound.JOBS:
        yield "more jobs (--jobs): no slot had more than one"


def _more_slots(chosen: Candidate, others: Sequence[Candidate], binding: Binding) -> Iterator[str]:
    same_way = (other.row.slots for other in others if other.name.way == chosen.name.way)
    slots = chosen.name.slots
    most = max(same_way, default=0) <= chosen.row.slots
    if binding.bound is not Bound.WAITING or slots is None or chosen.name.workers > 1 or not most:
        return
    concurrency = ",".join(str(slots * step) for step in (1, *STEPS))
    yield (
        f"more slots: {percent(chosen.under_way / chosen.row.slots)} of them were busy (simul sweep, with "
        f"the same --job and --args, --with {chosen.name.way} --concurrency {concurrency})"
    )


def _async_twin(facts: JobFacts) -> Iterator[str]:
    if facts.waiting > WAITS and not facts.has_async:
        yield (
            "an `async def` that does the same (--async-job): the function waits for "
            f"{percent(facts.waiting)} of its time, which celery:asyncio could then await"
        )


def _more_cores(
    chosen: Candidate,
    others: Sequence[Candidate],
    binding: Binding,
    workload: WorkloadResult,
    facts: JobFacts,
) -> Iterator[str]:
    """Say what lets more of it compute at the same time: no GIL for threads, more processes, more cores."""
    alone_s = job_s(workload, facts)
    threads = [each for each in (chosen, *others) if each.pool == "threads"]
    if any(gil_busy(each, alone_s, facts) > GIL_BUSY for each in threads):
        yield (
            "a Python without a GIL (--python 3.14t): the function holds it for "
            f"{percent(facts.gil_held)} of its time, and threads would compute beside each other"
        )
    if binding.bound is Bound.GIL:
        # Where prefork was there, it is shown already what its processes are worth.
        prefork = any(each.pool == "prefork" for each in others)
        yield "more workers, each with a GIL of its own" if prefork else "processes: compare celery:prefork"
    elif binding.bound is Bound.CORES:
        yield "more cores, with a slot each"


def _less_memory(chosen: Candidate, others: Sequence[Candidate], facts: JobFacts) -> Iterator[str]:
    least = min(others, key=lambda other: other.memory_bytes, default=None)
    if least is None or facts.growth_per_run_bytes or chosen.row.peak_memory_bytes is None:
        return
    if least.memory_bytes < LESS * chosen.memory_bytes:
        ratio = chosen.time_of(least)
        cost = "is as fast" if ratio.claims and not ratio.shown else f"takes {times(ratio.value)} as long"
        yield (
            f"less memory: {least.name} needs {memory(least.memory_bytes)}, where this needs "
            f"{memory(chosen.memory_bytes)}, and {cost}"
        )
