"""What is shown of a load, in a terminal and on the page: its columns, and its sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from producer.results import Result, WorkloadResult
from producer.show.guarantees import describe_guarantees
from producer.stats.load import Capacity, Step, capacities
from producer.words import NOTHING, counted, digits, mebibytes, seconds


@dataclass(frozen=True, slots=True)
class LoadColumn:
    """One column; its heading may be two lines."""

    heading: str
    cell: Callable[[Step], str]


def _latency(row: Step) -> str:
    ms = row.latency_ms
    return "/".join(map(digits, (ms.p50, ms.p95, ms.p99, ms.max))) if ms else NOTHING


def _backlog(row: Step) -> str:
    if row.backlog_end is None or row.backlog_peak is None:
        return NOTHING
    return f"{row.backlog_end:,.0f}/{row.backlog_peak:,.0f}"


def _held(row: Step) -> str:
    return {True: "held", False: "not held", None: "invalid"}[row.held]


def _milliseconds(value: float | None) -> str:
    return NOTHING if value is None else seconds(value / 1000)


OFFERED = LoadColumn("offered\n/s", lambda row: digits(row.rate))
DONE = LoadColumn("done\n/s", lambda row: digits(row.done_per_s))
LATENCY = LoadColumn("latency, ms\np50/p95/p99/max", _latency)
BACKLOG = LoadColumn("backlog\nend/peak", _backlog)
CORES = LoadColumn("CPU,\ncores", lambda row: digits(row.cores))
MEMORY = LoadColumn("memory", lambda row: mebibytes(row.peak_memory_bytes))
HELD = LoadColumn("", _held)
RECOVERY = LoadColumn("burst over\nafter", lambda row: seconds(row.recovery_s))
MORE = (
    LoadColumn("arrived\n/s", lambda row: digits(row.arrived_per_s)),
    LoadColumn("CPU\na job", lambda row: _milliseconds(row.cpu_ms_a_job)),
    LoadColumn("sender late\np99", lambda row: seconds(row.late_p99_s)),
    LoadColumn("and\nat most", lambda row: seconds(row.late_max_s)),
    LoadColumn("valid\nruns", lambda row: f"{row.valid_runs} of {row.runs}"),
)


def columns(rows: Sequence[Step], wide: bool) -> list[LoadColumn]:
    """List the columns of a load beside the offered rate: those that matter most, or all of them."""
    recovery = [RECOVERY] if any(row.burst for row in rows) else []
    return [DONE, LATENCY, BACKLOG, *recovery, CORES, MEMORY, *(MORE if wide else ()), HELD]


def describe_capacities(result: Result, workload: WorkloadResult) -> Iterator[str]:
    """Name the rate that each contender can hold, with the reason, in a line for each."""
    yield from (describe_capacity(capacity) for capacity in capacities(result, workload))


def describe_capacity(capacity: Capacity) -> str:
    """Name the rate that a contender can hold, with the reason."""
    return f"{capacity.contender} {capacity.why}."


def describe_means(rows: Sequence[Step]) -> Iterator[str]:
    """Say what the numbers mean, and how well the sender kept its schedule."""
    if not rows:
        yield "Nobody ran."
        return
    yield "Latency counts from the moment at which a job was to arrive, whenever it was really sent."
    if burst := next((row for row in rows if row.burst), None):
        yield (
            f"After {seconds(burst.burst_at_s)}, {counted(burst.burst, 'job')} arrived at once; the burst is "
            "over when the backlog is no larger than it was at most before."
        )
    worst = max(rows, key=lambda row: row.late_p99_s)
    most_s = max(row.late_max_s for row in rows)
    yield (
        f"The sender was late by less than {seconds(worst.late_p99_s)} for 99 jobs of 100 at every rate, "
        f"and by {seconds(most_s)} at most."
    )
    yield from describe_guarantees(row.contender for row in rows)
    if all(row.runs < 2 for row in rows):
        yield "One run of each: another may hold a little more, or less (--rounds)."
