"""The contenders of a sweep: each way at every place on the axis, or a line that says what is wrong."""

from __future__ import annotations

import pytest

from producer.contenders.sweeping import parse_axis, specs_along, specs_of_sweep
from producer.workloads import build
from worker.errors import UnknownNameError

WAITS = build("waits", jobs=1)


def names(axis: str, ways: str) -> list[str]:
    """The contenders along an axis, by their names."""
    along, values = parse_axis(axis)
    return [str(spec.name) for spec in specs_along(along, values, ways, WAITS)]


def test_a_way_has_each_value_of_an_option_beside_its_own_slots_and_options() -> None:
    assert names("prefetch=1, 4", "celery:prefork@4x2/acks=early,celery:gevent/autoscale=8,2") == [
        "celery:prefork@4x2/prefetch=1/acks=early",
        "celery:prefork@4x2/prefetch=4/acks=early",
        "celery:gevent@8/prefetch=1/autoscale=8,2",
        "celery:gevent@8/prefetch=4/autoscale=8,2",
    ]
    assert names("max-tasks-per-child=1,1", "celery:prefork@2") == ["celery:prefork@2/max-tasks-per-child=1"]


def test_a_way_has_each_number_of_workers() -> None:
    assert names("workers=1,2,64", "celery:prefork@4/prefetch=1,celery:solo") == [
        "celery:prefork@4/prefetch=1",
        "celery:prefork@4x2/prefetch=1",
        "celery:prefork@4x64/prefetch=1",
        "celery:solo",
        "celery:solo@1x2",
        "celery:solo@1x64",
    ]


@pytest.mark.parametrize(
    ("axis", "ways", "why"),
    [
        (
            "speed=1",
            "celery:solo",
            "no axis is called 'speed' (--axis); there are: workers, prefetch, max-tasks",
        ),
        ("slots=1", "celery:solo", "slots have --concurrency"),
        ("acks=late,early", "celery:solo", "no axis is called 'acks'"),
        ("", "celery:solo", "no axis is called ''"),
        ("prefetch", "celery:solo", "--axis prefetch has no values: write --axis prefetch=1,4,16"),
        ("prefetch= ,", "celery:solo", "--axis prefetch has no values"),
        ("prefetch=-1", "celery:solo", "prefetch is a number from 0"),
        ("workers=0", "celery:solo", "a number from 1 to 64, not '0'"),
        ("workers=65", "celery:solo", "a number from 1 to 64, not '65'"),
        ("workers=²", "celery:solo", "a number from 1 to 64"),
        ("workers=2", "threads", "'threads': only Celery pools have several workers"),
        ("prefetch=2", "threads", "options (prefetch,"),
        ("workers=2", "celery:prefork@2x2", "in this sweep workers comes from --axis"),
        ("prefetch=2", "celery:prefork/prefetch=1", "in this sweep prefetch comes from --axis"),
        ("max-tasks-per-child=2", "celery:solo", "the pool solo has no option max-tasks-per-child"),
        ("prefetch=2", " ,", "--with names no contender"),
        ("prefetch=2", "celery:fork", "no contender is called 'celery:fork'"),
    ],
)
def test_what_makes_no_sense_is_refused(axis: str, ways: str, why: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        names(axis, ways)
    assert why in str(caught.value)


def test_along_the_slots_a_way_may_have_options_and_no_slots() -> None:
    specs = specs_of_sweep("celery:gevent/prefetch=1,celery:gevent,serial", "1,2")
    assert [str(spec.name) for spec in specs] == [
        *("celery:gevent@1", "celery:gevent@2", "celery:gevent@1/prefetch=1", "celery:gevent@2/prefetch=1"),
        "serial",
    ]
    for way in ("threads@4", "celery:gevent/autoscale=8,2"):
        with pytest.raises(UnknownNameError, match="in a sweep the slots come from --concurrency"):
            specs_of_sweep(way, "1")
