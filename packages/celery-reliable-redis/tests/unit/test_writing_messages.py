"""What is written without Celery and kombu is what they would have written."""

from __future__ import annotations

import enum
import json
import sys
import uuid
from collections import OrderedDict, namedtuple
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from types import FrameType
from typing import Any

import pytest
from celery.utils.saferepr import saferepr
from hypothesis import example, given, settings, strategies
from kombu.exceptions import EncodeError

import celery_reliable_redis.saferepr
from celery_reliable_redis.ids import COUNT, make_ids
from celery_reliable_redis.saferepr import represent, represent_json
from celery_reliable_redis.sending import send_many
from celery_reliable_redis.target import Target
from celery_reliable_redis.template import Template, make_template
from transport_lab import Server
from transport_messages import sending_app, take

Point = namedtuple("Point", "x")


class Colour(enum.IntEnum):
    RED = 1


class Told(int):
    """Its `repr` is an int's, and what Celery shows is not."""

    def __str__(self) -> str:
        return "told"


class Loud(str):
    def __repr__(self) -> str:
        return "LOUD"


scalars = (
    strategies.none()
    | strategies.booleans()
    | strategies.integers()
    | strategies.floats(allow_nan=False)
    | strategies.text()
    | strategies.sampled_from(["it's", '"', "\\", "\n", "%s", "a b" * 400])
)
odd = strategies.sampled_from(
    [
        b"x",
        b"\xff",
        Decimal("1.0"),
        uuid.UUID(int=1),
        datetime(2000, 1, 1),
        Colour.RED,
        Loud("x"),
        2j,
        Fraction(1, 3),
        Point(1),
        OrderedDict(a=1),
        {1, 2},
        set(),
        frozenset([1]),
        range(3),
        {1: 2, None: "x"},
        [[[[]]]],
        ((((),),),),
    ]
)
values = strategies.recursive(
    scalars | odd,
    lambda inner: (
        strategies.lists(inner, max_size=4)
        | strategies.dictionaries(strategies.text(max_size=5) | strategies.integers(), inner, max_size=4)
        | strategies.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=12,
)
jsons = strategies.recursive(
    scalars,
    lambda inner: (
        strategies.lists(inner, max_size=4)
        | strategies.dictionaries(strategies.text(max_size=5), inner, max_size=4)
        | strategies.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=12,
)


@given(values, strategies.sampled_from([1024, 60, 9]), strategies.sampled_from([3, 1, 10]))
def test_arguments_are_shown_as_celery_shows_them(value: Any, limit: int, levels: int) -> None:
    assert represent(value, limit, levels) == saferepr(value, limit, levels)


@given(
    jsons
    | strategies.sampled_from(
        [
            *[
                Colour.RED,
                [Colour.RED],
                Loud("x"),
                {"x": Loud("x")},
                {Loud("x"): 1},
                Point(1),
                OrderedDict(a=1),
            ],
            *[Told(5), (Told(5),), {"x": [Told(5)]}, float("nan"), [float("-inf")], {1: None, 2.5: True}],
            *["\x7f", "\ud800", "é", ("é", "it's"), ['"', "it's"], "{[(", ("{", "{", "{", "{"), 10**4000],
        ]
    ),
    strategies.sampled_from([1024, 60, 9]),
    strategies.sampled_from([3, 1, 10, 0]),
)
@example([[[[]]]], 1024, 3)
@example({"x": ({"y": [1]},)}, 1024, 3)
@example((Told(5),), 1024, 3)
@example(("it's", "\\"), 1024, 3)
def test_json_is_shown_as_celery_shows_it(value: Any, limit: int, levels: int) -> None:
    shown = represent_json(value, limit, levels)
    assert json.loads(shown) == saferepr(value, limit, levels)
    assert shown.isascii()


@pytest.mark.parametrize("value", [5, (1,), {"x": [1, {"y": None}]}], ids=str)
def test_what_python_writes_in_the_same_way_is_not_written_here(
    value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(celery_reliable_redis.saferepr, "represent", None)
    assert represent_json(value, 1024, 3) == f'"{value!r}"'


def test_a_list_with_itself_in_it_is_refused_as_celery_refuses_it(valkey: Server) -> None:
    endless: list[Any] = []
    endless.append(endless)
    with sending_app(valkey) as app, valkey.client(3) as client:
        client.flushall()
        with pytest.raises(EncodeError) as celerys:
            app.tasks["add"].apply_async((endless,))
        with pytest.raises(EncodeError, match=str(celerys.value)):
            send_many(app.tasks["add"], [((1,), None), ((endless,), None), ((2,), None)])
        assert client.llen("celery") == 1


def test_ids_are_uuids_of_version_4_and_differ() -> None:
    ids = list(islice(make_ids(), 3 * COUNT + 1))
    assert all(uuid.UUID(text).version == 4 and str(uuid.UUID(text)) == text for text in ids)
    assert all(uuid.UUID(text).variant == uuid.RFC_4122 for text in ids)
    assert len({*ids}) == len(ids)
    for bit in range(128):  # none is fixed, but those that say what it is
        seen = {uuid.UUID(text).int >> bit & 1 for text in ids}
        assert len(seen) == (1 if bit in (62, 63, 76, 77, 78, 79) else 2)


def test_any_message_is_the_one_that_apply_async_sends(valkey: Server) -> None:
    plain = [b"x", Decimal("1.0"), uuid.UUID(int=1), datetime(2000, 1, 1), Colour.RED, Loud("x")]
    some = jsons | strategies.sampled_from(plain)
    jobs = strategies.lists(
        strategies.tuples(
            strategies.lists(some, min_size=1, max_size=1), strategies.fixed_dictionaries({"y": some})
        ),
        min_size=1,
        max_size=3,
    )
    with sending_app(valkey) as app, valkey.client(3) as client:
        client.flushall()

        @settings(max_examples=60)
        @given(
            jobs,
            strategies.text(max_size=9),
            strategies.dictionaries(strategies.text(max_size=5), jsons, max_size=2),
        )
        def sends_the_same(jobs: Any, shadow: str, headers: Any) -> None:
            add = app.tasks["add"]
            send_many(add, jobs, shadow=shadow, headers=headers, queue=f"q{shadow}")
            ours = take(client)
            for args, kwargs in jobs:
                add.apply_async(args, kwargs, shadow=shadow, headers=headers, queue=f"q{shadow}")
            assert ours == take(client)

        sends_the_same()


def test_what_a_signal_handler_sends_is_no_part_of_the_message_it_interrupts(valkey: Server) -> None:
    with sending_app(valkey) as app, app.producer_or_acquire() as producer:
        template = make_template(Target(app.tasks["add"], None, {}), producer, (1,), None)
        assert template
        undisturbed = template.write((1,), {}, "a task's", "a delivery's")
        handled: list[str] = []

        def interrupt(frame: FrameType, *_: Any) -> Any:
            if frame.f_code is Template.write.__code__:  # before each line of it
                handled.append(template.write((2,), {"y": 3}, "another task's", "another's"))
                return interrupt
            return None

        before = sys.gettrace()
        sys.settrace(interrupt)
        try:
            disturbed = template.write((1,), {}, "a task's", "a delivery's")
        finally:
            sys.settrace(before)
    assert disturbed == undisturbed
    assert len({*handled}) == 1
