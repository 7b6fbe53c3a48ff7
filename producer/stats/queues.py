"""What a queue does, summed up from runs in which sending and doing were apart. Pure functions."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from producer.contender_name import ContenderName
from producer.results.queue_runs import QueueRuns
from producer.stats.summary import Percentiles, percentiles
from worker.jobs import wait_s


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue on one workload. What needs a valid run is None without one."""

    contender: ContenderName
    runs: int
    #: Why it is left out, or a run of it is invalid.
    problems: tuple[str, ...]
    #: Jobs a second that its own client has sent, and that its worker has done; medians.
    sent_per_s: float | None = None
    done_per_s: float | None = None
    done_min: float | None = None
    done_max: float | None = None
    #: The waits of the jobs on its slots / the time it took; None of jobs that do not wait.
    of_ideal: float | None = None
    #: CPU time of its processes for a job, and the most memory of them.
    cpu_ms_a_job: float | None = None
    peak_memory_bytes: int | None = None
    #: Jobs a second that were offered, half of what it does, and the latency then.
    half_rate: float | None = None
    latency_ms: Percentiles | None = None


def queue_row(runs: QueueRuns) -> QueueRow:
    """Sum up what was measured of a queue on one workload."""
    problems = [runs.left_out] if runs.left_out else []
    problems += [problem for each in runs.filled for problem in each.run.problems]
    if runs.half:
        problems += [f"at half of its capacity: {problem}" for problem in runs.half.problems]
    row = QueueRow(runs.contender, len(runs.filled), tuple(dict.fromkeys(problems)))
    valid = [each for each in runs.filled if each.run.valid]
    if not valid:
        return row
    jobs = len(runs.workload.jobs)
    done = [jobs / each.doing_s for each in valid]
    waits_s = sum(map(wait_s, runs.workload.jobs)) / valid[0].run.slots
    row = replace(
        row,
        sent_per_s=statistics.median(jobs / each.sending_s for each in valid),
        done_per_s=statistics.median(done),
        done_min=min(done),
        done_max=max(done),
        of_ideal=waits_s / statistics.median(each.doing_s for each in valid) if waits_s else None,
        cpu_ms_a_job=_median([1000 * each.run.cpu_s / jobs for each in valid if each.run.cpu_s is not None]),
        peak_memory_bytes=max((each.run.peak_memory_bytes or 0 for each in valid), default=0) or None,
    )
    if runs.half is None or not runs.half.valid or runs.half.offered is None:
        return row
    latency_ms = percentiles(1000 * runs.half.times.latency_s)
    return replace(row, half_rate=runs.half.offered.rate, latency_ms=latency_ms)


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None
