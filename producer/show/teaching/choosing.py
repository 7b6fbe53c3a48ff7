"""Which pool, and how many slots: for slow web requests, for computing, for a mix; with the reader's numbers.

A worker whose slots share one process is full when that process computes all the time. Each job keeps it busy
for its CPU time and what its message costs; beside a wait w and a CPU time c there is room for 1 + w/c jobs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from producer.contender_name import ContenderName
from producer.contenders.designs.stalls import STALL_S
from producer.results import Result
from producer.show.charts.entries import Field
from producer.show.columns import TICK_S
from producer.show.teaching.kinds import Kind, kind_of
from producer.stats.summary import usable_cores
from producer.words import listed, seconds

#: A slow web request, in seconds.
REQUEST_S = 0.2
#: Celery's pools with many slots in one process.
LIGHT = ("celery:asyncio", "celery:gevent", "celery:eventlet", "celery:threads")
PREFORK = "celery:prefork"
#: Ways in which one job that computes holds up all the others.
LOOPS = ("asyncio", "celery:asyncio", "celery:gevent", "celery:eventlet")


@dataclass(frozen=True, slots=True)
class Choice:
    """What to choose for one kind of work."""

    work: str
    general: str
    evidence: tuple[str, ...]


def choose_pools(result: Result, fields: Sequence[Field]) -> list[Choice]:
    """Say what suits each kind of work; what this comparison shows of it, or what to measure."""
    waits = [field for field in fields if kind_of(field) is Kind.WAIT]
    computes = [field for field in fields if kind_of(field) is Kind.COMPUTE]
    cores = usable_cores(result)
    return [
        Choice(
            "Slow web requests",
            "They wait. Take a pool with many slots in one process: gevent, eventlet or asyncio where your "
            "libraries suit them, threads where they do not. Give it as many slots as requests may wait at "
            "once, up to what one process can serve: 1 + (wait / CPU time of a job).",
            tuple(line for field in waits for line in _on_requests(result, field))
            or ("Not measured here; simul compare waits shows what a waiting job costs each pool.",),
        ),
        Choice(
            "Computing",
            f"It needs a core for each slot. Take prefork with a slot for each core ({cores:g} here), and "
            "no more: under the GIL the other pools compute on one core for each worker.",
            tuple(line for field in computes for line in _on_computing(field))
            or ("Not measured here; simul compare search shows what each pool makes of the cores.",),
        ),
        Choice(
            "A mix",
            "Give each kind a queue and workers of its own: prefork for what computes, gevent, asyncio or "
            "threads for what waits. Then no request waits behind a computation. If it has to be one pool, "
            "take prefork with about cores × (1 + wait / CPU time) slots.",
            tuple(line for field in computes for line in _on_standing(field))
            or ("What happens otherwise is seen where search runs under asyncio: its loop stands still.",),
        ),
    ]


def _on_requests(result: Result, field: Field) -> Iterator[str]:
    """Say what a job cost each pool, and what room that leaves in a worker; nothing if it is not seen."""
    seen = {
        entry.name: cpu_s
        for way in LIGHT
        if (entry := field.best(way)) and (cpu_s := _worker_cpu_s(result, field, entry.name))
    }
    if not seen:
        return
    costs = listed([f"{name} {seconds(cpu_s)}" for name, cpu_s in seen.items()])
    room = sorted(_round_down(1 + REQUEST_S / cpu_s) for cpu_s in seen.values())
    slots = f"{room[0]:,}" if room[0] == room[-1] else f"{room[0]:,} to {room[-1]:,}"
    yield (
        f"{field.workload.name}: a job and its message took the worker this much CPU time: {costs}. Beside a "
        f"request of {seconds(REQUEST_S)} that leaves room for about {slots} slots in a worker."
    )


def _worker_cpu_s(result: Result, field: Field, name: ContenderName) -> float | None:
    """Compute the CPU time of a job in its worker; None where it was out of sight, or too little to see."""
    runs = (run for run in result.runs if run.valid and run.contender == name)
    cpu_s = [run.cpu_s for run in runs if run.workload == field.workload.name and run.cpu_s is not None]
    mean_s = sum(cpu_s) / len(cpu_s) if cpu_s else 0.0
    return mean_s / field.workload.jobs if mean_s >= TICK_S else None


def _on_computing(field: Field) -> Iterator[str]:
    prefork = field.best(PREFORK)
    others = [entry for way in LIGHT if (entry := field.best(way))]
    if prefork and others:
        other = min(others, key=lambda entry: entry.summary.makespan_s or 0.0)
        yield (
            f"{field.workload.name}: {prefork.name} took {seconds(prefork.summary.makespan_s)}; "
            f"{other.name}, the fastest of the other pools, took {seconds(other.summary.makespan_s)}."
        )


def _on_standing(field: Field) -> Iterator[str]:
    loops = [entry for way in LOOPS if (entry := field.best(way))]
    stalls = [(entry.summary.loop_stall_s or 0.0, entry.name) for entry in loops]
    if stalls and (longest := max(stalls, key=lambda stall: stall[0]))[0] > STALL_S:
        yield (
            f"{field.workload.name}: while jobs computed, the event loop of {longest[1]} stood still for up "
            f"to {seconds(longest[0])}. A request that came meanwhile would have waited as long."
        )


def _round_down(slots: float) -> int:
    """Leave the first two digits: the estimate is no better."""
    power = int(10 ** max(len(str(int(slots))) - 2, 0))
    return int(slots) // power * power
