"""What a few long jobs do to the many short ones: their latency, and what a worker held while others idled.

A worker reserves messages beyond those that it runs (prefetch), and no other gets what it has reserved. Where
long jobs hold all its slots, short ones lie behind them, whoever else is idle. Pure functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from producer.contender_name import ContenderName
from producer.ranges import MAX_WORKERS
from producer.results import Result, Run, WorkloadResult
from producer.results.times import Times
from producer.stats.summary import runs_by_contender

#: A job is long if it takes more than this many times the median, alone; all others are short.
LONG = 10.0
#: Jobs are uneven where the long ones are at most this share of them, and at least one.
FEW = 0.25


@dataclass(frozen=True, slots=True)
class Held:
    """What lay reserved by full workers while another was idle, with nothing reserved, in one run."""

    #: For so long that was so of one job or more, in seconds.
    for_s: float
    #: How many jobs lay so.
    jobs: int


@dataclass(frozen=True, slots=True)
class Starvation:
    """How long the short jobs of one Celery contender took from being handed over to their end."""

    contender: ContenderName
    slots: int
    #: Short jobs of all valid runs.
    n: int
    p50_ms: float
    p99_ms: float
    #: The same percentile in each valid run, by round.
    p99_by_round_ms: dict[int, float]
    #: Medians over the valid runs; None of a single worker, and where nobody knows which did a job.
    held_s: float | None
    held_jobs: float | None
    #: The median makespan, to hold that against.
    makespan_s: float


def short_jobs(workload: WorkloadResult) -> npt.NDArray[np.bool_]:
    """Tell which jobs are short, by their index; all of them where they are not uneven."""
    reference = workload.reference
    alone = np.add(reference.waits_s, reference.work_s)
    long = alone > LONG * np.median(alone)
    return ~long if 0 < long.mean() <= FEW else np.ones_like(long)


def starvations(result: Result, workload: WorkloadResult) -> list[Starvation]:
    """Say it of each Celery contender with a valid run; of none where the jobs are not uneven."""
    by_contender = {
        name: [run for run in runs if run.valid]
        for name, runs in runs_by_contender(result, workload.name).items()
        if name.is_celery and any(run.valid for run in runs)
    }
    if not by_contender:
        return []
    short = short_jobs(workload)
    return [] if short.all() else list(_starvations(by_contender, short))


def _starvations(
    by_contender: Mapping[ContenderName, Sequence[Run]], short: npt.NDArray[np.bool_]
) -> Iterator[Starvation]:
    for name, valid in by_contender.items():
        latencies = {run.round: _latencies_ms(run.times, short) for run in valid}
        together = np.concatenate([*latencies.values()])
        held = [of_run for run in valid if (of_run := held_back(run)) is not None]
        yield Starvation(
            name,
            valid[0].slots,
            len(together),
            _percentile(together, 50),
            _percentile(together, 99),
            {round_: _percentile(of_run, 99) for round_, of_run in latencies.items()},
            float(np.median([of_run.for_s for of_run in held])) if held else None,
            float(np.median([of_run.jobs for of_run in held])) if held else None,
            float(np.median([run.makespan_s for run in valid])),
        )


def _latencies_ms(times: Times, short: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    return 1000 * times.latency_s[short[times.index]]


def _percentile(values: npt.NDArray[np.float64], percent: float) -> float:
    return float(np.percentile(values, percent))


def held_back(run: Run) -> Held | None:
    """Measure what lay reserved while another worker was idle; None where that cannot be known."""
    workers = run.contender.workers
    if not 1 < workers <= min(run.slots, MAX_WORKERS) or not run.belongs or max(run.belongs) >= workers:
        return None
    times = run.times
    return _follow(times, np.array(run.belongs)[times.worker].tolist(), workers, run.slots // workers)


def _follow(times: Times, of_job: Sequence[int], workers: int, slots: int) -> Held:
    """Follow all that happened, and see between any two moments who was full and who was idle."""
    running = [0] * workers
    reserved = [0] * workers
    unseen = [set[int]() for _ in range(workers)]  # reserved, and not counted as held yet
    full, idle = set[int](), set(range(workers))
    jobs, for_s, before = 0, 0.0, 0.0
    for moment, step, job in sorted(_events(times)):
        if full and idle and moment > before:
            for_s += moment - before
            for place in full:
                jobs += len(unseen[place])
                unseen[place].clear()
        before = moment
        worker = of_job[job]
        if step == RECEIVED:
            reserved[worker] += 1
            unseen[worker].add(job)
        elif step == STARTED:
            reserved[worker] -= 1
            unseen[worker].discard(job)
            running[worker] += 1
        else:
            running[worker] -= 1
        for group, belongs in (
            (full, running[worker] >= slots and reserved[worker] > 0),
            (idle, running[worker] < slots and not reserved[worker]),
        ):
            (group.add if belongs else group.discard)(worker)
    return Held(for_s, jobs)


#: What happens to a job; of things at one moment, ends come first.
FINISHED, RECEIVED, STARTED = range(3)


def _events(times: Times) -> Iterator[tuple[float, int, int]]:
    columns = ((times.finished_s, FINISHED), (times.received_s, RECEIVED), (times.started_s, STARTED))
    for moments, step in columns:
        yield from ((moment, step, job) for job, moment in enumerate(moments.tolist()))
