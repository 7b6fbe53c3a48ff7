"""The axis of factors: equal distances are equal factors, and its ends are round."""

from __future__ import annotations

import math
from collections.abc import Iterable

from producer.show.svg.axis import Axis


def factor_axis(values: Iterable[float], what: str = "times as fast as serial") -> Axis:
    """Make a logarithmic axis from the round number below the least value to that above the largest."""
    positive = [value for value in values if value > 0]
    low, high = _round_down(min(positive)), _round_up(max(positive))
    if low == high:
        low, high = low / 2, high * 2
    return Axis(f"{what}; equal distances are equal factors", low, high, logarithmic=True)


def _round_down(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * step for step in (5, 2, 1, 0.5) if power * step <= value * (1 + 1e-9))


def _round_up(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * step for step in (1, 2, 5, 10, 20) if power * step >= value * (1 - 1e-9))
