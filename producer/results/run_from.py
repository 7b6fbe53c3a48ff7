"""Makes a run of an outcome: its records become columns of small numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from producer.contender_name import ContenderName
from producer.contenders.protocol import Outcome
from producer.results.model import Run
from producer.results.records import Records
from producer.system.usage import Usage
from worker.records import JobRecord


def run_from(
    workload: str,
    contender: ContenderName,
    round_: int,
    began: float,
    outcome: Outcome,
    *,
    jobs: int,
    wrong: int,
    used: Usage | None,
    broker_cpu_s: float | None,
) -> Run:
    """Make the run of an outcome."""
    names = sorted({record.worker for record in outcome.records})
    place = {name: number for number, name in enumerate(names)}
    ordered = sorted(outcome.records, key=lambda record: (record.enqueued_ns, record.index))
    return Run(
        workload=workload,
        contender=contender,
        round=round_,
        began=began,
        slots=outcome.slots,
        workers=names,
        jobs=jobs,
        records=_columns(ordered, place),
        errors={record.index: record.error for record in ordered if record.error},
        wrong=wrong,
        duplicates=outcome.duplicates,
        problems=outcome.problems,
        peak_memory_bytes=used.peak_memory_bytes if used else None,
        cpu_s=used.cpu_s if used else None,
        broker_cpu_s=broker_cpu_s,
        loop_stall_s=outcome.loop_stall_s,
        clocks_corrected=outcome.clocks_corrected,
        gil=outcome.gil,
        event_loop=outcome.event_loop,
    )


def _columns(ordered: Sequence[JobRecord], place: Mapping[str, int]) -> Records:
    enqueued = [_us(record.enqueued_ns) for record in ordered]
    received = [_us(record.received_ns) for record in ordered]
    started = [_us(record.started_ns) for record in ordered]
    finished = [_us(record.finished_ns) for record in ordered]
    first = enqueued[0] if enqueued else 0
    return Records(
        index=[record.index for record in ordered],
        worker=[place[record.worker] for record in ordered],
        enqueued_us=_distances([first, *enqueued]),
        received_us=_between(enqueued, received),
        started_us=_between(received, started),
        finished_us=_between(started, finished),
    )


def _us(nanoseconds: int) -> int:
    return (nanoseconds + 500) // 1000


def _distances(values: Sequence[int]) -> list[int]:
    return [after - before for before, after in pairwise(values)]


def _between(before: Sequence[int], after: Sequence[int]) -> list[int]:
    return [end - start for start, end in zip(before, after, strict=True)]
