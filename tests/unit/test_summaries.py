"""What a comparison says of each contender follows from its runs, and from nothing else."""

from __future__ import annotations

import pytest

from producer.stats.summary import summaries
from tests.made import a_result, a_run


def test_rows_come_shortest_first_and_those_without_a_valid_run_last() -> None:
    result = a_result({"serial": [4.0], "threads@4": [1.0], "asyncio@4": [2.0]})
    result.runs.append(a_run("celery:solo", problems=["its worker died"]))
    rows = summaries(result, result.workloads[0])
    assert [str(row.contender) for row in rows] == ["threads@4", "asyncio@4", "serial", "celery:solo"]
    assert rows[-1].makespan_s is None
    assert rows[-1].problems == ("round 1: its worker died",)


def test_median_spread_and_throughput() -> None:
    result = a_result({"threads@4": [1.0, 3.0, 2.0, 8.0, 2.5]}, jobs=10)
    [row] = summaries(result, result.workloads[0])
    assert (row.makespan_min_s, row.makespan_s, row.makespan_max_s) == (1.0, 2.5, 8.0)
    assert row.throughput == pytest.approx(10 / 2.5)


def test_ratios_to_serial_and_to_the_winner_are_those_of_the_rounds() -> None:
    drift = [1.0, 1.5, 2.0, 2.5, 3.0]
    result = a_result(
        {"serial": [4 * d for d in drift], "threads@4": drift, "asyncio@4": [2 * d for d in drift]}
    )
    threads, asyncio, serial = summaries(result, result.workloads[0])
    assert threads.to_winner is None
    assert threads.speed_up
    assert asyncio.speed_up
    assert asyncio.to_winner
    assert serial.to_winner
    assert threads.speed_up.low == pytest.approx(4.0)
    assert asyncio.speed_up.value == pytest.approx(2.0)
    assert asyncio.to_winner.high == pytest.approx(2.0)
    assert serial.to_winner.value == pytest.approx(4.0)


def test_the_first_interpreters_serial_is_the_one_compared_with() -> None:
    result = a_result({"serial [3.13]": [4.0] * 5, "serial [3.12]": [8.0] * 5, "threads@2 [3.13]": [2.0] * 5})
    rows = {str(row.contender): row for row in summaries(result, result.workloads[0])}
    speed_up = rows["threads@2 [3.13]"].speed_up
    assert speed_up
    assert speed_up.value == pytest.approx(2.0)


def test_an_invalid_run_counts_in_no_time_and_in_every_total() -> None:
    result = a_result({"serial": [1.0, 1.0]})
    result.runs.append(a_run("serial", 3, 50.0, problems=["2 answers are not those of serial"]))
    [row] = summaries(result, result.workloads[0])
    assert (row.runs, row.valid_runs, row.makespan_max_s) == (3, 2, 1.0)


def test_percentiles_say_of_how_many_jobs() -> None:
    result = a_result({"serial": [1.0] * 5}, jobs=100)
    [row] = summaries(result, result.workloads[0])
    assert row.latency_ms
    assert row.service_ms
    assert row.latency_ms.n == 500
    # A job each 10 ms: the latencies are 10, 20, ... 1000 ms.
    assert row.latency_ms.p50 == pytest.approx(505, abs=5)
    assert row.latency_ms.max == pytest.approx(1000)
    assert row.service_ms.p99 == pytest.approx(10)


def test_each_way_is_held_against_the_serial_of_its_own_interpreter_too() -> None:
    names = {"serial [3.13]": 4.0, "serial [3.13t]": 8.0, "threads@2 [3.13t]": 5.0, "threads@2 [3.12]": 1.0}
    result = a_result({name: [seconds] * 5 for name, seconds in names.items()})
    rows = {str(row.contender): row for row in summaries(result, result.workloads[0])}
    own = {name: row.own_speed_up and row.own_speed_up.value for name, row in rows.items()}
    assert own == {
        "serial [3.13]": 1.0,
        "serial [3.13t]": 1.0,
        "threads@2 [3.13t]": pytest.approx(1.6),
        "threads@2 [3.12]": None,
    }
