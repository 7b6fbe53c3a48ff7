"""Numbers as people say them, in the terminal, the page and the drawings alike.

Every number has its unit, and no more digits than mean something. Between the two stands a space at which
no line is broken. A column or an axis with its unit in the heading has `digits` alone.
"""

from __future__ import annotations

from collections.abc import Sequence

SPACE = "\u00a0"
#: What stands where there is no number.
NOTHING = "–"


def seconds(value: float | None) -> str:
    """Write a time: "1.24 s", "55.6 ms", "310 µs"; from two minutes on "2.13 min"."""
    if value is None:
        return NOTHING
    scale, unit = _unit(value)
    return f"{digits(scale * value) if value else '0'}{SPACE}{unit}"


def spread(low: float, middle: float, high: float) -> str:
    """Write a time with the shortest and the longest, all in one unit: "1.50 s (1.42–1.61)"."""
    scale, _ = _unit(middle)
    return f"{seconds(middle)} ({digits(scale * low)}–{digits(scale * high)})"


def _unit(value: float) -> tuple[float, str]:
    """Choose what to multiply seconds by, and the unit of the product."""
    if value >= 120:
        return 1 / 60, "min"
    if value >= 1 or not value:
        return 1, "s"
    return (1e3, "ms") if value >= 0.001 else (1e6, "µs")


def digits(value: float | None) -> str:
    """Write a number in the three digits that mean something, and commas: "1,235", "12.3", "0.12"."""
    if value is None:
        return NOTHING
    size = abs(value)
    if size >= 99.95:
        return f"{value:,.0f}"
    if size >= 9.995:
        return f"{value:.1f}"
    return f"{value:.2f}"


def times(ratio: float) -> str:
    """Write a factor: "22.3 times", "1.94 times"."""
    return f"{digits(ratio)} times"


def percent(share: float | None) -> str:
    """Write a share: "67 %"; what is not nothing is never shown as nothing, nor what is not all as all."""
    if share is None:
        return NOTHING
    if 0 < share < 0.005:
        return f"<{SPACE}1{SPACE}%"
    if 0.995 <= share < 1:
        return f">{SPACE}99{SPACE}%"
    return f"{100 * share:.0f}{SPACE}%"


def mebibytes(size: float | None) -> str:
    """Write an amount of memory that a process uses: "20 MiB"."""
    return f"{size / 2**20:,.0f}{SPACE}MiB" if size else NOTHING


def size(number: float) -> str:
    """Write a number of bytes that may be small: "1.00 MiB", "4.10 KiB", "12 bytes"."""
    for unit, name in ((2**20, "MiB"), (2**10, "KiB")):
        if number >= unit:
            return f"{digits(number / unit)}{SPACE}{name}"
    return f"{number:.0f}{SPACE}{'byte' if round(number) == 1 else 'bytes'}"


def gibibytes(size: float) -> str:
    """Write an amount of memory that a machine has: "7.75 GiB"."""
    return f"{digits(size / 2**30)}{SPACE}GiB"


def memory(size: float) -> str:
    """Write an amount of memory in the unit that suits it: "12.3 KiB", "1.50 MiB", "9.77 GiB"."""
    for unit, power in (("KiB", 10), ("MiB", 20)):
        if size < 1000 * 2**power:
            return f"{digits(size / 2**power)}{SPACE}{unit}"
    return gibibytes(size)


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Write a number and what it counts: "1 run", "1,200 jobs"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def are(number: int) -> str:
    """Return the verb for that many: 1 "is", 2 "are"."""
    return "is" if number == 1 else "are"


def count_lost(lost: int, jobs: int) -> str:
    """Write how many jobs have no record: "1 of 3 jobs is lost"."""
    return f"{lost:,} of {counted(jobs, 'job')} {are(lost)} lost"


def listed(names: Sequence[str]) -> str:
    """Write names in a row: "a, b and c"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def capital(text: str) -> str:
    """Begin a text with a capital letter."""
    return f"{text[:1].upper()}{text[1:]}"


def moment(iso: str) -> str:
    """Write a time of day as people do: "2026-11-24 15:39:31 +0000"."""
    date, _, time = iso.partition("T")
    return f"{date} {time[:8]} {time[8:]}".rstrip()
