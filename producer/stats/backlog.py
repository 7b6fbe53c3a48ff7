"""How many jobs had arrived and were not done, at any moment of a run whose jobs arrived at a rate."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from producer.results import Run

Column: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Backlog:
    """The backlog of a run, as a curve of steps; times are in seconds since the arrivals began."""

    #: When it changed, in order, and what it was from then on.
    at_s: Column
    jobs: Column

    def at(self, moment_s: float) -> float:
        """Return the backlog at a moment, with what has changed at that moment."""
        place = int(np.searchsorted(self.at_s, moment_s, side="right")) - 1
        return float(self.jobs[place]) if place >= 0 else 0.0

    def peak(self, before_s: float | None = None) -> float:
        """Return the most that it ever was, or before a moment."""
        last = None if before_s is None else int(np.searchsorted(self.at_s, before_s, side="left"))
        return float(self.jobs[:last].max(initial=0.0))

    def falls_to(self, jobs: float, after_s: float) -> float | None:
        """Return when it fell to so many jobs after it was larger after a moment; None where it never did.

        Where it never was larger, that is the moment itself.
        """
        large = np.flatnonzero((self.jobs > jobs) & (self.at_s >= after_s))
        if not len(large):
            return after_s
        small = self.at_s[large[0] :][self.jobs[large[0] :] <= jobs]
        return float(small[0]) if len(small) else None

    def thinned(self, points: int = 400) -> Backlog:
        """Return a curve with about so many steps, that has the same peaks: for drawing."""
        if len(self.at_s) <= points:
            return self
        edges = np.linspace(0, len(self.at_s), points // 2 + 1).astype(int)
        kept = sorted(
            {
                place
                for first, last in pairwise(edges)
                if first < last
                for place in (first, first + int(self.jobs[first:last].argmax()))
            }
            | {len(self.at_s) - 1}
        )
        return Backlog(self.at_s[kept], self.jobs[kept])


def backlog_of(run: Run) -> Backlog:
    """Work out the backlog of a run.

    A job without a record has arrived, at an unknown time, and is never done: it counts from the beginning.
    """
    assert run.offered
    times = run.times
    arrived_s = times.enqueued_s + run.offered.first_s
    finished_s = times.finished_s + run.offered.first_s
    at_s = np.concatenate([arrived_s, finished_s])
    steps = np.concatenate([np.ones(len(arrived_s)), -np.ones(len(finished_s))])
    # Of what happens at one moment the arrivals come first: a job that takes no time is in the backlog, too.
    order = np.lexsort((-steps, at_s))
    return Backlog(at_s[order], np.cumsum(steps[order]) + run.lost)
