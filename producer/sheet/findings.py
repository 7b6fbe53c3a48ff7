"""What a check finds in a result, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass

from producer.sheet.answers import Written, read_number
from producer.sheet.evidence import Measured
from producer.stats.ratios import RUNS_TO_CLAIM, Ratio
from producer.words import digits, seconds

#: A time without a unit is in milliseconds.
MS = 0.001
#: The seconds of an hour.
HOUR = 3600.0


class UnreadableError(ValueError):
    """What is written is no answer to such a question, or a check is none; the text says what one is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the numbers of a result say, and whether the answer is supported; None where they cannot tell."""

    supported: bool | None
    text: str


def of_number(answer: str, low: float, high: float, text: str) -> Finding:
    """Hold a number against what it may be; the text says what was measured."""
    return Finding(_read(answer, None, "a number, such as 3.3").fits(low, high), text)


def of_time(answer: str, low_s: float, high_s: float, what: str) -> Finding:
    """Hold a time against what it may be, in seconds; `what` goes before it."""
    written = _read(answer, MS, "a time, such as 46 ms")
    return Finding(written.fits(low_s, high_s), f"{what} {seconds(low_s)} to {seconds(high_s)}")


def of_hours(answer: str, hours: float, what: str) -> Finding:
    """Hold a time of so many hours against what it is; without a unit it is in hours."""
    written = _read(answer, HOUR, "a time, such as 3.3 hours")
    return Finding(written.fits(hours * HOUR, hours * HOUR), f"{what} {digits(hours)} hours")


def _read(answer: str, unit_s: float | None, what: str) -> Written:
    written = read_number(answer, unit_s)
    if written is None:
        raise UnreadableError(f"the answer is {what}")
    return written


def interval(ratio: Ratio) -> str:
    """Write a ratio with its interval: "3.30 (3.10–3.45)"."""
    return f"{digits(ratio.value)} ({digits(ratio.low)}–{digits(ratio.high)})"


def too_few(one: Measured, ratio: Ratio) -> Finding:
    """Say that there were too few rounds to claim anything."""
    return Finding(
        None,
        f"{one.name} has {ratio.runs} valid rounds, and nothing is claimed from fewer than {RUNS_TO_CLAIM}",
    )
