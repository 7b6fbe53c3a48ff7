"""Options of Celery workers are read, refused with what there is, and become arguments and variables."""

from __future__ import annotations

from typing import Any

import pytest

from producer.contenders.parsing import parse
from producer.contenders.pool_options import POOL_OPTIONS, arguments, split_contenders, variables
from producer.contenders.spec import Spec
from producer.measure.plan import Plan
from producer.show.facts import describe_workload
from producer.workloads import build
from tests.made import result, started, workload
from worker.errors import UnavailableError, UnknownNameError
from worker.pools import POOLS
from worker.settings import PROJECT_DATA

WAITS = build("waits", jobs=1)
#: A valid way to write each option.
VALID = {
    "prefetch": "prefetch=1",
    "acks": "acks=early",
    "transport": "transport=stock",
    "autoscale": "autoscale=8,2",
    "max-tasks-per-child": "max-tasks-per-child=100",
    "ofair": "ofair",
}
#: The options of each pool beside those that all have.
OF_POOL = {
    "prefork": {"autoscale", "max-tasks-per-child", "ofair"},
    **{pool: {"autoscale"} for pool in ("gevent", "eventlet", "asyncio")},
    **{pool: set[str]() for pool in ("solo", "threads")},
}


def test_the_table_says_which_pool_has_which_option() -> None:
    assert {*VALID} == {*POOL_OPTIONS}
    for pool in POOLS:
        has = {name for name, option in POOL_OPTIONS.items() if pool in option.pools}
        assert has == {"prefetch", "acks", "transport"} | OF_POOL[pool]


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("name", VALID)
def test_an_option_is_taken_by_the_pools_that_have_it_and_refused_by_the_others(pool: str, name: str) -> None:
    text = f"celery:{pool}/{VALID[name]}"
    if pool in POOL_OPTIONS[name].pools:
        assert parse(text, WAITS).option(name) == VALID[name].partition("=")[2]
        return
    with pytest.raises(UnknownNameError) as caught:
        parse(text, WAITS)
    assert f"the pool {pool} has no option {name}: it is of prefork" in str(caught.value)
    assert "/prefetch=N" in str(caught.value)


def test_options_combine_and_one_contender_has_one_name() -> None:
    spec = parse("celery:prefork@4x2/acks=early/ofair/prefetch=1", WAITS)
    options = (("prefetch", "1"), ("acks", "early"), ("ofair", ""))
    assert spec == Spec("celery:prefork", 4, workers=2, options=options)
    assert str(spec.name) == "celery:prefork@4x2/prefetch=1/acks=early/ofair"
    assert parse(str(spec.name), WAITS) == spec


