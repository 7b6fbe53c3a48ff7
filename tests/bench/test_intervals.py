"""Our intervals are scipy's. It weighs too much to depend on, so it is only asked here:

uv run --with scipy pytest -m bench tests/bench/test_intervals.py
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from producer.stats.ratios import Ratio, paired, students_t, unpaired

pytestmark = pytest.mark.bench


@pytest.fixture(scope="module")
def stats() -> Any:
    """scipy.stats, where it is installed."""
    return pytest.importorskip("scipy.stats")


@pytest.mark.parametrize("freedom", [1, 1.3, 2, 4, 4.4, 7.7, 30, 999.5, 1000])
def test_students_t(stats: Any, freedom: float) -> None:
    assert students_t(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-12)


@pytest.mark.parametrize(("runs", "other_runs"), [(5, 5), (6, 9), (30, 7)])
def test_intervals_of_ratios(stats: Any, runs: int, other_runs: int) -> None:
    rng = np.random.default_rng(2026)
    times, other_times = rng.lognormal(0, 0.1, runs), rng.lognormal(0.2, 0.3, other_runs)
    welch = stats.ttest_ind(np.log(times), np.log(other_times), equal_var=False).confidence_interval(0.95)
    assert _logs(unpaired(list(times), list(other_times))) == pytest.approx(
        [welch.low, welch.high], rel=1e-12
    )
    both = min(runs, other_runs)
    student = stats.ttest_rel(np.log(times[:both]), np.log(other_times[:both])).confidence_interval(0.95)
    ours = paired(dict(enumerate(times[:both])), dict(enumerate(other_times[:both])))
    assert _logs(ours) == pytest.approx([student.low, student.high], rel=1e-12)


def _logs(ratio: Ratio | None) -> list[float]:
    assert ratio is not None
    assert ratio.low is not None
    assert ratio.high is not None
    return [math.log(ratio.low), math.log(ratio.high)]
