"""What no GIL buys is held against the serial without it, what it costs against the serial with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from producer.results import Result
from producer.show.charts.entries import Field
from producer.show.gil_gain import describe_gil_gains
from producer.show.report.labelled import label
from producer.show.report.page import write_page
from producer.show.teaching.what_if import ask_what_if
from producer.stats.gil_gain import GilGain, gil_gains
from producer.system.gil import Gil
from producer.system.pythons import Python
from tests.made import a_result
from tests.unit.test_report_page import read

DRIFT = (1.0, 1.02, 0.99, 1.01, 0.98)
#: Seconds of each way, in a quiet round.
MEASURED = {
    "serial [3.13]": 1.0,
    "threads@2 [3.13]": 1.1,
    "processes@2 [3.13]": 0.55,
    "celery:threads@2 [3.13]": 1.25,
    "serial [3.13t]": 1.8,
    "threads@2 [3.13t]": 1.0,
    "processes@2 [3.13t]": 0.99,
    "celery:threads@2 [3.13t]": 1.2,
    "asyncio@2 [3.13t]": 1.8,
}


def python(label: str, free: bool, on: bool | None = None) -> Python:
    gil = Gil(before=not free, after=not free if on is None else on)
    return Python(
        label=label,
        executable="/bin/python",
        python="CPython 3.13.5",
        version=(3, int(label.removesuffix("t")[2:])),
        free_threaded_build=free,
        gil={"designs": gil, "celery": gil},
        missing={},
    )


WITH, WITHOUT = python("3.13", free=False), python("3.13t", free=True)


def measured(
    seconds: Mapping[str, float] = MEASURED,
    pythons: Sequence[Python] = (WITH, WITHOUT),
    drift: Sequence[float] = DRIFT,
) -> Result:
    """Rounds in which the machine drifts, and one way is a little off it."""
    times = {
        name: [time * each * (1 + 0.001 * (number == place % 5)) for number, each in enumerate(drift)]
        for place, (name, time) in enumerate(seconds.items())
    }
    return replace(a_result(times), pythons=list(pythons))


def gains(result: Result) -> list[GilGain]:
    return list(gil_gains(result, result.workloads[0]))


def said(result: Result) -> list[str]:
    return list(describe_gil_gains(result, result.workloads[0]))


def test_each_way_is_held_against_the_serial_of_its_own_python() -> None:
    [found] = gains(measured())
    assert (found.free, found.ordinary) == ("3.13t", "3.13")
    assert found.cost.value == pytest.approx(1.8, rel=0.01)
    assert [str(gain.way) for gain in found.gains] == ["threads@2", "celery:threads@2", "processes@2"]
    threads = found.gains[0]
    assert threads.free.value == pytest.approx(1.8, rel=0.01)
    assert threads.ordinary.value == pytest.approx(1 / 1.1, rel=0.01)
    assert threads.gain.value == pytest.approx(1.8 * 1.1, rel=0.01)
    assert threads.in_all.value == pytest.approx(1.0, rel=0.01)
    assert [str(name) for name in found.fastest] == ["processes@2", "processes@2"]
    assert found.fastest_ratio.value == pytest.approx(1.8, rel=0.01)


def test_the_sentences_say_what_it_buys_what_it_costs_and_what_is_left() -> None:
    [line] = said(measured())
    assert line == (
        "What no GIL buys (3.13t beside 3.13): threads@2 is 1.80 (1.80–1.80) times as fast as serial under "
        "3.13t, and 0.91 (0.91–0.91) times under 3.13; celery:threads@2 is 1.50 (1.50–1.50) times as fast as "
        "serial under 3.13t, and 0.80 (0.80–0.80) times under 3.13. What it costs: serial takes 1.80 "
        "(1.80–1.80) times as long under 3.13t as under 3.13. Both together: threads@2 [3.13t] is 1.00 "
        "(1.00–1.00) times as fast as serial [3.13] (no difference is shown). The fastest "
        "without it, processes@2 [3.13t], takes 1.80 (1.80–1.80) times as long as the fastest with it, "
        "processes@2 [3.13]."
    )


def test_a_way_that_only_loses_less_is_not_called_faster_than_serial() -> None:
    names = [f"{way} [{label}]" for label in ("3.13", "3.13t") for way in ("serial", "threads@2")]
    [line] = said(measured(dict(zip(names, (1.0, 1.3, 1.0, 1.0), strict=True))))
    assert (
        "threads@2 is 1.00 (1.00–1.00) times as fast as serial under 3.13t (no difference is shown), and "
        in line
    )
    assert "and 0.77 (0.77–0.77) times under 3.13." in line


def test_where_nothing_is_gained_and_nothing_lost_that_is_said() -> None:
    alike = {f"{way} [{label}]": 1.0 for label in ("3.13", "3.13t") for way in ("serial", "threads@2")}
    [line] = said(measured(alike))
    assert "What no GIL buys (3.13t beside 3.13): nothing that is shown" in line
    assert "What it costs: nothing that is shown: serial takes 1.00" in line
    assert "Both together" not in line
    assert "No difference is shown between the fastest under each" in line


def test_nothing_is_claimed_from_fewer_than_five_rounds() -> None:
    assert said(measured(drift=DRIFT[:4])) == []


@pytest.mark.parametrize(
    "pythons",
    [
        [WITH, python("3.13t", free=True, on=True)],
        [WITHOUT],
        [WITH],
        [],
        [WITHOUT, python("3.14t", free=True)],
    ],
    ids=["an import turned it on", "no other", "none without", "the lab's own", "none with"],
)
def test_without_both_there_is_nothing_to_say(pythons: list[Python]) -> None:
    assert said(measured(pythons=pythons)) == []


def test_a_design_in_which_the_gil_came_on_is_none_without_it() -> None:
    result = measured()
    for run in result.runs:
        run.gil = None if run.contender.is_celery else run.contender.python == "3.13"
        if str(run.contender) == "threads@2 [3.13t]":
            run.gil = True
    [found] = gains(result)
    assert [str(gain.way) for gain in found.gains] == ["celery:threads@2", "processes@2"]


def test_the_python_of_the_same_version_is_the_one_beside_it() -> None:
    more = {f"serial [{label}]": 1.0 for label in ("3.12", "3.14")} | MEASURED
    others = [python("3.12", free=False), WITHOUT, python("3.14", free=False), WITH]
    [found] = gains(measured(more, others))
    assert found.ordinary == "3.13"
    [found] = gains(measured(more, others[:3]))
    assert found.ordinary == "3.12"


def test_where_serial_is_missing_under_one_nothing_is_said() -> None:
    without = {name: time for name, time in MEASURED.items() if name != "serial [3.13t]"}
    assert said(measured(without)) == []


def test_the_page_has_the_sentences_and_a_row_for_each_way_under_both() -> None:
    html = write_page([label("a", measured())])
    [figure] = re.findall(r'<figure class="gil">.*?</figure>', html)
    assert "waits: what no GIL buys, and what it costs" in figure
    assert said(measured())[0] in read(figure).text
    rows = re.findall(r'<th scope="row">(.*?)</th>', figure)
    assert rows == ["threads@2", "celery:threads@2", "processes@2"]
    assert re.findall(r"<td>(?:≈\s)?([\d.]+)", figure)[:4] == ["0.91", "1.80", "1.98", "1.00"]


def test_what_was_measured_without_a_gil_is_not_estimated_too() -> None:
    asked = ask_what_if(*with_field(measured()))
    assert asked
    assert "no GIL" not in [case.title for case in asked.cases]
    assert [line for line in asked.unchanged if "GIL" in line] == [
        "What no GIL changes was measured, 3.13t beside 3.13: it stands near the top of the page."
    ]
    asked = ask_what_if(*with_field(measured(pythons=[])))
    assert asked
    assert "No GIL would change next to nothing" in " ".join(asked.unchanged)


def with_field(result: Result) -> tuple[Result, Field]:
    return result, label("a", result).fields[0]


def test_the_page_of_one_python_has_no_such_figure() -> None:
    assert 'class="gil"' not in write_page([label("a", measured(pythons=[]))])
