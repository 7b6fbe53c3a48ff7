"""Checks whose answer is a name: who was the fastest, and which of two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from producer.results import Result
from producer.sheet.evidence import Selector, measured, named, pairs, select, times_as_fast
from producer.sheet.findings import Finding, UnreadableError, interval, too_few
from producer.words import listed, seconds

#: What somebody may write who means neither of two.
NEITHER = {"neither", "no difference", "none", "equal", "both"}


def fastest(result: Result, answer: str, names: Sequence[str]) -> Iterator[Finding]:
    """Whoever has the shortest median, or is not shown to be slower, where all that are named took part."""
    there = measured(result, names[0])
    if not there or not all(select(result, names[0], Selector.parse(name)) for name in names[1:]):
        return
    winner = min(there, key=lambda one: one.median_s)
    chosen = named(answer, there)
    if not chosen:
        known = listed([str(one.name) for one in there])
        yield Finding(False, f"no contender there is called so; there were {known}")
    for one in chosen:
        text = f"{winner.name} had the shortest median, {seconds(winner.median_s)}"
        ratio = times_as_fast(winner, one)
        if one is winner:
            yield Finding(True, text)
        elif ratio is not None and ratio.low is None:
            yield too_few(one, ratio)
        elif ratio is not None and ratio.low is not None:
            slower = ratio.low > 1
            verb = "was" if slower else "is not shown to be slower:"
            yield Finding(not slower, f"{text}; {one.name} {verb} {interval(ratio)} times its time")


def faster(result: Result, answer: str, names: Sequence[str]) -> Iterator[Finding]:
    """Which of two was faster, where a difference is shown."""
    first, second = map(Selector.parse, names[1:])
    for one, other in pairs(result, names[0], first, second):
        ratio = times_as_fast(one, other)
        if ratio is None:
            continue
        if not ratio.claims:
            yield too_few(one, ratio)
            continue
        text = f"{one.name} was {interval(ratio)} times as fast as {other.name}"
        if not ratio.shown:
            yield Finding(_says(answer, first, second) is None, f"{text}: no difference is shown")
        else:
            right = first if ratio.value > 1 else second
            yield Finding(_says(answer, first, second) is right, text)


def _says(answer: str, first: Selector, second: Selector) -> Selector | None:
    """Which of the two somebody means; None for neither."""
    words = " ".join(answer.lower().split())
    for selector in (first, second):
        if words in (selector.text, selector.way):
            return selector
    if words in NEITHER:
        return None
    raise UnreadableError(f"the answer is {first.text}, {second.text} or neither")
