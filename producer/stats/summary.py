"""Pure functions over results: what each contender took, and what bound the workload.

The sample is the run, not the job. Percentiles of latency, wait and service are over the jobs of all
valid runs together, and come with their number. Contenders are compared round by round (see `ratios`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from producer.contender_name import ContenderName
from producer.results import Result, Run, WorkloadResult
from producer.results.times import join_times
from producer.stats.limit import Estimate, Estimates
from producer.stats.ratios import Ratio, paired

#: A second limit that is no more than this many times the first says nothing new.
SAME = 1.02

Milliseconds: TypeAlias = npt.NDArray[np.float64]
Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True)
class Percentiles:
    """The percentiles of a time of `n` jobs, in milliseconds."""

    n: int
    p50: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class Summary:
    """One contender over all its runs of one workload. What needs a valid run is None without one."""

    contender: ContenderName
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
    #: Makespan of serial / makespan, round by round; None where serial was not there.
    speed_up: Ratio | None = None
    #: The same against the serial under its own Python; None where that was not there.
    own_speed_up: Ratio | None = None
    #: Makespan / that of the contender with the shortest median, round by round; None for that one.
    to_winner: Ratio | None = None
    #: Physical limit / makespan. The limit is an estimate: where it is above 1, it is that which is wrong.
    efficiency: float | None = None
    limit_s: float | None = None
    #: The share by which the work in it may be estimated too high; None where it was measured only once.
    limit_doubt: float | None = None
    #: Whether that was measured under the contender's own Python.
    limit_own: bool = True
    #: The limit where the GIL, or the one thread of an event loop, holds each process to one core; None where
    #: nothing does, where that is not known, and where it is no other.
    one_core_limit_s: float | None = None
    peak_memory_bytes: int | None = None
    #: Mean CPU time of a run, of the processes that do the jobs and of the broker that carries them, where
    #: that is known; the system counts it in hundredths of a second.
    cpu_s: float | None = None
    #: Whether the broker's is in it: it is known of a broker that the lab has started.
    cpu_has_broker: bool = False
    loop_stall_s: float | None = None
    #: Over all the runs, valid or not.
    failed: int = 0
    duplicates: int = 0
    lost: int = 0
    wrong: int = 0
    problems: tuple[str, ...] = ()

    @property
    def beats_limit(self) -> bool:
        """Whether its median makespan is below the limit, which nothing can be."""
        return self.efficiency is not None and self.efficiency > 1


def makespan_s(run: Run) -> float:
    """First enqueue to last finish, in seconds."""
    return run.makespan_s


def summaries(result: Result, workload: WorkloadResult) -> list[Summary]:
    """Make a row of each contender, the shortest median makespan first, those without a valid run last."""
    by_contender = runs_by_contender(result, workload.name)
    makespans = {name: _by_round(runs) for name, runs in by_contender.items()}
    measured = [name for name in makespans if makespans[name]]
    winner = min(measured, key=_median_of(makespans), default=None)
    asked = list(asked_for(workload, by_contender))
    serial = baseline(asked)
    estimates = Estimates(workload, by_contender)
    rows = []
    for name, runs in by_contender.items():
        row = _totals(name, runs)
        own = own_baseline(asked, name)
        if makespans[name]:
            row = replace(
                _with_times(row, [run for run in runs if run.valid], workload, result, estimates.of(name)),
                speed_up=paired(makespans.get(serial, {}), makespans[name]) if serial else None,
                own_speed_up=paired(makespans.get(own, {}), makespans[name]) if own else None,
                to_winner=paired(makespans[name], makespans[winner]) if winner and name != winner else None,
            )
        rows.append(row)
    return sorted(rows, key=lambda row: (row.makespan_s is None, row.makespan_s or 0.0, str(row.contender)))


def runs_by_contender(result: Result, workload: str) -> dict[ContenderName, list[Run]]:
    """Group the runs of one workload, in the order in which they were made."""
    by_contender: dict[ContenderName, list[Run]] = {}
    for run in result.runs:
        if run.workload == workload:
            by_contender.setdefault(run.contender, []).append(run)
    return by_contender


def asked_for(workload: WorkloadResult, ran: Iterable[ContenderName]) -> Iterator[ContenderName]:
    """List the contenders of a workload: those that were started, in that order, then those that ran."""
    yield from (contender.name for contender in workload.contenders if contender.startup_s is not None)
    yield from ran


def baseline(contenders: Iterable[ContenderName]) -> ContenderName | None:
    """Find the serial that speed-ups refer to: under several Pythons ("serial [3.13]") the first."""
    return next((name for name in contenders if name.way == "serial"), None)


def own_baseline(contenders: Iterable[ContenderName], name: ContenderName) -> ContenderName | None:
    """Find the serial under the Python of a contender."""
    return baseline(each for each in contenders if each.python == name.python)


def usable_cores(result: Result) -> float:
    """Return the cores that a comparison could use: those of its control group, or of the machine."""
    limit = result.machine.core_limit
    return min(result.machine.cores, limit) if limit else result.machine.cores


def has_gil(result: Result, name: ContenderName) -> bool:
    """Tell whether there is a GIL in the Python that a contender ran under, where its runs do not say."""
    of_pythons = (python.gil_of(name.way) for python in result.pythons if python.label == name.python)
    return next((gil.after for gil in of_pythons if gil), result.machine.gil)


def _by_round(runs: Sequence[Run]) -> dict[int, float]:
    return {run.round: makespan_s(run) for run in runs if run.valid}


def _median_of(
    makespans: Mapping[ContenderName, Mapping[int, float]],
) -> Callable[[ContenderName], tuple[float, str]]:
    return lambda name: (float(np.median(list(makespans[name].values()))), str(name))


def _totals(name: ContenderName, runs: Sequence[Run]) -> Summary:
    return Summary(
        contender=name,
        slots=runs[0].slots,
        runs=len(runs),
        valid_runs=sum(run.valid for run in runs),
        failed=sum(run.failed for run in runs),
        duplicates=sum(run.duplicates for run in runs),
        lost=sum(run.lost for run in runs),
        wrong=sum(run.wrong for run in runs),
        problems=tuple(f"round {run.round}: {problem}" for run in runs for problem in run.problems),
    )


def _with_times(
    row: Summary, valid: Sequence[Run], workload: WorkloadResult, result: Result, estimate: Estimate
) -> Summary:
    makespans = [makespan_s(run) for run in valid]
    median = float(np.median(makespans))
    times = join_times([run.times for run in valid])
    limit = estimate.limit_s(row.slots, usable_cores(result))
    one_core = estimate.one_core_limit_s(row.contender, valid, has_gil(result, row.contender))
    seen = [run for run in valid if run.cpu_s is not None]
    return replace(
        row,
        makespan_s=median,
        makespan_min_s=min(makespans),
        makespan_max_s=max(makespans),
        throughput=workload.jobs / median,
        latency_ms=percentiles(1000 * times.latency_s),
        wait_ms=percentiles(1000 * times.wait_s),
        service_ms=percentiles(1000 * times.service_s),
        efficiency=limit / median,
        limit_s=limit,
        limit_doubt=estimate.doubt,
        limit_own=estimate.own,
        one_core_limit_s=one_core if one_core and one_core > SAME * limit else None,
        peak_memory_bytes=_largest([run.peak_memory_bytes for run in valid]),
        cpu_s=_mean([(run.cpu_s or 0) + (run.broker_cpu_s or 0) for run in seen]),
        cpu_has_broker=bool(seen) and all(run.broker_cpu_s is not None for run in seen),
        loop_stall_s=_largest([run.loop_stall_s for run in valid]),
    )


def percentiles(values: Milliseconds) -> Percentiles:
    """Return the percentiles of times, in milliseconds; they lose their order."""
    p50, p95, p99 = (float(value) for value in np.percentile(values, [50, 95, 99], overwrite_input=True))
    return Percentiles(len(values), p50, p95, p99, float(values.max()))


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _largest(values: Sequence[Number | None]) -> Number | None:
    return max((value for value in values if value is not None), default=None)
