"""Contenders are named as tables name them, and have sensible slots where nobody says how many."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest

from producer.contender_name import ContenderName
from producer.contenders import default_slots as default_slots_
from producer.contenders.default_slots import LIGHT_SLOTS, default_slots, sensible
from producer.contenders.parsing import parse
from producer.contenders.spec import Spec, unfit
from producer.contenders.ways import own_ways, ways
from producer.system.machine import cores
from producer.workloads import Bound, Workload, build
from producer.workloads.calls import Calls
from tests.advised import SLEEPS
from worker.errors import UnknownNameError
from worker.pools import Pool

WAITS = build("waits", jobs=1)
SEARCH = build("search", jobs=1)


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("serial", Spec("serial", 1)),
        ("threads@8", Spec("threads", 8)),
        (" threads@8 ", Spec("threads", 8)),
        ("asyncio+threads@3", Spec("asyncio+threads", 3)),
        ("celery:gevent@100", Spec("celery:gevent", 100)),
        ("celery:prefork@10000", Spec("celery:prefork", 10_000)),
        ("celery:solo", Spec("celery:solo", 1)),
        ("celery:solo@1x4", Spec("celery:solo", 1, workers=4)),
        ("celery:prefork@4x2", Spec("celery:prefork", 4, workers=2)),
        ("celery:prefork@4x1", Spec("celery:prefork", 4)),
        ("celery:prefork@4x64", Spec("celery:prefork", 4, workers=64)),
        ("threads", Spec("threads", LIGHT_SLOTS)),
        ("processes", Spec("processes", cores())),
    ],
)
def test_a_contender_is_a_way_and_its_slots(text: str, spec: Spec) -> None:
    assert parse(text, WAITS) == spec


@pytest.mark.parametrize(
    "text", ["", "gevent", "celery:", "celery:async@3", "Threads", "thread@8", "@8", "celery:gevent:8"]
)
def test_an_unknown_way_is_answered_with_all_there_are(text: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        parse(text, WAITS)
    assert all(way in str(caught.value) for way in ways())


@pytest.mark.parametrize(
    "slots", ["", "0", "-1", "1.5", "8x", "10001", "99999999999999999999", "٣", "²", " 8"]
)
def test_slots_are_a_number_from_1_to_10000(slots: str) -> None:
    with pytest.raises(UnknownNameError, match=r"1 to 10,000"):
        parse(f"threads@{slots}", WAITS)


@pytest.mark.parametrize("workers", ["0", "65", "1000"])
def test_the_lab_starts_up_to_64_workers(workers: str) -> None:
    with pytest.raises(UnknownNameError, match="the workers after x are a number from 1 to 64"):
        parse(f"celery:gevent@2x{workers}", WAITS)


@pytest.mark.parametrize("way", ["threads", "asyncio", "processes", "serial"])
def test_a_design_has_no_workers(way: str) -> None:
    with pytest.raises(UnknownNameError, match=f"{way} is a design, which has no workers"):
        parse(f"{way}@4x2", WAITS)


@pytest.mark.parametrize("way", ["serial", "celery:solo"])
def test_what_has_one_slot_takes_no_number(way: str) -> None:
    with pytest.raises(UnknownNameError, match=f"write '{way}' without @2"):
        parse(f"{way}@2", WAITS)


@pytest.mark.parametrize("way", ways())
def test_the_name_of_a_contender_names_it_again(way: str) -> None:
    spec = parse(way, WAITS)
    assert parse(str(spec.name), WAITS) == spec


def test_names_say_slots_where_there_are_slots_and_workers_where_there_are_several() -> None:
    assert str(Spec("serial", 1).name) == "serial"
    assert str(Spec("celery:solo", 1, workers=3).name) == "celery:solo@1x3"
    assert str(Spec("celery:gevent", 100).name) == "celery:gevent@100"
    assert str(Spec("celery:threads", 8, workers=2).name) == "celery:threads@8x2"
    assert Spec("celery:threads", 8, workers=2).total_slots == 16


def test_only_celery_contenders_have_a_pool() -> None:
    assert Spec("celery:gevent", 1).celery_pool == "gevent"
    assert Spec("threads", 1).celery_pool is None


@pytest.mark.parametrize(
    ("way", "waiting", "computing"),
    [
        ("serial", 1, 1),
        ("celery:solo", 1, 1),
        ("threads", LIGHT_SLOTS, cores()),
        ("asyncio", LIGHT_SLOTS, cores()),
        ("celery:gevent", LIGHT_SLOTS, cores()),
        ("processes", cores(), cores()),
        ("interpreters", cores(), cores()),
        ("celery:prefork", cores(), cores()),
    ],
)
def test_light_slots_are_many_only_where_they_can_wait(way: str, waiting: int, computing: int) -> None:
    assert default_slots(way, WAITS) == waiting
    assert default_slots(way, SEARCH) == computing


def test_the_sensible_contenders_are_all_but_one_that_makes_a_difference_only_to_computing() -> None:
    assert [spec.way for spec in sensible(SEARCH)] == own_ways()
    waits = [spec.way for spec in sensible(WAITS)]
    assert waits == [*(way for way in own_ways() if way != "asyncio+threads"), "threads"]


def test_jobs_that_wait_are_done_by_as_many_threads_as_processes_too() -> None:
    slots = {spec.name: spec.slots for spec in sensible(WAITS)}
    assert slots[ContenderName("threads", cores())] == slots[ContenderName("processes", cores())]
    assert ContenderName("threads", LIGHT_SLOTS) in slots


@pytest.mark.parametrize(
    "workload", [WAITS, SEARCH, replace(WAITS, bound="mixed"), replace(WAITS, bound="disk")]
)
def test_sensible_slots_can_be_parsed(workload: Workload) -> None:
    for spec in sensible(workload):
        assert parse(str(spec.name), workload) == spec


def test_a_pool_whose_package_is_missing_says_so() -> None:
    missing = Pool("gevent", "gevent", "greenlet", requires=("a_package_that_nobody_has",))
    assert missing.unavailable() == "the package a_package_that_nobody_has is not installed for this Python"


def test_every_pool_and_design_here_is_available_but_interpreters_before_3_14() -> None:
    unavailable = {way for way in ways() if Spec(way, 1).unavailable()}
    assert unavailable == ({"interpreters"} if sys.version_info < (3, 14) else set())
    if unavailable:
        assert "Python 3.14" in str(Spec("interpreters", 2).unavailable())


def own(waiting: float, jobs: int = 1000, **facts: Any) -> Workload:
    """A function of a user's that waits for so much of its time."""
    calls = Calls("m:f", [b"[]"])
    calls.jobs = jobs
    measured = replace(SLEEPS, waiting=waiting, **facts)
    bound: Bound = "waiting" if waiting > 0.5 else "cores"
    return Workload("m:f", 1, calls, bound, "calls", facts=measured)


