"""What would change with more jobs, longer waits, more cores or no GIL: estimates from what was measured.

A contender's makespan is taken apart into what its slots and cores must take at least for the jobs, and what
it cost beyond that: handing jobs out, messages, switching. For other work, or another machine, the first is
worked out anew; the second stays as it is, for each job. Such an estimate says who would win and about by
how much; it knows nothing of what only shows at another size, such as a memory or a network that is full.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from producer.contenders.ways import executor_of, ways
from producer.results import WorkloadResult
from producer.stats.summary import Summary

#: Beyond so many jobs, slots that are full to the end make the longest job no matter.
MOST_PLACED = 20_000
#: What a slot is made of where every slot has a Python and a GIL of its own.
OWN_PYTHON = ("process", "interpreter")
#: A way whose slots are coroutines, but what computes is handed to threads.
COMPUTES_IN_THREADS = "asyncio+threads"


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under what a contender does its jobs."""

    #: How many times as many jobs, and how many times as long a wait, as were measured.
    jobs: int = 1
    wait: float = 1.0
    cores: float = 1.0
    #: How many times as many slots, where a way can have more than one.
    slots: int = 1
    #: Whether one thread of a process at a time runs Python.
    gil: bool = True


@dataclass(frozen=True, slots=True)
class Measured:
    """One contender as it was measured."""

    row: Summary
    #: The median makespan, in seconds.
    makespan_s: float
    #: Processes that did jobs.
    processes: int
    conditions: Conditions


def estimate_s(measured: Measured, workload: WorkloadResult, changed: Conditions) -> float:
    """Estimate a contender's makespan under changed conditions, in seconds."""
    now, then = measured.conditions, changed
    least_now, least_then = _least_s(measured, workload, now), _least_s(measured, workload, then)
    beyond_s = measured.makespan_s - least_now
    if beyond_s < 0:  # alone, the jobs were slower than here: the proportion is all that is known
        return measured.makespan_s * least_then / least_now
    return least_then + beyond_s * then.jobs / now.jobs


def usable_cores(measured: Measured, conditions: Conditions) -> float:
    """Say on how many cores a contender can compute at the same time."""
    slot = slot_of(measured.row)
    slots = slots_under(measured, conditions)
    if slot in OWN_PYTHON or (slot == "thread" and not conditions.gil):
        return max(1.0, min(slots, conditions.cores))
    return max(1.0, min(measured.processes, conditions.cores))


def slots_under(measured: Measured, conditions: Conditions) -> int:
    """Say how many slots a contender would have: who has one for each core, has one for each core."""
    row, cores = measured.row, measured.conditions.cores
    if row.contender.slots is None:
        return row.slots
    per_core = row.slots == int(cores) and slot_of(row) in (*OWN_PYTHON, "thread")
    return conditions.slots * (max(row.slots, int(conditions.cores)) if per_core else row.slots)


def slot_of(row: Summary) -> str:
    """Say what a slot of a contender is made of; nothing is known of ways of other versions."""
    way = row.contender.way
    if way == COMPUTES_IN_THREADS:
        return "thread"
    return executor_of(way).slot if way in ways() else ""


def _least_s(measured: Measured, workload: WorkloadResult, conditions: Conditions) -> float:
    """Work out what slots and cores must take for the jobs: they go to the slots in their order."""
    reference = workload.reference
    takes = [
        conditions.wait * wait + work for wait, work in zip(reference.waits_s, reference.work_s, strict=True)
    ]
    computing_s = conditions.jobs * reference.cpu_s / usable_cores(measured, conditions)
    return max(_placed_s(takes, conditions.jobs, slots_under(measured, conditions)), computing_s)


def _placed_s(takes_s: Sequence[float], times: int, slots: int) -> float:
    """Give jobs of these times, so many times over, to the slot that is free first, and say when they end."""
    if not takes_s:
        return 0.0
    if times * len(takes_s) > MOST_PLACED:
        return max(times * sum(takes_s) / slots, max(takes_s))
    free = [0.0] * min(slots, times * len(takes_s))
    for _ in range(times):
        for each_s in takes_s:
            heapq.heapreplace(free, free[0] + each_s)
    return max(free)
