"""One contender on one workload, as every chart needs it: its summary and the times of its jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from producer.contender_name import ContenderName
from producer.results import Result, Run, WorkloadResult
from producer.results.times import SecondsColumn, Times, join_times
from producer.stats.limit import READS_FILES, Estimates
from producer.stats.scaling import Curve, curves, place_on
from producer.stats.shares import typical_of
from producer.stats.summary import Summary, makespan_s, runs_by_contender, summaries, usable_cores

#: A workload computes if the CPU is busy for at least this share of its time; otherwise it waits.
COMPUTES = 0.5
#: Service time is worth mentioning from this many times the job's time alone on.
STRETCHED = 1.5
#: A job that takes less than this alone, in seconds, is outweighed by what goes on around it.
TINY_S = 0.001
#: The fewest concurrencies that make a curve.
POINTS_TO_DRAW = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """One contender on one workload."""

    summary: Summary
    #: The makespan of each valid run, by round.
    makespans_s: dict[int, float]
    #: The run that stands for the others: the valid run of the median makespan, or else the run that got
    #: furthest.
    typical: Run
    #: The jobs of all valid runs, one after the other.
    all_times: Times
    #: Seconds that each job takes with nothing around it, by its index: the fastest of what was measured.
    alone_s: SecondsColumn

    @property
    def name(self) -> ContenderName:
        """The name of the contender."""
        return self.summary.contender

    @property
    def valid(self) -> bool:
        """Whether there is a valid run."""
        return self.summary.valid_runs > 0


@dataclass(frozen=True, slots=True)
class Field:
    """One workload with its contenders, in the order of the tables."""

    workload: WorkloadResult
    entries: Sequence[Entry]
    #: The curves of the ways that ran at three concurrencies or more.
    curves: Sequence[Curve] = ()
    #: Whether there was a GIL where a run does not say.
    gil: bool = True
    #: The cores that a comparison could use.
    cores: float = 1.0

    @property
    def rows(self) -> list[Summary]:
        """The summaries of all contenders."""
        return [entry.summary for entry in self.entries]

    def best(self, wanted: str) -> Entry | None:
        """Find the fastest contender of that way with a valid run, whatever its slots and its Python."""
        return next((entry for entry in self.entries if entry.valid and entry.name.way == wanted), None)

    def by_python(self) -> list[Field]:
        """Split the field by the Python that the names state ("serial [3.13]")."""
        return [
            replace(self, entries=[entry for entry in self.entries if entry.name.python == python])
            for python in dict.fromkeys(entry.name.python for entry in self.entries)
        ]

    @property
    def busy(self) -> float:
        """The share of the time that the jobs take alone in which the CPU is busy."""
        reference = self.workload.reference
        # What reads no files waits for nothing else: more time than CPU time was a machine with other work.
        work_s = sum(reference.work_s) if self.workload.bound in READS_FILES else reference.cpu_s
        total = sum(reference.waits_s) + work_s
        return min(reference.cpu_s / total, 1.0) if total else 1.0

    @property
    def computes(self) -> bool:
        """Whether the CPU is busy for most of that time."""
        return self.busy > COMPUTES

    @property
    def waits(self) -> bool:
        """Whether the jobs do little but wait for a time that is known beforehand."""
        reference = self.workload.reference
        return sum(reference.waits_s) > sum(reference.work_s)


def derive_fields(result: Result) -> list[Field]:
    """Derive all that a report shows, once: a field for each workload."""
    return [
        Field(
            workload,
            derive_entries(result, workload),
            _derive_curves(result, workload),
            result.machine.gil,
            usable_cores(result),
        )
        for workload in result.workloads
    ]


def derive_entries(result: Result, workload: WorkloadResult) -> list[Entry]:
    """Make an entry of each contender, in the order of the tables."""
    return list(_derive_entries(result, workload, summaries(result, workload), keep=True))


def derive_typical(result: Result, workload: WorkloadResult, rows: Sequence[Summary]) -> list[Entry]:
    """Make entries of these rows without the times of all jobs, which may be millions of each."""
    return list(_derive_entries(result, workload, rows, keep=False))


def _derive_entries(
    result: Result, workload: WorkloadResult, rows: Sequence[Summary], *, keep: bool
) -> Iterator[Entry]:
    by_contender = runs_by_contender(result, workload.name)
    estimates = Estimates(workload, by_contender)
    for row in rows:
        runs = by_contender[row.contender]
        valid = [run for run in runs if run.valid]
        yield Entry(
            summary=row,
            makespans_s={run.round: makespan_s(run) for run in valid},
            typical=typical_of(valid) if valid else max(runs, key=lambda run: len(run.records.index)),
            all_times=join_times([run.times for run in valid] if keep else []),
            alone_s=estimates.of(row.contender).alone_s,
        )


def _derive_curves(result: Result, workload: WorkloadResult) -> list[Curve]:
    runs = runs_by_contender(result, workload.name)
    places = (place_on(result.axis, name, runs[name][0].slots) for name in runs)
    ways = Counter(place[0] for place in places if place)
    if max(ways.values(), default=0) < POINTS_TO_DRAW:
        return []
    return [curve for curve in curves(result, workload) if len(curve.points) >= POINTS_TO_DRAW]
