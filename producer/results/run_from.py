"""Makes a run of an outcome: its records become columns of small numbers."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence

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
        belongs=[outcome.belongs[name] for name in names] if outcome.belongs else [],
    )


def _columns(ordered: Sequence[JobRecord], place: Mapping[str, int]) -> Records:
    # Packed from the beginning: as integers of Python's they are 32 bytes each, and there may be 100,000.
    enqueued = _us(record.enqueued_ns for record in ordered)
    received = _us(record.received_ns for record in ordered)
    started = _us(record.started_ns for record in ordered)
    finished = _us(record.finished_ns for record in ordered)
    return Records(
        index=array("q", (record.index for record in ordered)),
        worker=array("q", (place[record.worker] for record in ordered)),
        enqueued_us=_between(enqueued[:1] + enqueued, enqueued),
        received_us=_between(enqueued, received),
        started_us=_between(received, started),
        finished_us=_between(started, finished),
    )


def _us(nanoseconds: Iterable[int]) -> array[int]:
    return array("q", ((time + 500) // 1000 for time in nanoseconds))


def _between(before: Iterable[int], after: Iterable[int]) -> array[int]:
    return array("q", (end - start for start, end in zip(before, after, strict=False)))
