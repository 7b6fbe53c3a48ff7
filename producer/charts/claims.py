"""What may be said of two contenders: the one place where a difference is called shown or not.

Fewer than five runs claim nothing. From five on, a difference is shown where the ranges of the runs
do not overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

from producer.stats import RUNS_TO_CLAIM, Summary
from producer.words import counted, percent, times

#: A difference smaller than this is not worth a sentence, shown or not.
ALIKE = 1.05


@dataclass(frozen=True, slots=True)
class Claim:
    """How many times as long as another a contender took, and what may be said of it."""

    ratio: float
    #: Valid runs of the one that has fewer.
    runs: int
    #: Whether there were runs enough to say anything.
    claims: bool
    #: Whether a difference is shown.
    shown: bool


def interval_s(row: Summary) -> tuple[float, float] | None:
    """Between which makespans a contender lies; None without a valid run."""
    if row.makespan_min_s is None or row.makespan_max_s is None:
        return None
    return row.makespan_min_s, row.makespan_max_s


def claim(row: Summary, other: Summary) -> Claim | None:
    """How long `row` took beside `other`; None where one of them has no valid run."""
    ours, theirs = interval_s(row), interval_s(other)
    if not row.makespan_s or not other.makespan_s or ours is None or theirs is None:
        return None
    runs = min(row.valid_runs, other.valid_runs)
    claims = runs >= RUNS_TO_CLAIM
    apart = ours[1] < theirs[0] or theirs[1] < ours[0]
    return Claim(row.makespan_s / other.makespan_s, runs, claims, claims and apart)


def faster_or_slower(row: Summary, other: Summary) -> str:
    """The two compared, in words: never more than the runs show."""
    found = claim(row, other)
    if found is None:
        return f"{row.contender} and {other.contender} cannot be compared: one has no valid run"
    words = f"{row.contender} was {_how_much(found.ratio)} {other.contender}"
    if not found.claims:
        return f"{words} (in {counted(found.runs, 'run')}, too few to claim it)"
    if not found.shown:
        return f"no difference between {row.contender} and {other.contender} is shown"
    return words


def _how_much(ratio: float) -> str:
    if ratio <= 1 / ALIKE:
        return f"{times(1 / ratio)} as fast as"
    if ratio >= ALIKE:
        return f"slower, at {percent(1 / ratio)} of the speed of"
    return "about as fast as"
