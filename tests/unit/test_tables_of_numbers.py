"""Tables fit the terminal, show intervals, and claim nothing from too few runs."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from producer.results import Result
from producer.show.terminal.fitting import MAX_WIDTH
from producer.show.terminal.tables import print_result
from tests.made import a_result, a_run


def shown(result: Result, width: int = MAX_WIDTH, wide: bool = True) -> str:
    console = Console(width=width, file=io.StringIO(), highlight=False)
    print_result(console, result, wide)
    text = console.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO above
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize("width", [100, 130, MAX_WIDTH, 300])
def test_no_line_is_wider_than_the_terminal_nor_than_160(width: int) -> None:
    steady = [100.0, 101.0, 99.0, 102.0, 100.0]
    names = ["serial", "celery:eventlet@10000", "asyncio+threads@10000 [3.14t]"]
    lines = shown(a_result(dict.fromkeys(names, steady), jobs=200), width).splitlines()
    rows = [line for line in lines if any(f" {name}  " in line for name in names)]
    tables = rows + [line for line in lines if "p50/p95" in line]
    assert all(len(line) <= min(width, MAX_WIDTH) for line in tables)


def test_a_ratio_has_its_interval_and_no_difference_its_mark() -> None:
    text = shown(
        a_result(
            {
                "serial": [4.0, 4.1, 3.9, 4.0, 4.05],
                "threads@4": [1.0, 1.02, 0.98, 1.01, 1.0],
                "asyncio@4": [1.01, 1.04, 0.99, 1.0, 1.02],
            }
        )
    )
    assert "≈ 1.01 (0.99–1.03)" in text
    assert "no difference shown between it and asyncio@4." in text


def with_slots(made: Result, slots: dict[str, int]) -> Result:
    """The same comparison, of contenders with so many slots."""
    return replace(made, runs=[replace(run, slots=slots[str(run.contender)]) for run in made.runs])


def test_who_is_slower_is_told_with_its_slots_where_they_are_others() -> None:
    steady = [1.0, 1.01, 0.99, 1.0, 1.0]
    made = a_result(
        {"threads@4": steady, "serial": [4 * s for s in steady], "processes@2": [s * 2 for s in steady]}
    )
    text = " ".join(shown(with_slots(made, {"threads@4": 4, "serial": 1, "processes@2": 2})).split())
    assert "every other contender, with 1 to 2 slots against 4, is shown to be slower." in text
    text = " ".join(shown(with_slots(made, {"threads@4": 4, "serial": 4, "processes@2": 4})).split())
    assert "every other contender is shown to be slower." in text
    alike = a_result({"threads@4": steady, "processes@2": steady[::-1]})
    text = " ".join(shown(with_slots(alike, {"threads@4": 4, "processes@2": 2})).split())
    assert "no difference shown between it and" in text
    assert "slots against" in text


def test_where_medians_and_means_differ_the_table_says_so() -> None:
    made = a_result({"serial": [1.0, 1.0, 1.0, 8.0, 8.0], "threads@4": [8.0] * 5})
    text = " ".join(shown(made).split())
    assert (
        "A makespan is the median of the runs, a ratio the geometric mean of the ratios in each round: that "
        "of threads@4 to the winner is 3.48, and their medians are 8.00 times apart." in text
    )
    alike = " ".join(shown(a_result({"serial": [1.0] * 5, "threads@4": [8.0] * 5})).split())
    assert "the geometric mean of the ratios in each round. " in alike


def test_few_runs_show_their_spread_and_claim_nothing() -> None:
    text = shown(a_result({"serial": [4.0, 5.0], "threads@4": [1.0, 2.0]}))
    assert "1.50 s (1.00–2.00)" in text
    assert "nothing is claimed" in text
    assert "≈" not in text


def test_percentiles_come_with_the_number_of_jobs() -> None:
    result = a_result({"serial": [1.0] * 5, "threads@4": [1.0] * 5, "asyncio@4": [1.0] * 5}, jobs=10)
    result.runs[-1] = a_run("asyncio@4", 5, problems=["1 of 10 jobs are lost"], jobs=10)
    text = shown(result)
    assert "over the 50 jobs of all valid runs of a contender (asyncio@4: 40)" in text
    assert "INVALID asyncio@4, round 5: 1 of 10 jobs are lost" in text


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("width", [60, 80, MAX_WIDTH])
def test_a_sweep_shows_every_number_whole_in_any_terminal(width: int, wide: bool) -> None:
    noise = [1.0, 1.02, 0.98, 1.01, 0.99]
    slots = (1, 2, 4, 8, 16)
    result = a_result(
        {f"threads@{number}": [each / min(number, 4) for each in noise] for number in slots}, jobs=4000
    )
    for run in result.runs:
        run.slots = run.contender.slots or 1
    text = shown(replace(result, kind="sweep"), width, wide)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    assert len(re.findall(r"\b1\d,\d{3} \(1\d,\d{3}–1\d,\d{3}\)", text)) == 3
    assert text.count("← knee") == 1
    if width >= 80 and not wide:
        assert text.count("of ideal") == text.count("jobs/s (95 %)") == 1
        assert max(line.index("← knee") for line in text.splitlines() if "← knee" in line) < 80
