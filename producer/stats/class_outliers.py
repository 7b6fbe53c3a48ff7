"""Who of a class is far from the others: among the machines like it, where those are enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from producer.contender_name import ContenderName
from producer.words import digits

#: From so many machines on one can be far from the others.
FEWEST = 5
#: Far is beyond so many times the length of the middle half (Tukey, Exploratory Data Analysis, 1977), and by
#: at least that factor from the median: where all agree to a percent, two percent are not far.
FENCE, LEAST_FACTOR = 1.5, 1.25


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """What the numbers of a machine depend on most."""

    cores: float
    python: str
    gil: bool

    def __str__(self) -> str:
        cores = f"{self.cores:g} core{'' if self.cores == 1 else 's'}"
        return f"{cores}, Python {self.python}{'' if self.gil else ' without GIL'}"


@dataclass(frozen=True, slots=True)
class Outlier:
    """A machine that is far from the others."""

    file: str
    #: How many times as fast as serial, and by what factor that differs from the median of the others.
    times: float
    apart: float
    #: The middle half of those it was compared with, and whether those are its group alone.
    middle: tuple[float, float]
    of_group: bool


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return where the middle half begins, the median, and where it ends; taken on the logarithms."""
    low, median, high = np.exp(np.percentile(np.log(values), [25, 50, 75]))
    return float(low), float(median), float(high)


def find_outliers(values: Sequence[tuple[str, Group, float]]) -> list[Outlier]:
    """Find who is far from the others of a group, or from all where the group is small; farthest first.

    `values`: the name of a file, its group, and how many times as fast as serial.
    """
    outliers = []
    for file, group, value in values:
        like_it = [other for _, one, other in values if one == group]
        of_group = len(like_it) >= FEWEST
        among = like_it if of_group else [other for _, _, other in values]
        if len(among) < FEWEST:
            continue
        low, median, high = quartiles(among)
        reach = (high / low) ** FENCE
        apart = max(value / median, median / value)
        if apart > LEAST_FACTOR and not low / reach <= value <= high * reach:
            outliers.append(Outlier(file, value, apart, (low, high), of_group))
    return sorted(outliers, key=lambda outlier: -outlier.apart)


def describe_outlier(contender: ContenderName, outlier: Outlier) -> str:
    """Say who is far from the others, by the name of the file."""
    low, high = outlier.middle
    whom = "the machines like it" if outlier.of_group else "all machines"
    return (
        f"{outlier.file}: {contender} was {digits(outlier.times)} times as fast as serial; on the middle "
        f"half of {whom}, {digits(low)} to {digits(high)} times"
    )