@pytest.mark.parametrize(
    ("waiting", "jobs", "slots"),
    [(0.99, 1000, 100), (0.9, 1000, 20), (0.6, 1000, 5), (0.99, 60, 10), (0.99, 3, 2), (0.0, 1000, 2)],
)
def test_slots_follow_from_how_much_a_function_waits_and_how_many_jobs_there_are(
    monkeypatch: pytest.MonkeyPatch, waiting: float, jobs: int, slots: int
) -> None:
    monkeypatch.setattr(default_slots_, "cores", lambda: 2)
    assert default_slots("celery:threads", own(waiting, jobs)) == slots
    assert default_slots("celery:prefork", own(waiting, jobs)) == 2


def test_a_function_that_waits_is_tried_on_more_processes_too() -> None:
    assert [spec.slots for spec in sensible(own(0.9)) if spec.way == "celery:prefork"][-1] == 16
    assert len([spec for spec in sensible(own(0.0)) if spec.way == "celery:prefork"]) == 1


def test_threads_beside_a_loop_are_left_out_where_the_loop_itself_has_nothing_to_await() -> None:
    assert "asyncio+threads" not in [spec.way for spec in sensible(own(0.0))]
    assert "asyncio+threads" in [spec.way for spec in sensible(own(0.0, has_async=True))]


def test_prefork_is_unfit_for_what_does_not_survive_a_fork() -> None:
    why = unfit(Spec("celery:prefork", 2), own(0.9, fork_trouble="it had not ended after 5 s"))
    assert why is not None
    assert why.endswith("the function does not survive that: it had not ended after 5 s")
    assert unfit(Spec("celery:threads", 2), own(0.9, fork_trouble="it hung")) is None
    assert unfit(Spec("celery:prefork", 2), own(0.9, fork_trouble="")) is None
    assert unfit(Spec("celery:prefork", 2), WAITS) is None
