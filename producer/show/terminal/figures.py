"""Numbers as people read them, in tables of every kind."""

from __future__ import annotations

from producer.stats.ratios import Ratio
from producer.stats.summary import Percentiles

NOTHING = "–"


def seconds(value: float | None) -> str:
    """Seconds, or milliseconds below one."""
    if value is None:
        return NOTHING
    if value >= 1:
        return f"{value:.2f} s"
    return f"{1000 * value:.1f} ms" if value < 0.1 else f"{1000 * value:.0f} ms"


def spread(low: float, middle: float, high: float) -> str:
    """A median in seconds with the smallest and the largest, in one unit: "1.50 s (1.42–1.61)"."""
    if middle >= 1:
        return f"{middle:.2f} s ({low:.2f}–{high:.2f})"
    digits = 1 if middle < 0.1 else 0
    return f"{1000 * middle:.{digits}f} ms ({1000 * low:.{digits}f}–{1000 * high:.{digits}f})"


def times(value: float | None) -> str:
    """A factor, to three digits."""
    if value is None:
        return NOTHING
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:,.0f}"


def interval(value: Ratio) -> str:
    """A number with its interval, where there is one: "1.50 (1.42–1.58)"."""
    if value.low is None or value.high is None:
        return times(value.value)
    return f"{times(value.value)} ({times(value.low)}–{times(value.high)})"


def ratio(value: Ratio | None) -> str:
    """A ratio with its interval, "≈" before it where no difference is shown."""
    if value is None:
        return NOTHING
    if value.low == value.high == 1:
        return "1"  # serial, against itself
    mark = "≈ " if value.claims and not value.shown else ""
    return mark + interval(value)


def percent(value: float | None) -> str:
    """A share as a percentage."""
    return f"{100 * value:.0f} %" if value is not None else NOTHING


def mebibytes(value: int | None) -> str:
    """Memory."""
    return f"{value / 2**20:,.0f} MiB" if value else NOTHING


def milliseconds(value: float) -> str:
    """Milliseconds, without the unit."""
    return f"{value:.1f}" if value < 9.95 else f"{value:,.0f}"


def percentiles(value: Percentiles | None) -> str:
    """p50/p95/p99."""
    return "/".join(milliseconds(part) for part in (value.p50, value.p95, value.p99)) if value else NOTHING


def median(value: Percentiles | None) -> str:
    """p50."""
    return milliseconds(value.p50) if value else NOTHING
