"""A knee is where it was put, a law is found again, and nothing is fitted to too little."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.show.charts.scaling import describe
from producer.stats.scaling import Curve, Law, curves, fit, knee
from tests.made import a_result

SLOTS = [1, 2, 4, 8, 16, 32]


@given(st.floats(1, 1000), st.floats(0, 0.9), st.floats(0, 0.05))
def test_a_law_is_found_again_from_its_own_points(rate: float, contention: float, coherency: float) -> None:
    law = Law(rate, contention, coherency, 1.0)
    fitted = fit(SLOTS, [law.throughput(slots) for slots in SLOTS])
    assert fitted
    assert fitted.rate == pytest.approx(rate, rel=1e-6)
    assert fitted.contention == pytest.approx(contention, abs=1e-6)
    assert fitted.coherency == pytest.approx(coherency, abs=1e-6)


def test_noise_leaves_the_law_near_and_r_squared_below_one() -> None:
    rng = np.random.default_rng(1)
    law = Law(100, 0.05, 0.002, 1.0)
    fitted = fit(SLOTS, [law.throughput(slots) * rng.normal(1, 0.02) for slots in SLOTS])
    assert fitted
    assert fitted.contention == pytest.approx(0.05, abs=0.03)
    assert fitted.coherency == pytest.approx(0.002, abs=0.001)
    assert 0.95 < fitted.r_squared < 1


def test_faster_than_linear_is_no_negative_contention() -> None:
    fitted = fit(SLOTS, [10 * slots**1.1 for slots in SLOTS])
    assert fitted
    assert (fitted.contention, fitted.coherency, fitted.peak) == (0, 0, None)


def test_the_peak_is_gunthers() -> None:
    assert Law(1, 0.1, 0.001, 1.0).peak == pytest.approx(30)


def test_no_law_from_fewer_than_five_points() -> None:
    assert fit(SLOTS[:4], [1, 2, 3, 4]) is None


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ([10, 20, 40, 80, 81, 82], 8),
        ([10, 20, 21, 22, 21, 20], 2),
        ([10, 20, 40, 80, 160, 320], None),
        ([10, 9, 8, 7, 6, 5], None),
        ([10, 20, 40, 60, 30, 10], 8),
        ([10, 20, 5, 4, 3, 2], 2),
    ],
)
def test_the_knee_is_where_more_slots_stop_paying(rates: list[float], expected: int | None) -> None:
    assert knee(SLOTS, rates) == expected


def test_curves_of_a_result() -> None:
    noise = [1.0, 1.02, 0.98, 1.01, 0.99]
    makespans = {f"threads@{slots}": [8 / min(slots, 8) * factor for factor in noise] for slots in SLOTS}
    makespans |= {f"celery:prefork@{slots}": noise for slots in SLOTS[:3]}
    result = a_result(makespans | {"serial": noise}, jobs=8)
    for run in result.runs:
        run.slots = run.contender.slots or 1
    prefork, threads = curves(result, result.workloads[0])
    assert (str(prefork.way), prefork.scales, prefork.knee, prefork.law) == (
        "celery:prefork",
        False,
        None,
        None,
    )
    assert (str(threads.way), threads.scales, threads.knee) == ("threads", True, 8)
    assert threads.law
    assert [point.slots for point in threads.points] == SLOTS
    assert threads.points[2].gain.low == pytest.approx(4.0)
    assert threads.points[2].ideal == 4.0
    assert threads.points[2].throughput.value == pytest.approx(4.0, rel=0.001)


def curve_of(*makespans_s: float) -> Curve:
    """Threads at 1, 2, 4, ... slots, five runs each."""
    noise = [1.0, 1.002, 0.998, 1.001, 0.999]
    result = a_result(
        {f"threads@{2**power}": [each * factor for factor in noise] for power, each in enumerate(makespans_s)}
    )
    for run in result.runs:
        run.slots = run.contender.slots or 1
    return curves(result, result.workloads[0])[0]


def test_more_slots_are_only_said_to_pay_where_the_last_were_the_fastest() -> None:
    assert "No knee (Kneedle) up to 4: more slots still pay." in describe(curve_of(8, 4, 2))
    late = replace(curve_of(8, 4, 5), knee=None)
    assert "No knee (Kneedle); 2 was the fastest, and more slots did not pay any more." in describe(late)


def test_what_is_not_shown_to_scale_is_not_said_to_stand_still() -> None:
    on_knee, on_law = describe(curve_of(4, 4, 4))
    assert on_knee == "No concurrency up to 4 is shown to be faster than 1: nothing shows that it scales."
    assert on_law == "No scalability law is fitted to fewer than 5 concurrencies."
