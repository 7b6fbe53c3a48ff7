"""Compares two contenders in words, and claims no more than their runs show: like with like."""

from __future__ import annotations

from collections.abc import Sequence

from producer.show.charts.entries import Entry
from producer.show.slots import against
from producer.stats.ratios import Ratio, paired
from producer.words import SPACE, counted, digits, percent, times

#: A difference smaller than this is not worth a number.
ALIKE = 1.05


def measure_ratio(entry: Entry, other: Entry) -> Ratio | None:
    """Measure how many times as long as another a contender took; None without a common valid round."""
    return paired(entry.makespans_s, other.makespans_s)


def compare(entry: Entry, other: Entry, among: Sequence[Entry] = ()) -> str:
    """Say which of the two was faster, by how much, and how sure that is.

    Where one has more slots, that is said, too; and where `among` others both ways were measured with as many
    slots as each other, what came of that.
    """
    said = _compare(entry, other)
    unlike = against(entry.summary.slots, other.summary.slots)
    if not unlike or measure_ratio(entry, other) is None:
        return said
    pair = find_pair(entry, other, among)
    if pair is None:
        return f"{said}, {unlike}"
    return f"{said}, {unlike}; slot for slot, {_compare(*pair)}"


def find_pair(entry: Entry, other: Entry, among: Sequence[Entry]) -> tuple[Entry, Entry] | None:
    """Find the two of these ways with as many slots as each other; of several the most. None without any."""
    if entry.name.without_slots() == other.name.without_slots():
        return None
    first, second = (
        {
            each.summary.slots: each
            for each in among
            if each.valid and each.name.without_slots() == like.name.without_slots()
        }
        for like in (entry, other)
    )
    slots = [number for number in first.keys() & second.keys() if _are_comparable(first, second, number)]
    return (first[max(slots)], second[max(slots)]) if slots else None


def _are_comparable(first: dict[int, Entry], second: dict[int, Entry], slots: int) -> bool:
    return measure_ratio(first[slots], second[slots]) is not None


def _compare(entry: Entry, other: Entry) -> str:
    ratio = measure_ratio(entry, other)
    if ratio is None:
        return f"{entry.name} and {other.name} have no valid round in common, so nothing can be said of them"
    words = f"{entry.name} was {_how_much(ratio)} {other.name}"
    if not ratio.claims:
        return f"{words} (in {counted(ratio.runs, 'round')}, too few to claim it)"
    if not ratio.shown:
        return f"no difference between {entry.name} and {other.name} is shown"
    return f"{words} ({_speeds(ratio)} with 95{SPACE}% confidence)"


def _how_much(ratio: Ratio) -> str:
    if ratio.value <= 1 / ALIKE:
        return f"{times(1 / ratio.value)} as fast as"
    if ratio.value >= ALIKE:
        return f"slower, at {percent(1 / ratio.value)} of the speed of"
    return "about as fast as"


def _speeds(ratio: Ratio) -> str:
    low, high = 1 / (ratio.high or 1), 1 / (ratio.low or 1)
    if ratio.value >= ALIKE:
        return f"{percent(low)} to {percent(high)}"
    return f"{digits(low)} to {digits(high)} times"
