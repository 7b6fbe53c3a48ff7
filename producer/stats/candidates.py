"""The Celery contenders that could be recommended, with what their records say of how they worked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from producer.contender_name import ContenderName
from producer.results import Result, Run, WorkloadResult
from producer.stats.limit import Estimate, Estimates
from producer.stats.ratios import Ratio, paired
from producer.stats.sending import is_bound_by_sending, sending_share
from producer.stats.shares import Shares, divide, typical_of
from producer.stats.summary import Summary, makespan_s, runs_by_contender

#: A contender was bound by its sender if more than this share of its runs were.
MOST_RUNS = 0.5


@dataclass(frozen=True, slots=True)
class Candidate:
    """A Celery contender with a valid run."""

    row: Summary
    #: The makespan of each valid run, by round.
    makespans_s: Mapping[int, float]
    #: The mean number of jobs that were under way, started and not finished: the median of the valid runs.
    under_way: float
    #: The share of the makespan that had passed when the last job was sent; None where that did not bind it.
    sent_for: float | None
    #: Whether there is a GIL in the Python that it ran under.
    gil: bool
    #: Jobs of a run.
    jobs: int
    #: Where the time of the valid run with the median makespan went.
    shares: Shares

    @property
    def name(self) -> ContenderName:
        """The name of the contender."""
        return self.row.contender

    @property
    def pool(self) -> str:
        """The Celery pool."""
        return self.name.celery_pool or ""

    @property
    def median_s(self) -> float:
        """The median makespan, in seconds."""
        return self.row.makespan_s or 0.0

    @property
    def throughput(self) -> float:
        """Jobs per second."""
        return self.row.throughput or 0.0

    @property
    def processes(self) -> int:
        """How many processes do jobs: each has an interpreter of its own."""
        return self.row.slots if self.pool == "prefork" else self.name.workers

    @property
    def service_s(self) -> float:
        """The median time from a job's start to its end, in seconds."""
        return self.row.service_ms.p50 / 1000 if self.row.service_ms else 0.0

    @property
    def memory_bytes(self) -> float:
        """Peak memory; infinite where nobody could see it, so that it never counts as little."""
        return self.row.peak_memory_bytes or float("inf")

    @property
    def cpu_per_job_s(self) -> float | None:
        """CPU time of a job, with the message that carries it, in seconds."""
        return self.row.cpu_s / self.jobs if self.row.cpu_s else None

    def time_of(self, other: Candidate) -> Ratio:
        """Divide the other's makespans by its own, round by round; above 1 the other is slower."""
        ratio = paired(other.makespans_s, self.makespans_s)
        return ratio or Ratio(other.median_s / self.median_s, None, None, 0)


def is_slower(ratio: Ratio) -> bool:
    """Tell whether the first is shown to take longer."""
    return ratio.shown and ratio.value > 1


def list_candidates(
    result: Result, workload: WorkloadResult, rows: Sequence[Summary], gil: bool
) -> list[Candidate]:
    """List the Celery contenders that have a valid run, the shortest median first.

    `gil` says whether the lab's own Python has one; of the others the result says it.
    """
    runs = runs_by_contender(result, workload.name)
    estimates = Estimates(workload, runs)
    return [
        _candidate(
            row,
            [run for run in runs[row.contender] if run.valid],
            _has_gil(result, row.contender, gil),
            estimates.of(row.contender),
        )
        for row in rows
        if row.contender.is_celery and row.valid_runs
    ]


def _has_gil(result: Result, name: ContenderName, otherwise: bool) -> bool:
    of_pythons = (python.gil_of(name.way) for python in result.pythons if python.label == name.python)
    return next((gil.after for gil in of_pythons if gil), otherwise)


def _candidate(row: Summary, runs: Sequence[Run], gil: bool, estimate: Estimate) -> Candidate:
    shares = [sending_share(run) for run in runs if is_bound_by_sending(run)]
    return Candidate(
        row,
        {run.round: makespan_s(run) for run in runs},
        float(np.median([float(run.times.service_s.sum()) / makespan_s(run) for run in runs])),
        float(np.median(shares)) if len(shares) > MOST_RUNS * len(runs) else None,
        gil,
        runs[0].jobs,
        divide(typical_of(runs), estimate.alone_s),
    )
