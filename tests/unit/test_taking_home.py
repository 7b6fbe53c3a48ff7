"""The lines to take home, which pool suits what, and what Celery costs: each true of its data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from producer.results import Result, Run
from producer.show.charts.entries import Field
from producer.show.teaching.celery_costs import break_even_s, describe_costs
from producer.show.teaching.choosing import choose_pools
from producer.show.teaching.kinds import Kind, kind_of
from producer.show.teaching.take_home import list_rules, take_home
from tests.charted import compared, one_after_the_other


def _compared(
    makespans_s: dict[str, float], wait_s: float, work_s: float = 0.0, **changes: Any
) -> tuple[Result, Field]:
    """Contenders that took these times for four jobs."""
    runs = [
        replace(run, **changes)
        for name, makespan_s in makespans_s.items()
        for run in one_after_the_other(name, makespan_s)
    ]
    return compared(*runs, wait_s=wait_s, work_s=work_s)


WAITS = {"serial": 4.0, "asyncio@4": 1.0, "celery:gevent@4": 1.25}
COMPUTES = {"serial": 4.0, "processes@2": 2.0, "threads@2": 4.4, "celery:prefork@2": 2.5}
TINY = {"serial": 0.004, "threads@2": 0.016, "celery:prefork@2": 0.204}


@pytest.mark.parametrize(
    ("makespans_s", "wait_s", "work_s", "kind"),
    [
        (WAITS, 1.0, 0.0, Kind.WAIT),
        (COMPUTES, 0.0, 1.0, Kind.COMPUTE),
        (TINY, 0.0, 0.001, Kind.TINY),
        ({"serial": 4.0}, 0.0, 1.0, Kind.COMPUTE),
        ({"serial": 4.0, "threads@2": 4.0}, 0.0, 1.0, Kind.COMPUTE),  # one core: no way is faster than serial
        ({"serial": 0.4, "threads@2": 0.36}, 0.0, 0.03, Kind.COMPUTE),  # a busy machine takes its time
    ],
)
def test_the_kind_of_jobs_is_read_from_what_they_are_and_what_handing_them_out_costs(
    makespans_s: dict[str, float], wait_s: float, work_s: float, kind: Kind
) -> None:
    assert kind_of(_compared(makespans_s, wait_s, work_s)[1]) is kind


def test_the_line_to_take_home_says_slots_and_processes() -> None:
    _, field = _compared(WAITS, 1.0)
    assert take_home(field) == (
        "Jobs that wait want many slots, not many cores: asyncio@4 (2 slots in 1 process) was 4.00 times as "
        "fast as serial."
    )


def test_of_jobs_that_compute_it_says_what_threads_came_to() -> None:
    _, field = _compared(COMPUTES, 0.0, 1.0)
    assert "threads@2 (2 slots in 1 process) 0.91 times" in take_home(field)


def test_of_tiny_jobs_it_says_what_one_takes_and_what_the_next_way_takes() -> None:
    _, field = _compared(TINY, 0.0, 0.001)
    line = take_home(field)
    assert "one takes 980\u00a0µs alone" in line  # in the shortest of serial's runs
    assert "the fastest other way, threads@2, took 4.00 times as long" in line


def test_where_no_difference_is_shown_none_is_claimed() -> None:
    times_s = [(4.0, 3.0), (3.0, 4.5), (4.2, 3.1), (3.3, 3.6), (4.1, 3.2)]
    runs = [
        replace(run, round=round)
        for round, pair in enumerate(times_s)
        for name, makespan_s in zip(("serial", "threads@2"), pair, strict=True)
        for run in one_after_the_other(name, makespan_s)[:1]
    ]
    line = take_home(compared(*runs, wait_s=0.0, work_s=1.0)[1])
    assert line == (
        "Jobs that compute want cores: no difference between threads@2 (2 slots in 1 process), the fastest "
        "other way, and serial is shown here."
    )


def test_where_the_medians_say_otherwise_it_says_which_mean_its_factor_is() -> None:
    quick = one_after_the_other("asyncio@4", 1.0)
    quick[0] = replace(one_after_the_other("asyncio@4", 1.4)[0], round=1)  # one slow run
    _, field = compared(*one_after_the_other("serial", 4.0), *quick, wait_s=1.0)
    assert "was 3.74 times (mean of the rounds) as fast as serial" in take_home(field)


def test_nothing_is_to_be_taken_home_from_one_contender() -> None:
    assert take_home(_compared({"serial": 4.0}, 1.0)[1]) == ""


def test_a_rule_that_nothing_here_shows_says_what_does() -> None:
    _, field = _compared(WAITS, 1.0)
    wait, compute, tiny = list_rules([field])
    assert wait.evidence == ("waits: asyncio@4 (2 slots in 1 process) was 4.00 times as fast as serial.",)
    assert compute.evidence == ("Not measured here; simul compare search shows it.",)
    assert tiny.evidence == ("Not measured here; simul compare files shows it.",)


def test_slots_for_requests_follow_from_the_cpu_time_of_a_job_and_its_message() -> None:
    result, field = _compared(WAITS, 1.0, cpu_s=0.04, broker_cpu_s=0.4)  # 10 ms for each of four jobs
    requests, computing, mix = choose_pools(result, [field])
    [line] = requests.evidence
    assert "took the worker this much CPU time: celery:gevent@4 10.0\u00a0ms." in line
    assert "room for about 21 slots" in line  # 1 + 200 / 10
    assert computing.evidence[0].startswith("Not measured here")
    assert mix.evidence[0].startswith("What happens otherwise")


def test_a_loop_that_stood_still_is_shown_where_a_mix_is_spoken_of() -> None:
    runs: list[Run] = []
    for name in ("serial", "asyncio@2"):
        stalled: dict[str, Any] = {"loop_stall_s": 0.7} if name == "asyncio@2" else {}
        runs += [replace(run, **stalled) for run in one_after_the_other(name, 4.0)]
    result, field = compared(*runs, wait_s=0.0, work_s=1.0)
    [line] = choose_pools(result, [field])[2].evidence
    assert "the event loop of asyncio@2 stood still for up to 700\u00a0ms" in line


def test_celery_catches_serial_where_a_jobs_gain_pays_its_message() -> None:
    _, field = _compared(TINY, 0.0, 0.001)
    prefork = field.best("celery:prefork")
    assert prefork
    # 51 ms a job, 0.49 of them its share of the work: 50.51 = t - t/2.
    assert break_even_s(field, prefork, 2) == pytest.approx(0.10102)
    assert break_even_s(field, prefork, 1) is None
    assert any(
        "compute for about 101\u00a0ms with celery:prefork@2" in line for line in describe_costs([field])
    )
    # Jobs of 4 ms are no small part of that time: other sizes would tell another story.
    _, field = _compared({"serial": 0.016, "celery:prefork@2": 0.204}, 0.0, 0.004)
    prefork = field.best("celery:prefork")
    assert prefork
    assert break_even_s(field, prefork, 2) is None


def test_without_celery_its_cost_is_not_told() -> None:
    _, field = _compared({"serial": 4.0, "asyncio@4": 1.0}, 1.0)
    assert describe_costs([field]) == [
        "Nothing went through Celery here; simul compare --with serial,celery:gevent does."
    ]
