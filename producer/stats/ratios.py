"""How much longer one thing took than another, with its uncertainty. Pure functions over numbers.

A ratio is the geometric mean, and its interval Student's t on the logarithms, turned back by exp: what a
ratio of times does is multiply. With five runs a bootstrap (percentile or BCa) holds the true ratio in
84 to 86 of 100 cases, not in 95; this holds it in 94 to 95 (`tests/unit/test_ratios.py` counts). Nobody
claims anything from fewer than five.

numpy and mpmath do the mathematics. scipy would too, but weighs 114 of the 250 MB that the image may have.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import mpmath

#: Fewer runs than this show their spread and claim nothing.
RUNS_TO_CLAIM = 5
#: How often an interval holds the true ratio.
CONFIDENCE = 0.95
#: With more degrees of freedom the interval would be shorter by less than a thousandth.
MOST_FREEDOM = 1000


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of two times, and the interval that holds it; no interval from fewer than five runs."""

    value: float
    low: float | None
    high: float | None
    #: Rounds that both took part in, or runs of the one that has fewer.
    runs: int

    @property
    def shown(self) -> bool:
        """Whether a difference is shown: there is an interval, and it does not hold 1."""
        return self.low is not None and self.high is not None and not self.low <= 1 <= self.high

    @property
    def may_be_no_longer(self) -> bool:
        """Whether there is an interval, and the first of the two is not shown to have taken longer."""
        return self.low is not None and self.low <= 1

    @property
    def claims(self) -> bool:
        """Whether there were runs enough for an interval."""
        return self.low is not None


def paired(times: Mapping[int, float], others: Mapping[int, float]) -> Ratio | None:
    """Divide `times` by `others`, round by round; None where no round has both.

    What slows the machine down for a while slows down both in that round, and does not reach the ratio.
    """
    rounds = sorted(times.keys() & others.keys())
    if not rounds:
        return None
    logs = [math.log(times[number] / others[number]) for number in rounds]
    error = float(np.std(logs, ddof=1)) / math.sqrt(len(logs)) if len(logs) > 1 else 0.0
    return _ratio(float(np.mean(logs)), error, len(logs) - 1, len(logs))


def unpaired(times: Sequence[float], others: Sequence[float]) -> Ratio | None:
    """Divide `times` by `others`, measured at different times; None where one of them is empty.

    The interval is Welch's: the two may be spread differently.
    """
    if not times or not others:
        return None
    logs, other_logs = np.log(times), np.log(others)
    mean = float(np.mean(logs) - np.mean(other_logs))
    runs = min(len(logs), len(other_logs))
    if runs < 2:
        return _ratio(mean, 0.0, 1, runs)
    squares = [float(np.var(part, ddof=1)) / len(part) for part in (logs, other_logs)]
    parts = sum(s * s / (len(part) - 1) for s, part in zip(squares, (logs, other_logs), strict=True))
    freedom = sum(squares) ** 2 / parts if parts else runs - 1
    return _ratio(mean, math.sqrt(sum(squares)), freedom, runs)


def _ratio(log: float, error: float, freedom: float, runs: int) -> Ratio:
    if runs < RUNS_TO_CLAIM:
        return Ratio(math.exp(log), None, None, runs)
    reach = students_t(min(freedom, MOST_FREEDOM)) * error
    return Ratio(math.exp(log), math.exp(log - reach), math.exp(log + reach), runs)


@functools.lru_cache
def students_t(freedom: float, confidence: float = CONFIDENCE) -> float:
    """Compute how many standard errors the interval reaches to each side.

    The share outside is I_x(freedom/2, 1/2) with x = freedom / (freedom + t²), the regularised incomplete
    beta function (Abramowitz and Stegun, 26.5.27 and 26.7.1).
    """

    import mpmath  # not at the top: it takes longest of all to load, and few runs need none of it

    def excess(t: mpmath.mpf) -> mpmath.mpf:
        x = freedom / (freedom + t * t)
        return mpmath.betainc(freedom / 2, 0.5, 0, x, regularized=True) - (1 - confidence)

    return float(mpmath.findroot(excess, (1, 1000), solver="ridder"))
