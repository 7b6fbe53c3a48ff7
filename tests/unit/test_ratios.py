"""A ratio is right, its interval holds the truth as often as it says, and five runs are the least."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.stats.ratios import RUNS_TO_CLAIM, paired, students_t, unpaired

seconds = st.floats(0.001, 1000)


@pytest.mark.parametrize(
    ("freedom", "t"), [(1, 12.7062047), (4, 2.7764451), (4.5, 2.6589123), (9, 2.2621572), (1000, 1.9623391)]
)
def test_students_t_is_that_of_the_tables(freedom: float, t: float) -> None:
    assert students_t(freedom) == pytest.approx(t, abs=1e-7)


def test_a_paired_ratio_and_its_interval_by_hand() -> None:
    times = {number: 2.0 * factor for number, factor in enumerate([1, 2, 4, 8, 16])}
    ratio = paired(times, dict.fromkeys(times, 1.0))
    error = float(np.std(np.log([1, 2, 4, 8, 16]), ddof=1)) / math.sqrt(5)
    assert ratio
    assert ratio.value == pytest.approx(8.0)
    assert ratio.high == pytest.approx(8.0 * math.exp(2.7764451 * error))
    assert ratio.low == pytest.approx(8.0 / math.exp(2.7764451 * error))
    assert ratio.runs == 5


def test_drift_that_hits_both_alike_does_not_reach_a_paired_ratio() -> None:
    drift = {number: 1.5**number for number in range(5)}
    ratio = paired({number: 1.2 * value for number, value in drift.items()}, drift)
    assert ratio
    assert ratio.low == pytest.approx(1.2)
    assert ratio.high == pytest.approx(1.2)
    assert ratio.shown


def test_only_rounds_that_both_took_part_in_count() -> None:
    ratio = paired({1: 2.0, 2: 2.0, 3: 99.0}, {1: 1.0, 2: 1.0, 4: 0.01})
    assert ratio
    assert ratio.value == pytest.approx(2.0)
    assert ratio.runs == 2
    assert paired({1: 1.0}, {2: 1.0}) is None


@pytest.mark.parametrize("runs", [1, 2, RUNS_TO_CLAIM - 1])
def test_fewer_than_five_runs_claim_nothing(runs: int) -> None:
    few = dict.fromkeys(range(runs), 3.0)
    for ratio in (paired(few, dict.fromkeys(few, 1.0)), unpaired([3.0] * runs, [1.0] * 9)):
        assert ratio
        assert ratio.value == pytest.approx(3.0)
        assert (ratio.low, ratio.high, ratio.claims, ratio.shown) == (None, None, False, False)


def test_no_difference_is_shown_where_the_interval_holds_1() -> None:
    ratio = paired(dict(enumerate([1.0, 1.1, 0.9, 1.05, 0.97])), dict.fromkeys(range(5), 1.0))
    assert ratio
    assert ratio.claims
    assert not ratio.shown


def test_an_unpaired_interval_is_welchs() -> None:
    times, others = np.exp([0.1, 0.2, 0.3, 0.4, 0.5]), np.exp([0.0, 0.0, 0.1, 0.1, 0.05])
    ratio = unpaired(list(times), list(others))
    assert ratio
    # scipy.stats.ttest_ind(log(times), log(others), equal_var=False).confidence_interval()
    assert math.log(ratio.low or 0) == pytest.approx(0.0568456, abs=1e-6)
    assert math.log(ratio.high or 0) == pytest.approx(0.4431544, abs=1e-6)
    assert unpaired([], [1.0]) is None


@given(st.lists(st.tuples(seconds, seconds), min_size=5, max_size=12))
def test_turning_a_ratio_over_turns_its_interval_over(pairs: list[tuple[float, float]]) -> None:
    times, others = ({n: pair[side] for n, pair in enumerate(pairs)} for side in (0, 1))
    ratio, turned = paired(times, others), paired(others, times)
    assert ratio
    assert turned
    assert ratio.low
    assert ratio.high
    assert turned.low
    assert turned.high
    assert ratio.low == pytest.approx(1 / turned.high)
    assert ratio.low <= ratio.value * (1 + 1e-9)
    assert ratio.value <= ratio.high * (1 + 1e-9)


@pytest.mark.untraced
def test_the_interval_holds_the_true_ratio_in_95_of_100_cases() -> None:
    rng = np.random.default_rng(2026)
    held = {"paired": 0, "unpaired": 0}
    cases = 600
    for _ in range(cases):
        times = 1.3 * np.exp(rng.normal(0, 0.05, 5))
        others = np.exp(rng.normal(0, 0.05, 5))
        for name, ratio in (
            ("paired", paired(dict(enumerate(times)), dict(enumerate(others)))),
            ("unpaired", unpaired(list(times), list(others))),
        ):
            assert ratio
            assert ratio.low
            assert ratio.high
            held[name] += ratio.low <= 1.3 <= ratio.high
    for count in held.values():
        assert 0.93 <= count / cases <= 0.97
