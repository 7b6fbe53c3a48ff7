"""Numbers as people say them: every unit is named, and no more digits than mean something.

Between a number and its unit stands a space at which no line is broken.
"""

from __future__ import annotations

from collections.abc import Sequence

SPACE = "\u00a0"


def seconds(value: float) -> str:
    """A time: "1.24 s", "55.6 ms", "310 µs"; from two minutes on "2.13 min"."""
    if value >= 120:
        return f"{digits(value / 60)}{SPACE}min"
    if value >= 1:
        return f"{digits(value)}{SPACE}s"
    if value >= 0.001:
        return f"{digits(1000 * value)}{SPACE}ms"
    return f"{digits(1e6 * value)}{SPACE}µs"


def digits(value: float) -> str:
    """Three digits that mean something, and commas: "1,235", "12.3", "0.12"."""
    size = abs(value)
    if size >= 99.95:
        return f"{value:,.0f}"
    if size >= 9.995:
        return f"{value:.1f}"
    return f"{value:.2f}"


def times(ratio: float) -> str:
    """How many times: "22 times", "1.9 times"."""
    return f"{ratio:,.0f} times" if ratio >= 9.95 else f"{ratio:.1f} times"


def percent(share: float) -> str:
    """A share: "67 %"; what is not nothing is never shown as nothing, nor what is not all as all."""
    if 0 < share < 0.005:
        return f"less than 1{SPACE}%"
    if 0.995 <= share < 1:
        return f"more than 99{SPACE}%"
    return f"{100 * share:.0f}{SPACE}%"


def mebibytes(size: float) -> str:
    """An amount of memory: "20 MiB"."""
    return f"{size / 2**20:,.0f}{SPACE}MiB"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number and what it counts: "1 run", "1,200 jobs"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(names: Sequence[str]) -> str:
    """Names in a row: "a, b and c"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def moment(iso: str) -> str:
    """A time as results write it, for people: "2026-11-24 15:39:31 +0000"."""
    date, _, time = iso.partition("T")
    return f"{date} {time[:8]} {time[8:]}".rstrip()
