"""Runs whose every job is placed by hand, and what charts make of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from producer.contender_name import ContenderName
from producer.contenders.protocol import Outcome
from producer.results import Result, Run, WorkloadResult, run_from
from producer.results.reference import Reference
from producer.show.charts.entries import Entry, Field, derive_fields
from producer.system.machine import Machine
from producer.system.usage import Usage
from tests.made import MACHINE, a_result, started
from worker.records import JobRecord

#: Process, enqueued, started, finished; in seconds.
Span = tuple[int, float, float, float]


def placed(
    spans: Sequence[Span],
    contender: str = "threads@2",
    round_: int = 1,
    *,
    problems: Sequence[str] = (),
    memory_bytes: int | None = 20 * 2**20,
    cpu_s: float = 0.02,
    shares: Sequence[float | None] = (),
    stalls: Sequence[tuple[float, float]] = (),
    gil: bool | None = None,
) -> Run:
    """A run of these jobs, in the order of their indexes.

    `shares` says of each job for which part of its time it ran; `stalls`, when an event loop stood still, and
    how long, in seconds.
    """
    ran = [*shares, *[None] * (len(spans) - len(shares))]
    records = [
        JobRecord(
            *(index, f"lab/{worker}", _ns(enqueued), _ns(started), _ns(started), _ns(finished), {}),
            cpu_ns=None if share is None else _ns(share * (finished - started)),
        )
        for index, ((worker, enqueued, started, finished), share) in enumerate(zip(spans, ran, strict=True))
    ]
    used = Usage(memory_bytes, cpu_s) if memory_bytes is not None else None
    outcome = Outcome(records, slots=2, problems=list(problems), gil=gil)
    outcome.loop_stalls = [(_ns(began), _ns(length)) for began, length in stalls]
    name = ContenderName.parse(contender)
    return run_from(
        "waits",
        name,
        round_,
        1.0,
        outcome,
        jobs=len(spans),
        used=used,
        broker_cpu_s=None,
    )


def compared(
    *runs: Run, wait_s: float = 1.0, work_s: float = 0.0, machine: Machine = MACHINE
) -> tuple[Result, Field]:
    """A result of these runs, and its only workload; each job takes so long alone."""
    jobs = max((run.jobs for run in runs), default=1)
    workload = WorkloadResult(
        name="waits",
        seed=1,
        jobs=jobs,
        chunk=1,
        bound="waiting",
        description="placed by hand",
        reference=Reference(("",) * jobs, (wait_s,) * jobs, (work_s,) * jobs, work_s * jobs),
        contenders=started(dict.fromkeys(str(run.contender) for run in runs)),
    )
    rounds = max((run.round for run in runs), default=1)
    result = replace(a_result({}), workloads=[workload], runs=list(runs), rounds=rounds, machine=machine)
    return result, derive_fields(result)[0]


def entry(*runs: Run, wait_s: float = 1.0, work_s: float = 0.0) -> Entry:
    """The only contender of these runs."""
    [only] = compared(*runs, wait_s=wait_s, work_s=work_s)[1].entries
    return only


def one_after_the_other(
    contender: str, makespan_s: float, rounds: int = 5, jobs: int = 4, wobble: float = 0.01
) -> list[Run]:
    """So many runs, each a little longer than the one before it."""
    runs = []
    for round_ in range(1, rounds + 1):
        each = makespan_s * (1 + wobble * (round_ - (rounds + 1) / 2)) / jobs
        spans = [(1, 0.0, place * each, (place + 1) * each) for place in range(jobs)]
        runs.append(placed(spans, contender, round_))
    return runs


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
