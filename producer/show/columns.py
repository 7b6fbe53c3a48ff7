"""The columns of the table of a comparison: a heading, and how a row fills it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from producer.show.guarantees import write_guarantee
from producer.stats.ratios import Ratio
from producer.stats.summary import Percentiles, Summary
from producer.words import NOTHING, SPACE, digits, mebibytes, percent, seconds, spread

#: What the system counts CPU time in, in seconds.
TICK_S = 0.01


@dataclass(frozen=True, slots=True)
class Column:
    """One column; its heading may be two lines."""

    heading: str
    cell: Callable[[Summary], str]


def write_ratio(ratio: Ratio | None) -> str:
    """Write a ratio with its interval, "≈" before it where no difference is shown."""
    if ratio is None:
        return NOTHING
    if ratio.low == ratio.high == 1:
        return digits(1)  # serial, against itself
    mark = f"≈{SPACE}" if ratio.claims and not ratio.shown else ""
    return mark + write_interval(ratio)


def write_interval(ratio: Ratio) -> str:
    """Write a number with its interval, where there is one: "1.50 (1.42–1.58)"."""
    if ratio.low is None or ratio.high is None:
        return digits(ratio.value)
    return f"{digits(ratio.value)} ({digits(ratio.low)}–{digits(ratio.high)})"


def write_cpu(cpu_s: float | None) -> str:
    """Write CPU time. The system counts it in ticks of 10 ms: a mean below one says no more than that."""
    return f"<{SPACE}10{SPACE}ms" if cpu_s is not None and cpu_s < TICK_S else seconds(cpu_s)


def write_share_of_limit(row: Summary) -> str:
    """Write how much of its limit a contender reached; who is faster than that has shown it to be wrong."""
    if not row.beats_limit:
        return percent(row.efficiency)
    within = row.efficiency is not None and row.efficiency <= 1 + (row.limit_doubt or 0.0)
    return f"≈{SPACE}{percent(1)}" if within else "beaten"


def _write_makespan(row: Summary) -> str:
    if row.makespan_s is None or row.makespan_min_s is None or row.makespan_max_s is None:
        return "no valid run"
    if row.valid_runs == 1:
        return seconds(row.makespan_s)
    return spread(row.makespan_min_s, row.makespan_s, row.makespan_max_s)


def _write_percentiles(ms: Percentiles | None) -> str:
    return "/".join(map(digits, (ms.p50, ms.p95, ms.p99))) if ms else NOTHING


def _write_median(ms: Percentiles | None) -> str:
    return digits(ms.p50) if ms else NOTHING


def _write_trouble(row: Summary) -> str:
    return f"{row.failed + row.wrong}/{row.duplicates}/{row.lost}"


MAKESPAN = Column("makespan\n(min–max)", _write_makespan)
MEDIAN = Column("makespan", lambda row: seconds(row.makespan_s) if row.makespan_s else "no valid run")
RATE = Column("jobs/s", lambda row: digits(row.throughput))
SPEED_UP = Column("× serial's speed\n(95 %)", lambda row: write_ratio(row.speed_up))
OWN_SPEED_UP = Column("× speed of its own\nserial (95 %)", lambda row: write_ratio(row.own_speed_up))
TO_WINNER = Column("× winner's time\n(95 %)", lambda row: write_ratio(row.to_winner))
LIMIT = Column("of\nlimit", write_share_of_limit)
ACKS = Column("ack", lambda row: write_guarantee(row.contender))
TROUBLE = Column("failed/\ndup/lost", _write_trouble)
MEMORY = Column("memory", lambda row: mebibytes(row.peak_memory_bytes))
COST = (
    Column("latency, ms\np50/p95/p99", lambda row: _write_percentiles(row.latency_ms)),
    Column("wait\np50, ms", lambda row: _write_median(row.wait_ms)),
    Column("service\np50, ms", lambda row: _write_median(row.service_ms)),
    MEMORY,
    Column("CPU", lambda row: write_cpu(row.cpu_s)),
)


def every_column(rows: Sequence[Summary]) -> list[Column]:
    """List all the columns; how fast a way is beside its own serial only where there are several Pythons."""
    own = [OWN_SPEED_UP] if _has_several_pythons(rows) else []
    return [MAKESPAN, RATE, SPEED_UP, *own, TO_WINNER, LIMIT, *_acks(rows), TROUBLE, *COST]


def main_columns(rows: Sequence[Summary]) -> list[Column]:
    """List what a reader needs most, which stands in 80 characters where names and numbers are ordinary.

    With several Pythons names are longer, and each way has two serials to be held against.
    """
    trouble = [TROUBLE] if any(row.failed + row.wrong + row.duplicates + row.lost for row in rows) else []
    if _has_several_pythons(rows):
        return [MEDIAN, SPEED_UP, OWN_SPEED_UP, *trouble]
    return [MAKESPAN, SPEED_UP, LIMIT, *_acks(rows), MEMORY, *trouble]


def _acks(rows: Sequence[Summary]) -> list[Column]:
    """When each acknowledges, where peers are among them: else all do alike, or their names say it."""
    return [ACKS] if any(row.contender.is_peer for row in rows) else []


def _has_several_pythons(rows: Sequence[Summary]) -> bool:
    return len({row.contender.python for row in rows}) > 1
