"""What became of jobs that arrived at a rate: what was done, how late, what piled up, and which rate holds.

When a contender holds a rate, `load_run` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from producer.contender_name import ContenderName
from producer.results import Result, Run, WorkloadResult
from producer.results.times import join_times
from producer.stats.load_run import Seen, describe_bound, see
from producer.stats.summary import Percentiles, percentiles, runs_by_contender
from producer.words import digits, listed, seconds


@dataclass(frozen=True, slots=True)
class Step:
    """A contender at one offered rate, over all its runs. What needs a valid run is None without one."""

    contender: ContenderName
    #: Jobs offered a second, on average, without the burst.
    rate: float
    #: Jobs that arrived at once besides, and when, in seconds since the arrivals began.
    burst: int
    burst_at_s: float
    runs: int
    valid_runs: int
    #: By how much the sender was late, in seconds: for one job in a hundred at least, and at most.
    late_p99_s: float
    late_max_s: float
    #: "round 1: why it is invalid".
    problems: tuple[str, ...]
    #: Jobs that really arrived a second, and that were done, while jobs arrived.
    arrived_per_s: float | None = None
    done_per_s: float | None = None
    #: From the moment at which a job was to arrive until it was done.
    latency_ms: Percentiles | None = None
    #: Jobs that had arrived and were not done: when the arrivals ended, and at most; medians of the runs.
    backlog_end: float | None = None
    backlog_peak: float | None = None
    #: CPU seconds a second of the contender's processes, and CPU time of a job.
    cores: float | None = None
    cpu_ms_a_job: float | None = None
    peak_memory_bytes: int | None = None
    #: The share of all slots' time in which jobs were in them.
    busy_share: float | None = None
    #: Seconds from the burst until the backlog was no larger than before it; None without a burst, and where
    #: it never was before the last job was done.
    recovery_s: float | None = None
    #: Whether it held the rate in most of the runs, and why it did or did not.
    held: bool | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Capacity:
    """Which of the offered rates a contender holds."""

    contender: ContenderName
    #: The highest rate that it held, with all below it; None where it did not hold the lowest.
    holds: float | None
    #: The lowest rate that it did not hold; None where it held all.
    fails_at: float | None
    why: str


def steps(result: Result, workload: WorkloadResult) -> list[Step]:
    """Sum up the runs of a load: contenders as they were asked for, of each the lowest rate first."""
    by_contender = runs_by_contender(result, workload.name)
    asked = [contender.name for contender in workload.contenders if contender.name in by_contender]
    return [
        _step(name, rate, [run for run in by_contender[name] if _rate(run) == rate], result)
        for name in dict.fromkeys([*asked, *by_contender])
        for rate in sorted({_rate(run) for run in by_contender[name]})
    ]


def capacities(result: Result, workload: WorkloadResult) -> list[Capacity]:
    """Say which rate each contender holds."""
    by_contender: dict[ContenderName, list[Step]] = {}
    for step in steps(result, workload):
        by_contender.setdefault(step.contender, []).append(step)
    return [_capacity(name, its_steps) for name, its_steps in by_contender.items()]


def _rate(run: Run) -> float:
    assert run.offered
    return run.offered.rate


def _step(name: ContenderName, rate: float, runs: Sequence[Run], result: Result) -> Step:
    offers = [run.offered for run in runs if run.offered]
    valid = [run for run in runs if run.valid and run.records.index]
    step = Step(
        contender=name,
        rate=rate,
        burst=offers[0].burst,
        burst_at_s=offers[0].burst_at_s,
        runs=len(runs),
        valid_runs=len(valid),
        late_p99_s=max(offer.late_p99_s for offer in offers),
        late_max_s=max(offer.late_max_s for offer in offers),
        problems=tuple(f"round {run.round}: {problem}" for run in runs for problem in run.problems),
    )
    seen = [see(run) for run in valid]
    if not seen:
        return step
    used = _used(seen)
    step = replace(
        step,
        arrived_per_s=_median(each.arrived_per_s for each in seen),
        done_per_s=_median(each.done_per_s for each in seen),
        latency_ms=percentiles(1000 * join_times([run.times for run in valid]).latency_s),
        backlog_end=_median(each.backlog_end for each in seen),
        backlog_peak=_median(each.backlog_peak for each in seen),
        peak_memory_bytes=max((each.peak_memory_bytes or 0 for each in seen), default=0) or None,
        cores=used / sum(each.took_s for each in seen) if used is not None else None,
        cpu_ms_a_job=1000 * used / sum(each.done for each in seen) if used is not None else None,
        busy_share=sum(each.busy_s for each in seen) / sum(each.slots * each.took_s for each in seen),
        recovery_s=_recovery_s(seen),
        held=2 * sum(each.held for each in seen) > len(seen),
    )
    return replace(step, why=_why(step, seen, result))


def _why(step: Step, seen: Sequence[Seen], result: Result) -> str:
    assert step.latency_ms
    assert step.backlog_end is not None
    if step.held:
        after = "" if step.recovery_s is None else f", recovered from the burst in {seconds(step.recovery_s)}"
        return f"p95 {seconds(step.latency_ms.p95 / 1000)}, backlog {step.backlog_end:,.0f} at the end{after}"
    bound = describe_bound(step.contender, seen, result)
    if step.burst:
        return f"it had not recovered from the burst when the arrivals ended, because {bound}"
    growth = _median(each.growth_per_s for each in seen)
    return f"the backlog grew by {digits(growth)} jobs a second, because {bound}"


def _recovery_s(seen: Sequence[Seen]) -> float | None:
    known = [each.recovery_s for each in seen if each.recovery_s is not None]
    return _median(known) if len(known) == len(seen) else None


def _used(seen: Sequence[Seen]) -> float | None:
    known = [each.cpu_s for each in seen if each.cpu_s is not None]
    return sum(known) if len(known) == len(seen) else None


def _capacity(name: ContenderName, its_steps: Sequence[Step]) -> Capacity:
    measured = [step for step in its_steps if step.held is not None]
    if not measured:
        problems = [problem for step in its_steps for problem in step.problems] or ["no job was done"]
        return Capacity(name, None, None, f"no valid run: {problems[0]}")
    failed = next((step for step in measured if not step.held), None)
    held = [step for step in measured if failed is None or step.rate < failed.rate]
    highest = held[-1] if held else None
    unknown = [step for step in its_steps if step.held is None]
    besides = f"; at {_rates(unknown)} no run was valid" if unknown else ""
    if failed is None:
        assert highest
        why = f"held all that was offered, up to {digits(highest.rate)}/s: {highest.why}{besides}"
        return Capacity(name, highest.rate, None, why)
    above = [step for step in measured if step.held and step.rate > failed.rate]
    besides += f"; {_rates(above)} was held again, which chance may explain" if above else ""
    at_fault = f"at {digits(failed.rate)}/s {failed.why}{besides}"
    if highest is None:
        return Capacity(name, None, failed.rate, f"holds none of these rates: {at_fault}")
    return Capacity(name, highest.rate, failed.rate, f"holds {digits(highest.rate)}/s; {at_fault}")


def _rates(its_steps: Sequence[Step]) -> str:
    return listed([f"{digits(step.rate)}/s" for step in its_steps])


def _median(values: Iterable[float]) -> float:
    return float(np.median(list(values)))
