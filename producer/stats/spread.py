"""How makespans are spread: which runs are far from the others, and whether all became slower."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from producer.results import Run
from producer.stats.ratios import RUNS_TO_CLAIM
from producer.stats.summary import makespan_s

#: A run so many robust standard deviations from the median is an outlier (Iglewicz and Hoaglin, 1993)...
OUTLIER_SCORE = 3.5
#: ... where it is also this much slower or faster: identical runs have no spread to stand out from.
OUTLIER_SHARE = 0.15


def find_outliers(makespans: np.ndarray[tuple[int], np.dtype[np.float64]], median: float) -> list[int]:
    """List the places of the makespans that are far from the others; none where runs are too few."""
    if len(makespans) < RUNS_TO_CLAIM:
        return []
    distances = np.abs(makespans - median)
    # 0.6745 makes the median absolute deviation of a normal distribution its standard deviation.
    far = 0.6745 * distances > OUTLIER_SCORE * np.median(distances)
    return [int(place) for place in np.flatnonzero(far & (distances > OUTLIER_SHARE * median))]


def measure_drift(by_contender: Iterable[Sequence[Run]]) -> float | None:
    """Divide the last rounds' makespans by the first ones', over all contenders; None of fewer than two."""
    logs = []
    for runs in by_contender:
        makespans = [makespan_s(run) for run in runs if run.valid]
        third = len(makespans) // 3
        if len(makespans) >= RUNS_TO_CLAIM:
            logs.append(math.log(np.median(makespans[-third:]) / np.median(makespans[:third])))
    # One contender that becomes slower is that contender's affair.
    return math.exp(np.median(logs)) if len(logs) > 1 else None
