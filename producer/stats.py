"""Pure functions over results: what each contender took, and what bound the workload.

The sample is the run, not the job. Percentiles of latency, wait and service are over the jobs of all
valid runs together, and come with their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from producer.results import Result, Run, WorkloadResult, absolute

#: Fewer runs than this show their spread and claim nothing.
RUNS_TO_CLAIM = 5

Milliseconds: TypeAlias = npt.NDArray[np.float64]
Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of `n` jobs, in milliseconds."""

    n: int
    p50: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class Summary:
    """One contender over all its runs of one workload. What needs a valid run is None without one."""

    contender: str
    slots: int
    runs: int
    valid_runs: int
    makespan_s: float | None = None
    makespan_min_s: float | None = None
    makespan_max_s: float | None = None
    #: Jobs per second.
    throughput: float | None = None
    latency_ms: Percentiles | None = None
    wait_ms: Percentiles | None = None
    service_ms: Percentiles | None = None
    #: Makespan of serial / makespan; None where serial was not there.
    speed_up: float | None = None
    #: Physical limit / makespan.
    efficiency: float | None = None
    limit_s: float | None = None
    peak_memory_bytes: int | None = None
    #: Mean CPU time of a run, of the processes that do the jobs and of the broker that carries them;
    #: the system counts it in hundredths of a second.
    cpu_s: float | None = None
    loop_stall_s: float | None = None
    #: Over all the runs, valid or not.
    failed: int = 0
    duplicates: int = 0
    lost: int = 0
    wrong: int = 0
    problems: tuple[str, ...] = ()


def makespan_s(run: Run) -> float:
    """First enqueue to last finish, in seconds."""
    _, _, _, finished = _times_us(run)
    return max(finished, default=0) / 1e6


def summaries(result: Result, workload: WorkloadResult) -> list[Summary]:
    """One row per contender, the shortest median makespan first, those without a valid run last."""
    by_contender: dict[str, list[Run]] = {}
    for run in result.runs:
        if run.workload == workload.name:
            by_contender.setdefault(run.contender, []).append(run)
    serial = median_makespan_s(by_contender.get("serial", []))
    rows = [_summary(name, runs, workload, serial, _cores(result)) for name, runs in by_contender.items()]
    return sorted(rows, key=lambda row: (row.makespan_s is None, row.makespan_s or 0.0, row.contender))


def median_makespan_s(runs: Sequence[Run]) -> float | None:
    """The median over the valid runs, in seconds; None where there is none."""
    values = [makespan_s(run) for run in runs if run.valid]
    return float(np.median(values)) if values else None


def _cores(result: Result) -> float:
    limit = result.machine.core_limit
    return min(result.machine.cores, limit) if limit else result.machine.cores


def _summary(
    name: str, runs: Sequence[Run], workload: WorkloadResult, serial_s: float | None, cores: float
) -> Summary:
    valid = [run for run in runs if run.valid]
    totals = {
        "contender": name,
        "slots": runs[0].slots,
        "runs": len(runs),
        "valid_runs": len(valid),
        "failed": sum(run.failed for run in runs),
        "duplicates": sum(run.duplicates for run in runs),
        "lost": sum(run.lost for run in runs),
        "wrong": sum(run.wrong for run in runs),
        "problems": tuple(f"round {run.round}: {problem}" for run in runs for problem in run.problems),
    }
    if not valid:
        return Summary(**totals)  # type: ignore[arg-type]  # a dict of mixed values
    makespans = [makespan_s(run) for run in valid]
    median = float(np.median(makespans))
    limit = workload.reference.limit_s(runs[0].slots, cores)
    return Summary(
        **totals,  # type: ignore[arg-type]  # a dict of mixed values
        makespan_s=median,
        makespan_min_s=min(makespans),
        makespan_max_s=max(makespans),
        throughput=workload.jobs / median,
        latency_ms=_percentiles(np.concatenate([latencies_ms(run) for run in valid])),
        wait_ms=_percentiles(np.concatenate([waits_ms(run) for run in valid])),
        service_ms=_percentiles(np.concatenate([services_ms(run) for run in valid])),
        speed_up=serial_s / median if serial_s else None,
        efficiency=limit / median,
        limit_s=limit,
        peak_memory_bytes=_largest([run.peak_memory_bytes for run in valid]),
        cpu_s=_mean([run.cpu_s + (run.broker_cpu_s or 0) for run in valid if run.cpu_s is not None]),
        loop_stall_s=_largest([run.loop_stall_s for run in valid]),
    )


def latencies_ms(run: Run) -> Milliseconds:
    """Enqueued to finished, per job."""
    enqueued, _, _, finished = _times_us(run)
    return np.subtract(finished, enqueued) / 1000.0


def waits_ms(run: Run) -> Milliseconds:
    """Enqueued to started, per job."""
    enqueued, _, started, _ = _times_us(run)
    return np.subtract(started, enqueued) / 1000.0


def services_ms(run: Run) -> Milliseconds:
    """Started to finished, per job."""
    return np.array(run.records.finished_us) / 1000


def _times_us(run: Run) -> tuple[list[int], list[int], list[int], list[int]]:
    columns = run.records
    enqueued = absolute(columns.enqueued_us)
    received = absolute(columns.received_us, enqueued)
    started = absolute(columns.started_us, received)
    return enqueued, received, started, absolute(columns.finished_us, started)


def _percentiles(values: Milliseconds) -> Percentiles:
    p50, p95, p99 = (float(value) for value in np.percentile(values, [50, 95, 99]))
    return Percentiles(len(values), p50, p95, p99, float(values.max()))


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _largest(values: Sequence[Number | None]) -> Number | None:
    return max((value for value in values if value is not None), default=None)
