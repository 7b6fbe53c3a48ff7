"""The columns of the table of a comparison: a heading, and how a row fills it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from producer.show.terminal import figures
from producer.stats.summary import Summary


@dataclass(frozen=True, slots=True)
class Column:
    """One column; its heading may be two lines."""

    heading: str
    cell: Callable[[Summary], str]


def _makespan(row: Summary) -> str:
    if row.makespan_s is None or row.makespan_min_s is None or row.makespan_max_s is None:
        return "no valid run"
    if row.valid_runs == 1:
        return figures.seconds(row.makespan_s)
    return figures.spread(row.makespan_min_s, row.makespan_s, row.makespan_max_s)


def _rate(row: Summary) -> str:
    return f"{row.throughput:,.0f}" if row.throughput else figures.NOTHING


def _cpu(row: Summary) -> str:
    # Counted by the system in ticks of 10 ms: a mean below one says no more than that.
    return "< 10 ms" if row.cpu_s is not None and row.cpu_s < 0.01 else figures.seconds(row.cpu_s)


def _trouble(row: Summary) -> str:
    return f"{row.failed + row.wrong}/{row.duplicates}/{row.lost}"


SPEED = (
    Column("makespan\n(min–max)", _makespan),
    Column("jobs/s", _rate),
    Column("× serial's speed\n(95 %)", lambda row: figures.ratio(row.speed_up)),
    Column("× winner's time\n(95 %)", lambda row: figures.ratio(row.to_winner)),
    Column("of\nlimit", lambda row: figures.percent(row.efficiency)),
    Column("failed/\ndup/lost", _trouble),
)
COST = (
    Column("latency, ms\np50/p95/p99", lambda row: figures.percentiles(row.latency_ms)),
    Column("wait\np50", lambda row: figures.median(row.wait_ms)),
    Column("service\np50", lambda row: figures.median(row.service_ms)),
    Column("memory", lambda row: figures.mebibytes(row.peak_memory_bytes)),
    Column("CPU", _cpu),
)
