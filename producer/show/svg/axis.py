"""Axes: from a number to a place between 0 and 1, with a few round numbers to read it by."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Round numbers an axis is divided into, about.
TICKS = 5


@dataclass(frozen=True, slots=True)
class Axis:
    """A straight axis from 0, or a logarithmic one, whose title names the unit."""

    title: str
    low: float
    high: float
    #: What a number is multiplied by before it is shown.
    scale: float = 1.0
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """Return the place of a value, from 0 to 1; what lies beyond an end is put on it."""
        if self.logarithmic:
            part = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return min(max(part, 0.0), 1.0)

    def ticks(self, most: int = TICKS) -> list[tuple[float, str]]:
        """Return the places of round numbers, and those numbers."""
        values = self._decades(most) if self.logarithmic else self._steps(most)
        return [(self.at(value / self.scale), f"{value:,.10g}") for value in values]

    def _steps(self, most: int) -> list[float]:
        high = self.high * self.scale
        step = round_step(high / most)
        return [round(step * number, 12) for number in range(math.floor(high / step + 1e-9) + 1)]

    def _decades(self, most: int) -> list[float]:
        low, high = self.low * self.scale, self.high * self.scale
        first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
        every = max(1, math.ceil((last - first + 1) / (most + 1)))
        decades = [10.0**power for power in range(first, last + 1, every)]
        if len(decades) >= 2:
            return decades
        # Less than a decade: the ends say more than one power of ten would.
        return [float(f"{end:.2g}") for end in (low, math.sqrt(low * high), high)]


def amount(title: str, high: float) -> Axis:
    """Make an axis from nothing to a little more than `high`."""
    return Axis(title, 0.0, high * 1.02 or 1.0)


def amount_log(title: str, low: float, high: float) -> Axis:
    """Make a logarithmic axis from a little less than the least to a little more than the most."""
    return Axis(f"{title}; equal distances are equal factors", low, high, logarithmic=True)


def time(what: str, high_s: float) -> Axis:
    """Make an axis of time from 0, in the unit that suits the longest."""
    high_s = high_s or 1.0
    scale, unit = time_unit(high_s)
    return Axis(f"{what}, in {unit}", 0.0, high_s * 1.02, scale)


def time_log(what: str, low_s: float, high_s: float) -> Axis:
    """Make a logarithmic axis of time."""
    scale, unit = time_unit(high_s)
    return Axis(f"{what}, in {unit}; equal distances are equal factors", low_s, high_s, scale, True)


def time_unit(longest_s: float) -> tuple[float, str]:
    """Choose what to multiply seconds by, and name the unit of the product."""
    if longest_s >= 120:
        return 1 / 60, "minutes"
    if longest_s >= 1:
        return 1.0, "seconds"
    return (1000.0, "milliseconds") if longest_s >= 0.001 else (1e6, "microseconds")


def round_step(least: float) -> float:
    """Round up to the next of 1, 2, 5, 10, 20, ..."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least * (1 - 1e-9))
