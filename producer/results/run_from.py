"""Makes a run of an outcome: its records become columns of small numbers."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import chain, islice, pairwise, starmap
from operator import gt

from producer.contender_name import ContenderName
from producer.contenders.designs.stalls import Stall
from producer.contenders.protocol import Outcome
from producer.results.columns import IntegerColumn
from producer.results.model import LoopStall, Offered, Run
from producer.results.records import UNKNOWN, Records
from producer.results.reference import Judge, Reference
from producer.system.usage import Usage
from worker.records import JobRecord


def run_from(
    workload: str,
    contender: ContenderName,
    round_: int,
    began: float,
    outcome: Outcome,
    reference: Reference | None = None,
    *,
    jobs: int,
    used: Usage | None,
    broker_cpu_s: float | None,
    offered: Offered | None = None,
) -> Run:
    """Make the run of an outcome. Its answers are held against a reference, where there is one.

    The records are gone through once, and none is kept.
    """
    judge, columns = Judge(reference) if reference else None, _Columns()
    for record in outcome.records:
        columns.add(record)
        if judge:
            judge.add(record)
    names = sorted(columns.workers)
    return Run(
        workload=workload,
        contender=contender,
        round=round_,
        began=began,
        slots=outcome.slots,
        workers=names,
        jobs=jobs,
        records=columns.in_order(names),
        errors=columns.errors,
        wrong=judge.wrong if judge else 0,
        duplicates=outcome.duplicates,
        problems=outcome.problems + (judge.problems() if judge else []),
        peak_memory_bytes=used.peak_memory_bytes if used else None,
        cpu_s=used.cpu_s if used else None,
        broker_cpu_s=broker_cpu_s,
        loop_stall_s=outcome.loop_stall_s,
        clocks_corrected=outcome.clocks_corrected,
        gil=outcome.gil,
        event_loop=outcome.event_loop,
        belongs=[outcome.belongs[name] for name in names] if outcome.belongs else [],
        used=used.workers if used else [],
        loop_stalls=columns.place(outcome.loop_stalls),
        offered=offered,
    )


class _Columns:
    """The records of a run in the order in which they come."""

    def __init__(self) -> None:
        #: Each worker, and its place among them.
        self.workers: dict[str, int] = {}
        #: Error text by the index of the job that failed.
        self.errors: dict[int, str] = {}
        self._all = tuple(IntegerColumn() for _ in range(7))
        self._index, self._worker, self._enqueued_ns, *since = self._all
        self._received, self._started, self._finished, self._cpu = since
        self._last_ns = 0

    def add(self, record: JobRecord) -> None:
        received, started = _us(record.received_ns), _us(record.started_ns)
        self._index.append(record.index)
        self._worker.append(self.workers.setdefault(record.worker, len(self.workers)))
        self._enqueued_ns.append(record.enqueued_ns)
        self._received.append(received - _us(record.enqueued_ns))
        self._started.append(started - received)
        self._finished.append(_us(record.finished_ns) - started)
        self._cpu.append(UNKNOWN if record.cpu_ns is None else _us(record.cpu_ns))
        self._last_ns = max(self._last_ns, record.finished_ns)
        if record.error:
            self.errors[record.index] = record.error

    def in_order(self, names: Sequence[str]) -> Records:
        """Put them in the order of enqueuing; a worker becomes its place in `names`."""
        self._sort()
        place = {name: place for place, name in enumerate(names)}
        places = [place[name] for name in self.workers]
        enqueued = self._enqueued_ns.numbers
        return Records(
            index=self._index.numbers,
            worker=array("i", map(places.__getitem__, self._worker.numbers)),
            enqueued_us=array("q", starmap(_between, pairwise(chain(enqueued[:1], enqueued)))),
            received_us=self._received.numbers,
            started_us=self._started.numbers,
            finished_us=self._finished.numbers,
            cpu_us=self._cpu.numbers if any(map(UNKNOWN.__ne__, self._cpu.numbers)) else [],
        )

    def place(self, stalls: Iterable[Stall]) -> list[LoopStall]:
        """Place the stalls of an event loop in the run, which begins as the first job is enqueued."""
        first_ns = min(self._enqueued_ns.numbers, default=0)
        placed = []
        for began_ns, length_ns in stalls:
            began, ended = max(began_ns, first_ns), min(began_ns + length_ns, self._last_ns)
            if began < ended:
                placed.append(LoopStall(_us(began - first_ns), _us(ended - began)))
        return placed

    def _sort(self) -> None:
        enqueued = self._enqueued_ns.numbers
        if any(map(gt, enqueued, islice(enqueued, 1, None))):  # records come in the order of their jobs
            places = sorted(range(len(enqueued)), key=enqueued.__getitem__)
            for column in self._all:
                numbers = column.numbers
                column.numbers = array(numbers.typecode, map(numbers.__getitem__, places))


def _between(before_ns: int, after_ns: int) -> int:
    return _us(after_ns) - _us(before_ns)


def _us(nanoseconds: int) -> int:
    return (nanoseconds + 500) // 1000
