"""Finds in results what a check asks about: contenders by their way, and how they compare.

A check names a contender as a sheet does: `threads` (whatever its slots), `threads@32`; and, where it is to
have run under a Python with a GIL, or under one without, `threads(gil)`, `threads(no-gil)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from producer.contender_name import ContenderName
from producer.results import Result, Run
from producer.stats.ratios import Ratio, paired
from producer.stats.summary import makespan_s, runs_by_contender

_SELECTOR = re.compile(r"(?P<name>[^()\s]+)(\((?P<gil>gil|no-gil)\))?")


@dataclass(frozen=True, slots=True)
class Selector:
    """Which contenders are meant."""

    text: str
    way: str
    #: None where any number of slots will do.
    slots: int | None
    #: None where it makes no difference.
    gil: bool | None

    @classmethod
    def parse(cls, text: str) -> Selector:
        """Read a contender as a sheet names it.

        Raises:
            ValueError: the text has another form.
        """
        match = _SELECTOR.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no contender: write threads, threads@8 or threads(no-gil)")
        name = ContenderName.parse(match["name"])
        return cls(text, name.way, name.slots, None if match["gil"] is None else match["gil"] == "gil")

    def means(self, name: ContenderName, gil: bool | None) -> bool:
        """Whether a contender that ran with or without a GIL is one of them."""
        return (
            name.way == self.way
            and self.slots in (None, name.slots)
            and (self.gil is None or self.gil == gil)
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """One contender of one workload, with its valid runs."""

    name: ContenderName
    runs: Sequence[Run]

    @property
    def makespans(self) -> dict[int, float]:
        """Seconds by round."""
        return {run.round: makespan_s(run) for run in self.runs}

    @property
    def gil(self) -> bool | None:
        """Whether it ran with a GIL; None where nobody could tell."""
        return self.runs[0].gil

    @property
    def median_s(self) -> float:
        """The median makespan."""
        return float(np.median(list(self.makespans.values())))


def measured(result: Result, workload: str) -> list[Measured]:
    """List the contenders of a workload that have a valid run."""
    by_contender = runs_by_contender(result, workload)
    valid = {name: [run for run in runs if run.valid] for name, runs in by_contender.items()}
    return [Measured(name, runs) for name, runs in valid.items() if runs]


def select(result: Result, workload: str, selector: Selector) -> list[Measured]:
    """List those that are meant."""
    return [one for one in measured(result, workload) if selector.means(one.name, one.gil)]


def pairs(
    result: Result, workload: str, first: Selector, second: Selector
) -> Iterator[tuple[Measured, Measured]]:
    """List the pairs that are meant: under one Python, unless only one of the two is to have a GIL."""
    across = first.gil != second.gil
    for one in select(result, workload, first):
        for other in select(result, workload, second):
            if one.name != other.name and (across or one.name.python == other.name.python):
                yield one, other


def times_as_fast(one: Measured, other: Measured) -> Ratio | None:
    """Divide the times of the other by those of the one; None where no round has both."""
    return paired(other.makespans, one.makespans)
