"""A knee is where it was put, a law is found again, and nothing is fitted to too little."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from producer.contender_name import Axis
from producer.results import Result
from producer.show.charts import scaling
from producer.show.charts.entries import derive_fields
from producer.show.charts.scaling import describe
from producer.show.export import to_json
from producer.show.svg.rows import NARROW
from producer.show.terminal.sweep import show_sweep
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


def along(axis: Axis, names: str, values: Sequence[int], makespans_s: Sequence[float]) -> Result:
    """A sweep of one way along an axis, five runs each."""
    noise = [1.0, 1.002, 0.998, 1.001, 0.999]
    each = dict(zip([names.format(value) for value in values], makespans_s, strict=True))
    result = a_result({name: [makespan * factor for factor in noise] for name, makespan in each.items()})
    for run in result.runs:
        run.slots = (run.contender.slots or 1) * run.contender.workers
    return replace(result, kind="sweep", axis=axis)


def test_a_curve_along_workers_has_a_knee_and_a_law_of_workers() -> None:
    result = along("workers", "celery:prefork@2x{}", [1, 2, 4, 8, 16], [8, 4, 2, 1.9, 1.9])
    [curve] = curves(result, result.workloads[0])
    assert (str(curve.way), curve.knee) == ("celery:prefork@2", 4)
    assert [(point.at, point.slots, point.ideal) for point in curve.points[:3]] == [
        *((1, 2, 1), (2, 4, 2), (4, 8, 4))
    ]
    on_knee, on_law = describe(curve)
    assert on_knee == "The knee (Kneedle) is at 4: each worker beyond it pays less than those before."
    assert "no peak" in on_law or " workers" in on_law


def test_one_worker_of_one_slot_is_on_the_curve_of_several() -> None:
    result = along("workers", "{}", ["celery:solo", "celery:solo@1x2"], [8, 4])  # type: ignore[list-item]
    [curve] = curves(result, result.workloads[0])
    assert (str(curve.way), [point.at for point in curve.points]) == ("celery:solo@1", [1, 2])


def test_along_an_option_there_is_neither_knee_nor_law_nor_ideal_and_no_limit_is_last() -> None:
    name = "celery:prefork@2x2/prefetch={}/acks=early"
    result = along("prefetch", name, [0, 1, 2, 4, 8], [4, 4, 2, 4, 8])
    [curve] = curves(result, result.workloads[0])
    assert str(curve.way) == "celery:prefork@2x2/acks=early"
    assert (curve.knee, curve.law, {point.ideal for point in curve.points}) == (None, None, {None})
    assert [point.at for point in curve.points] == [1, 2, 4, 8, 0]
    assert list(describe(curve)) == ["Shown to be faster than prefetch 1: 2; slower: 8."]
    alike = along("prefetch", name, [1, 4], [4, 4])
    assert list(describe(curves(alike, alike.workloads[0])[0])) == [
        "No prefetch is shown to be faster or slower than 1."
    ]
    few = replace(result, runs=[run for run in result.runs if run.round < 5])
    [said] = describe(curves(few, few.workloads[0])[0])
    assert said.startswith(
        "Too few runs to claim that prefetch makes a difference, or none: ask for --rounds 5"
    )


def test_what_an_axis_does_not_say_of_is_on_no_curve_and_two_workers_are_none_of_slots() -> None:
    result = along("prefetch", "celery:prefork@{}", [1, 2, 4], [4, 4, 4])
    assert curves(result, result.workloads[0]) == []
    foreign = along("prefetch", "celery:prefork@2/prefetch={}", ["many", "²", 10**12], [4, 4, 4])  # type: ignore[list-item]
    assert curves(foreign, foreign.workloads[0]) == []
    mixed = along("slots", "celery:prefork@{}", ["2", "4", "2x2"], [4, 2, 3])  # type: ignore[list-item]
    [curve] = curves(mixed, mixed.workloads[0])
    assert [point.throughput.value for point in curve.points] == pytest.approx([1, 2], rel=0.01)


@pytest.mark.parametrize(
    ("axis", "names", "values", "heading"),
    [
        ("prefetch", "celery:prefork@2/prefetch={}", [0, 1, 4], "Throughput at each value of prefetch"),
        ("workers", "celery:prefork@2x{}", [1, 2, 4], "Throughput with each number of workers"),
    ],
)
def test_the_table_the_chart_and_the_export_name_the_axis(
    axis: Axis, names: str, values: list[int], heading: str
) -> None:
    result = along(axis, names, values, [4, 3, 2])
    console = Console(file=StringIO(), width=160)
    console.print(show_sweep(result, result.workloads[0], wide=True))
    assert isinstance(console.file, StringIO)
    shown = console.file.getvalue()
    assert re.search(rf"^ *{axis} +makespan", shown, re.MULTILINE)
    assert ("ideal" in shown) is (axis == "workers")
    [field] = derive_fields(result)
    chart = scaling.chart(field)
    assert chart
    assert chart.title == {"prefetch": "What prefetch changes", "workers": "How it scales"}[axis]
    assert chart.reading.startswith(heading)
    svg = scaling.draw(field.curves[0], NARROW).svg("")
    assert f">{axis}<" in svg
    [curve] = json.loads(to_json(result))["waits"]["curves"]
    assert (curve["axis"], sorted(point["at"] for point in curve["points"])) == (axis, values)


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