def test_with_autoscale_the_slots_are_its_most() -> None:
    spec = parse("celery:prefork/autoscale=8,2", WAITS)
    assert (spec.slots, str(spec.name)) == (8, "celery:prefork@8/autoscale=8,2")
    assert parse("celery:prefork@8/autoscale=8,2", WAITS) == spec
    assert parse("celery:prefork@8x2/autoscale=8,2", WAITS).total_slots == 16
    with pytest.raises(UnknownNameError, match="with autoscale the slots are its most: write @8"):
        parse("celery:prefork@4/autoscale=8,2", WAITS)


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ("prefetch=-1", "prefetch is a number from 0"),
        ("prefetch=01", "prefetch is a number from 0"),
        ("prefetch=²", "prefetch is a number from 0"),
        ("prefetch=1.5", "prefetch is a number from 0"),
        ("prefetch=1000001", "prefetch is a number from 0"),
        ("prefetch", "prefetch is a number from 0"),
        ("prefetch=", "prefetch is a number from 0"),
        ("acks=maybe", "acks is late or early, not 'maybe'"),
        ("acks=early=late", "acks is late or early"),
        ("transport=amqp", "transport is reliable or stock"),
        ("autoscale=2,8", "autoscale is the most slots and the fewest"),
        ("autoscale=8,0", "autoscale is the most slots and the fewest"),
        ("autoscale=8", "autoscale is the most slots and the fewest"),
        ("autoscale=8,2,1", "autoscale is the most slots and the fewest"),
        ("autoscale=10001,1", "autoscale is the most slots and the fewest"),
        ("max-tasks-per-child=0", "max-tasks-per-child is a number from 1"),
        ("ofair=yes", "ofair is a flag, without a value"),
        ("ofair=", "ofair is a flag, without a value"),
        ("acks=late/acks=early", "the option acks is there twice"),
        ("speed=9", "no option is called 'speed'; prefork has /prefetch=N, /acks=late|early"),
        ("", "no option is called ''"),
        ("prefetch=1 [3.13]", "prefetch is a number from 0"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(option: str, why: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        parse(f"celery:prefork@8/{option}", WAITS)
    assert why in str(caught.value)
    assert f"'celery:prefork@8/{option}'" in str(caught.value)


def test_a_design_has_no_options() -> None:
    with pytest.raises(UnknownNameError, match=r"threads is a design; options \(prefetch, .*Celery pools"):
        parse("threads@4/prefetch=1", WAITS)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("serial, threads@8,,celery:solo", ["serial", "threads@8", "celery:solo"]),
        ("a/autoscale=8,2,b", ["a/autoscale=8,2", "b"]),
        ("a/autoscale=8, 2/prefetch=1,b/autoscale=4,1", ["a/autoscale=8,2/prefetch=1", "b/autoscale=4,1"]),
        ("a/autoscale=8,2,3", ["a/autoscale=8,2", "3"]),
        ("a/autoscale=8,b", ["a/autoscale=8", "b"]),
        ("a/prefetch=8,2", ["a/prefetch=8", "2"]),
    ],
)
def test_a_comma_separates_contenders_but_for_that_of_autoscale(text: str, parts: list[str]) -> None:
    assert split_contenders(text) == parts


def test_options_are_told_to_a_worker_by_celery_s_arguments_and_our_variables() -> None:
    options = parse("celery:prefork/" + "/".join(VALID.values()), WAITS).options
    assert arguments(options) == [
        *("--prefetch-multiplier=1", "--autoscale=8,2", "--max-tasks-per-child=100", "-Ofair")
    ]
    assert variables(options) == {"SIMUL_ACKS": "early", "SIMUL_TRANSPORT": "stock"}


def plan(*texts: str, **more: Any) -> Plan:
    """A comparison of these contenders."""
    return Plan(
        workloads=[WAITS],
        contenders={WAITS.name: [parse(text, WAITS) for text in texts]},
        rounds=1,
        seed=1,
        chunk=1,
        data_root=PROJECT_DATA,
        out=None,
        **more,
    )


def test_each_transport_that_workers_will_use_is_to_be_checked() -> None:
    mine, own = "celery:solo", "celery:solo/transport=stock"
    assert plan(mine, own, "threads@2").transports == {"reliable", "stock"}
    assert plan(own).transports == {"stock"}
    assert plan(mine, transport="stock").transports == {"stock"}
    assert plan("threads@2").transports == set()
    assert plan(mine, external=True).transports == set()


def test_external_workers_have_the_options_that_who_started_them_chose() -> None:
    with pytest.raises(UnavailableError, match=r"^celery:solo/prefetch=1: options are for workers"):
        plan("celery:solo/prefetch=1", external=True)


def test_the_transport_of_a_comparison_is_only_said_of_contenders_that_name_none() -> None:
    plain, own = ["celery:solo", "serial"], ["celery:solo", "celery:solo/transport=stock"]
    for contenders, end in ((plain, "reliable transport"), (own, "transport (where a name has no other)")):
        measured = result([], [workload(contenders=started(contenders))], transport="reliable")
        assert describe_workload(measured, measured.workloads[0]).endswith(end)
