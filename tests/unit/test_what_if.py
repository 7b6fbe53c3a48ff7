"""Estimates for other work and other machines: what slots and cores must take, and what stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.contender_name import ContenderName
from producer.results import WorkloadResult
from producer.results.reference import Reference
from producer.show.teaching.what_if import ask_what_if
from producer.stats.summary import Summary
from producer.stats.what_if import Conditions, Measured, estimate_s
from tests.charted import compared, one_after_the_other
from tests.made import workload

TWO_CORES = Conditions(cores=2)


def _measured(name: str, makespan_s: float, slots: int, processes: int = 1, **conditions: Any) -> Measured:
    row = Summary(ContenderName.parse(name), slots, 5, 5, makespan_s)
    return Measured(row, makespan_s, processes, replace(TWO_CORES, **conditions))


def _work(jobs: int, wait_s: float, work_s: float) -> WorkloadResult:
    reference = Reference(("0" * 16,) * jobs, (wait_s,) * jobs, (work_s,) * jobs, work_s * jobs)
    return workload(jobs, reference=reference)


def test_ten_times_the_jobs_take_ten_times_the_work_and_ten_times_what_each_costs() -> None:
    serial = _measured("serial", 1.2, 1)  # ten jobs of 0.1 s, and 0.02 s beyond that for each
    assert estimate_s(serial, _work(10, 0, 0.1), replace(TWO_CORES, jobs=10)) == pytest.approx(12.0)


def test_slots_that_were_half_empty_at_the_end_are_full_for_longer() -> None:
    asyncio = _measured("asyncio@4", 0.2, 4)  # five waits of 0.1 s in four slots: two times 0.1 s
    assert estimate_s(asyncio, _work(5, 0.1, 0), replace(TWO_CORES, jobs=10)) == pytest.approx(1.3)


def test_ten_times_the_wait_leaves_alone_what_is_no_wait() -> None:
    serial = _measured("serial", 1.0, 1)  # ten jobs that wait 0.05 s and work 0.03 s, and cost 0.02 s each
    assert estimate_s(serial, _work(10, 0.05, 0.03), replace(TWO_CORES, wait=10.0)) == pytest.approx(5.5)


@pytest.mark.parametrize(
    ("name", "slots", "processes", "expected_s"),
    [
        ("serial", 1, 1, 4.0),
        ("asyncio@2", 2, 1, 4.0),
        ("threads@2", 2, 1, 4.0),
        ("celery:gevent@2", 2, 1, 4.0),
        ("processes@2", 2, 2, 1.0),
        ("celery:prefork@2", 2, 2, 1.0),
    ],
)
def test_four_cores_help_only_who_has_a_process_for_each(
    name: str, slots: int, processes: int, expected_s: float
) -> None:
    now_s = 2.0 if processes == 2 else 4.0  # forty jobs that compute for 0.1 s
    measured = _measured(name, now_s, slots, processes)
    assert estimate_s(measured, _work(40, 0, 0.1), replace(TWO_CORES, cores=4)) == pytest.approx(expected_s)


@pytest.mark.parametrize(
    ("name", "expected_s"),
    [("threads@2", 2.0), ("asyncio+threads@2", 2.0), ("celery:threads@2", 2.0), ("asyncio@2", 4.0)],
)
def test_without_a_gil_threads_compute_on_every_core_and_a_loop_does_not(
    name: str, expected_s: float
) -> None:
    measured = _measured(name, 4.0, 2)
    assert estimate_s(measured, _work(40, 0, 0.1), replace(TWO_CORES, gil=False)) == pytest.approx(expected_s)


def test_what_was_faster_than_its_jobs_are_alone_keeps_the_proportion() -> None:
    serial = _measured("serial", 0.8, 1)  # ten jobs of 0.1 s alone
    assert estimate_s(serial, _work(10, 0, 0.1), replace(TWO_CORES, jobs=10)) == pytest.approx(8.0)


def test_many_jobs_are_not_placed_one_by_one() -> None:
    asyncio = _measured("asyncio@10", 300.0, 10)
    assert estimate_s(asyncio, _work(30_000, 0.1, 0), replace(TWO_CORES, jobs=10)) == pytest.approx(3000.0)


@given(
    jobs=st.integers(1, 30),
    wait_s=st.floats(0, 1),
    work_s=st.floats(0.001, 1),
    slots=st.integers(1, 40),
    beyond_s=st.floats(0, 2),
)
def test_nothing_changes_where_nothing_is_changed_and_more_work_never_takes_less(
    jobs: int, wait_s: float, work_s: float, slots: int, beyond_s: float
) -> None:
    work = _work(jobs, wait_s, work_s)
    least_s = max(-(-jobs // min(slots, jobs)) * (wait_s + work_s), jobs * work_s)
    measured = _measured(f"threads@{slots}", least_s + beyond_s, slots)
    now_s = estimate_s(measured, work, measured.conditions)
    assert now_s == pytest.approx(measured.makespan_s)
    assert estimate_s(measured, work, replace(measured.conditions, jobs=10)) >= now_s * (1 - 1e-9)
    assert estimate_s(measured, work, replace(measured.conditions, wait=10)) >= now_s * (1 - 1e-9)


def test_a_case_says_who_would_win_and_what_would_change_nothing() -> None:
    serial = [replace(run, slots=1) for run in one_after_the_other("serial", 4.1)]
    runs = [*serial, *one_after_the_other("threads@2", 2.1)]
    asked = ask_what_if(*compared(*runs))
    assert asked
    jobs, wait, cores = asked.cases
    assert jobs.title == "10 times the jobs"
    assert jobs.sentence.endswith("threads@2 would still be the fastest, with about 21.0\u00a0s.")
    assert wait.sentence.startswith(
        "serial, then the slowest, would take 40.1\u00a0s instead of 4.10\u00a0s."
    )
    assert cores.sentence.startswith(
        "With a slot for each core threads@2 would take about 1.10\u00a0s instead of 2.10\u00a0s."
    )
    assert asked.unchanged == ("No GIL would change next to nothing: no way here loses much time to it.",)


def test_more_cores_are_not_said_to_help_or_to_be_missed_where_jobs_wait() -> None:
    serial = [replace(run, slots=1) for run in one_after_the_other("serial", 4.1)]
    asked = ask_what_if(*compared(*serial, *one_after_the_other("threads@2", 2.1)))
    assert asked
    assert asked.cases[2].sentence.endswith(
        "The others would take as long as now: these jobs wait, and nobody else would have more slots to "
        "wait in."
    )
    both = [run for way in ("processes@2", "threads@2") for run in one_after_the_other(way, 2.1)]
    asked = ask_what_if(*compared(*both))
    assert asked
    assert "The others" not in asked.cases[2].sentence


def test_nobody_is_offered_more_slots_than_there_are_jobs() -> None:
    serial = [replace(run, slots=1) for run in one_after_the_other("serial", 4.1)]
    asked = ask_what_if(*compared(*serial, *one_after_the_other("threads@2", 2.1)))
    assert asked
    assert "With a slot for each job instead of 2 it would take about" in asked.cases[1].sentence


def test_a_single_contender_is_no_comparison() -> None:
    assert ask_what_if(*compared(*one_after_the_other("serial", 4.0))) is None
