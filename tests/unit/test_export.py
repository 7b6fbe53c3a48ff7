"""What is exported is the table, number for number."""

from __future__ import annotations

import csv
import io
import json

import pytest

from producer.show.export import to_csv, to_json, to_markdown
from tests.made import a_result, a_run, left_out

RESULT = a_result({"serial": [4.0] * 5, "threads@4": [2.0] * 5}, jobs=8)


def test_csv_has_a_row_for_each_contender_with_every_number() -> None:
    threads, serial = csv.DictReader(io.StringIO(to_csv(RESULT)))
    assert (threads["workload"], threads["contender"], serial["contender"]) == (
        "waits",
        "threads@4",
        "serial",
    )
    assert float(threads["makespan_s"]) == 2.0
    assert float(threads["speed_up_value"]) == 2.0
    assert threads["latency_ms_n"] == "40"
    assert threads["to_winner_value"] == ""


def test_csv_of_a_contender_without_a_valid_run_has_its_problems_and_no_times() -> None:
    result = a_result({"serial": [1.0]})
    result.runs.append(a_run("celery:solo", problems=["1 job is lost", 'it said "no", twice']))
    solo = list(csv.DictReader(io.StringIO(to_csv(result))))[-1]
    assert solo["makespan_s"] == solo["latency_ms_p50"] == ""
    assert solo["problems"] == 'round 1: 1 job is lost; round 1: it said "no", twice'


def test_markdown_is_one_table_for_each_workload_with_rows_of_equal_length() -> None:
    heading, _, about, _, *table = to_markdown(RESULT).splitlines()
    assert (heading, about) == ("## waits", "8 jobs: made by hand; 5 rounds, seed 1")
    lines = [line for line in table if line]
    assert lines[2].startswith("| threads@4 | 2.00 s (2.00–2.00) | 4.00 |")
    assert {line.count("|") for line in lines} == {13}


def test_markdown_says_who_is_left_out_and_whose_runs_are_invalid() -> None:
    result = a_result({"serial": [1.0]})
    result.runs.append(a_run("celery:solo", problems=["1 job is lost"]))
    result.workloads[0].contenders.append(left_out("celery:gevent@4", "gone"))
    *_, gone, invalid = to_markdown(result).splitlines()
    assert gone == "- left out: celery:gevent@4: gone"
    assert invalid == "- invalid: celery:solo, round 1: 1 job is lost"


@pytest.mark.parametrize("far", [0, 3], ids=["the first run", "another run"])
def test_a_caution_about_a_run_far_from_the_others_is_json(far: int) -> None:
    makespans = [4.0, 4.01, 3.99, 4.0, 4.02, 4.0]
    makespans[far] = 9.0
    numbers = json.loads(to_json(a_result({"serial": makespans, "threads@4": [2.0] * 6})))
    weights = [each["weight"] for each in numbers["waits"]["cautions"] if each["contender"] == "serial"]
    assert weights == [pytest.approx(2.25 if far == 0 else 0.81, abs=0.01)]
