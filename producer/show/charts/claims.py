"""What may be said of two contenders: never more than `ratios` finds in their runs."""

from __future__ import annotations

from producer.show.charts.entries import Entry
from producer.stats.ratios import Ratio, paired
from producer.words import SPACE, counted, digits, percent, times

#: A difference smaller than this is not worth a number.
ALIKE = 1.05


def claim(entry: Entry, other: Entry) -> Ratio | None:
    """How many times as long as another a contender took; None where they share no valid round."""
    return paired(entry.makespans_s, other.makespans_s)


def faster_or_slower(entry: Entry, other: Entry) -> str:
    """The two compared, in words."""
    found = claim(entry, other)
    if found is None:
        return f"{entry.name} and {other.name} have no valid round in common, so nothing can be said of them"
    words = f"{entry.name} was {_how_much(found)} {other.name}"
    if not found.claims:
        return f"{words} (in {counted(found.runs, 'round')}, too few to claim it)"
    if not found.shown:
        return f"no difference between {entry.name} and {other.name} is shown"
    return f"{words} ({_speeds(found)} with 95{SPACE}% confidence)"


def _how_much(found: Ratio) -> str:
    if found.value <= 1 / ALIKE:
        return f"{times(1 / found.value)} as fast as"
    if found.value >= ALIKE:
        return f"slower, at {percent(1 / found.value)} of the speed of"
    return "about as fast as"


def _speeds(found: Ratio) -> str:
    low, high = 1 / (found.high or 1), 1 / (found.low or 1)
    if found.value >= ALIKE:
        return f"{percent(low)} to {percent(high)}"
    return f"{digits(low)} to {digits(high)} times"
