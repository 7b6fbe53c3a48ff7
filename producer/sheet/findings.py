"""What a check finds in a result, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass

from producer.sheet.answers import read_number, read_time
from producer.sheet.evidence import Measured
from producer.stats.ratios import RUNS_TO_CLAIM, Ratio
from producer.words import counted, digits

#: A time without a unit is in milliseconds.
MS = 0.001


class UnreadableError(ValueError):
    """What is written is no answer to such a question, or a check is none; the text says what one is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the numbers of a result say, and whether the answer is supported; None where they cannot tell."""

    supported: bool | None
    text: str


def of_number(answer: str, low: float, high: float, text: str) -> Finding:
    """Hold a number against what it may be; the text says what was measured."""
    written = read_number(answer)
    if written is None:
        raise UnreadableError("the answer is a number, such as 3.3")
    return Finding(written.fits(low, high), text)


def of_time(answer: str, low_s: float, high_s: float, text: str, unit_s: float = MS) -> Finding:
    """Hold a time against what it may be, in seconds; without a unit it is in units of so many seconds."""
    written = read_time(answer, unit_s)
    if written is None:
        raise UnreadableError("the answer is a time, such as 46 ms or 1 h 30 min")
    return Finding(written.fits(low_s, high_s), text)


def interval(ratio: Ratio) -> str:
    """Write a ratio with its interval: "3.30 (3.10–3.45)"."""
    return f"{digits(ratio.value)} ({digits(ratio.low)}–{digits(ratio.high)})"


def too_few(one: Measured, rounds: int) -> Finding:
    """Say that there were too few rounds to claim anything."""
    has = f"{one.name} has {counted(rounds, 'valid round')}"
    return Finding(None, f"{has}, and nothing is claimed from fewer than {RUNS_TO_CLAIM}")
