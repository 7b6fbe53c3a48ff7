"""A load in the terminal, on the page and for other programs, from runs that are placed by hand."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from producer import results
from producer.results import Result
from producer.show.export import export
from producer.show.report import files
from producer.show.report.labelled import label
from producer.show.terminal.tables import print_result
from tests.charted import compared
from tests.made import a_result, saved
from tests.unit.test_load_stats import offered_run, steady
from worker.errors import ResultError


@pytest.fixture
def load() -> Result:
    """Two contenders at two rates; one of them does not hold the higher."""
    runs = [
        offered_run(steady(10), 10, contender="celery:threads@2"),
        offered_run(steady(40, takes_s=0.1, growth=0.02), 40, contender="celery:threads@2"),
        offered_run(steady(10), 10, contender="huey@2"),
        offered_run(steady(40), 40, contender="huey@2"),
    ]
    result, _ = compared(*runs)
    return replace(result, kind="load", runs=runs)


def shown(result: Result, width: int = 80, wide: bool = False) -> str:
    """What a terminal shows of it."""
    console = Console(file=io.StringIO(), width=width)
    print_result(console, result, wide)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_table_names_the_rate_that_each_holds_with_the_reason(load: Result) -> None:
    text = " ".join(shown(load, 160).split())
    assert "celery:threads@2 holds 10.0/s; at 40.0/s the backlog grew by" in text
    assert "huey@2 held all that was offered, up to 40.0/s: p95" in text
    assert "Latency counts from the moment at which a job was to arrive" in text
    assert "huey@2: acknowledged early, result not stored; a job whose worker dies is lost." in text


@pytest.mark.parametrize("wide", [False, True])
def test_the_tables_fit_a_terminal_and_each_says_which_rate_it_is(load: Result, wide: bool) -> None:
    lines = shown(load, 80, wide).splitlines()
    assert max(map(len, lines)) <= 80
    headings = [line for line in lines if line.startswith("contender")]
    assert all("/s" in line for line in headings)


def test_json_and_csv_have_every_number(load: Result) -> None:
    numbers = json.loads(export(load, "json"))["waits"]
    assert [(step["contender"], step["rate"], step["held"]) for step in numbers["steps"]] == [
        ("celery:threads@2", 10.0, True),
        ("celery:threads@2", 40.0, False),
        ("huey@2", 10.0, True),
        ("huey@2", 40.0, True),
    ]
    assert [capacity["holds"] for capacity in numbers["capacities"]] == [10.0, 40.0]
    assert [each["acks"] for each in numbers["guarantees"]] == ["late", "early"]
    rows = list(csv.DictReader(io.StringIO(export(load, "csv"))))
    assert [row["latency_ms_n"] for row in rows] == ["100", "400", "100", "400"]
    assert "holds 10.0/s" in export(load, "markdown")


def test_the_page_has_latency_over_the_rate_and_the_backlog_over_time(load: Result, tmp_path: Path) -> None:
    labelled = [label("mine", load)]
    page = files.make_page(labelled)
    assert "Latency over offered rate" in page
    assert page.count("jobs per second</text>") >= 2  # a backlog for each rate
    assert "celery:threads@2 holds 10.0/s" in page
    assert files.write_static(labelled, tmp_path, png=False) == 3
    assert {path.name for path in tmp_path.iterdir()} == {
        *("waits-load-latency.svg", "waits-load-backlog-10.svg", "waits-load-backlog-40.svg")
    }


def test_a_ring_is_a_rate_that_was_not_held(load: Result, tmp_path: Path) -> None:
    files.write_static([label("mine", load)], tmp_path, png=False)
    drawing = (tmp_path / "waits-load-latency.svg").read_text()
    assert drawing.count("<circle") == 4 + 1  # a dot for each, and paper on one


def test_a_load_without_a_valid_run_has_a_page_all_the_same(load: Result) -> None:
    for run in load.runs:
        run.problems.append("the sender was late (send)")
    page = files.make_page([label("mine", load)])
    assert "no valid run: round 1: the sender was late (send)" in page
    assert "<figure" not in page


def test_a_load_is_read_back_and_is_no_comparison(load: Result, tmp_path: Path) -> None:
    path = saved(tmp_path / "load.json", load)
    assert results.load(path).runs[1].offered == load.runs[1].offered
    with pytest.raises(ResultError, match=r"load\.json is of `simul load` \(load\)"):
        results.load_comparison(path)


def test_a_load_is_shown_on_no_page_with_comparisons(load: Result, tmp_path: Path) -> None:
    paths = [
        saved(tmp_path / "load.json", load),
        saved(tmp_path / "other.json", a_result({"serial": [1.0]})),
    ]
    with pytest.raises(ResultError, match=r"load\.json is a load, and others are not \(report\)"):
        files.load(paths)


def broken(load: Result) -> Iterator[tuple[str, Result]]:
    """Loads that nobody has measured."""
    yield "the runs of a load say how their jobs arrived", replace(load, kind="comparison")
    yield (
        "the runs of a load say how their jobs arrived",
        replace(load, runs=[replace(load.runs[0], offered=None)]),
    )
    offered = load.runs[0].offered
    assert offered
    for impossible in (
        replace(offered, first_s=11.0),
        replace(offered, burst_at_s=11.0),
        replace(offered, for_s=0.0, first_s=0.0),
    ):
        late = replace(load.runs[0], offered=impossible)
        yield "its jobs arrived when none could", replace(load, runs=[late])


def test_what_nobody_can_have_measured_is_no_result(load: Result, tmp_path: Path) -> None:
    for place, (why, result) in enumerate(broken(load)):
        with pytest.raises(ResultError, match=why):
            results.load(saved(tmp_path / f"{place}.json", result))
