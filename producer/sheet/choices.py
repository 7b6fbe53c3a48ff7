"""Checks whose answer is a name: who was the fastest, and which of two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from producer.results import Result
from producer.sheet.evidence import Measured, Selector, measured, pairs, select, times_as_fast
from producer.sheet.findings import Finding, UnreadableError, interval, too_few
from producer.sheet.naming import closest, named
from producer.stats.ratios import RUNS_TO_CLAIM
from producer.words import listed, seconds


def fastest(result: Result, answer: str, names: Sequence[str]) -> Iterator[Finding]:
    """Whoever has the shortest median, or is not shown to be slower, where all that are named took part.

    "Neither" is right where no difference is shown between the winner and another.
    """
    there = measured(result, names[0])
    if not there or not all(select(result, names[0], Selector.parse(name)) for name in names[1:]):
        return
    winner = min(there, key=lambda one: one.median_s)
    chosen = named(answer, there)
    if len(winner.runs) < RUNS_TO_CLAIM:
        yield too_few(winner, len(winner.runs))
    elif chosen is None:
        yield _nobody(winner, there)
    elif not chosen:
        meant = closest(answer, there)
        ask = f": did you mean {meant}?" if meant else ";"
        known = listed([str(one.name) for one in there])
        yield Finding(False, f"no contender there is called so{ask} there were {known}")
    else:
        for one in chosen:
            yield from _fastest(winner, one)


def _fastest(winner: Measured, one: Measured) -> Iterator[Finding]:
    """Say whether one of them may be the fastest."""
    text = f"{winner.name} had the shortest median, {seconds(winner.median_s)}"
    ratio = times_as_fast(winner, one)
    if one is winner:
        yield Finding(True, text)
    elif ratio is not None and not ratio.claims:
        yield too_few(one, ratio.runs)
    elif ratio is not None:
        slower = ratio.shown and ratio.value > 1
        verb = "was" if slower else "is not shown to be slower:"
        yield Finding(not slower, f"{text}; {one.name} {verb} {interval(ratio)} times its time")


def _nobody(winner: Measured, there: Sequence[Measured]) -> Finding:
    """Say whether it is right that nobody is shown to be the fastest."""
    ratios = [(one, times_as_fast(winner, one)) for one in there if one is not winner]
    equals = [one for one, ratio in ratios if ratio is not None and ratio.claims and not ratio.shown]
    if equals:
        others = listed([str(one.name) for one in equals])
        return Finding(True, f"no difference is shown between {winner.name} and {others}")
    return Finding(False, f"{winner.name} had the shortest median, and every other is shown to be slower")


def faster(result: Result, answer: str, names: Sequence[str]) -> Iterator[Finding]:
    """Which of two was faster, where a difference is shown."""
    first, second = map(Selector.parse, names[1:])
    for one, other in pairs(result, names[0], first, second):
        ratio = times_as_fast(one, other)
        if ratio is None:
            continue
        chosen = named(answer, [one, other])
        if chosen is not None and len(chosen) != 1:
            raise UnreadableError(f"the answer is {first.text}, {second.text} or neither")
        if not ratio.claims:
            yield too_few(one, ratio.runs)
            continue
        text = f"{one.name} was {interval(ratio)} times as fast as {other.name}"
        if not ratio.shown:
            yield Finding(chosen is None, f"{text}: no difference is shown")
        else:
            yield Finding(chosen == [one if ratio.value > 1 else other], text)
