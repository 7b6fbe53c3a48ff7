"""What is run for a browser is a command, and what it asks for is checked as the command line checks it."""

from __future__ import annotations

import json

import pytest

from producer.live.server.requests import BadRequestError, Request, read
from worker.settings import PROJECT_DATA


def test_a_comparison_becomes_the_command() -> None:
    asked = {
        "kind": "comparison",
        "workloads": ["waits", "files"],
        "with": ["threads@8", "celery:gevent@4x2"],
    }
    request = read(json.dumps({**asked, "jobs": 60, "rounds": 7, "seed": 3}).encode(), PROJECT_DATA)

    assert request.arguments == (
        *("compare", "waits", "files", "--rounds=7", "--seed=3"),
        *("--with=threads@8,celery:gevent@4x2", "--jobs=60"),
    )
    assert (request.state["kind"], request.title) == ("comparison", "waits, files")


def test_what_a_comparison_leaves_out_is_left_to_the_command() -> None:
    request = read(b'{"kind":"comparison","workloads":["waits"],"with":null,"jobs":null}', PROJECT_DATA)

    assert request.arguments == ("compare", "waits", "--rounds=5", "--seed=2026")


def ask(**asked: object) -> Request:
    """What becomes of a race that is asked for."""
    return read(json.dumps({"kind": "race", **asked}).encode(), PROJECT_DATA)


def test_a_race_becomes_the_command() -> None:
    request = ask(lanes=["serial/in-turn", "celery:gevent"], hour_s=1, judits=2)

    assert request.arguments == (
        *("judit", "--race", "--with=serial,celery:gevent@24", "--hour=1.0", "--opponents=24"),
        *("--moves=30", "--judits=2", "--seed=2026"),
    )
    assert request.title == "24 games, 30 moves each, 2 Judits, an hour in 1 s"
    assert request.state["race"]


@pytest.mark.parametrize(
    ("lane", "name"),
    [
        ("serial", "serial"),
        ("asyncio", "asyncio@6"),
        ("threads@4", "threads@4"),
        ("celery:gevent/in-turn", "celery:gevent@6/in-turn"),
        ("celery:gevent@4x2/prefetch=1/in-turn", "celery:gevent@4x2/prefetch=1/in-turn"),
        (" celery:solo\n", "celery:solo"),
    ],
)
def test_a_lane_is_one_of_the_command_line(lane: str, name: str) -> None:
    assert f"--with={name}" in ask(lanes=[lane], opponents=6).arguments


def test_a_lane_that_is_named_twice_plays_once() -> None:
    request = ask(lanes=["serial", "serial/in-turn"])

    assert "--with=serial" in request.arguments
    assert not request.state["race"]


def test_the_bounds_are_those_of_the_command_line() -> None:
    ask(lanes=["celery:gevent@1000"], hour_s=1309, opponents=1000, moves=10, judits=64, seed=2**63 - 1)
    ask(lanes=["serial"], hour_s=1e-6, opponents=1, moves=1, judits=1, seed=1 - 2**63)


LESSON: dict[str, object] = {
    "kind": "lesson",
    "workloads": ["waits"],
    "predictions": {"waits": {"fastest": "threads@32", "times": 20, "with_2_slots": 1.5}},
}


def test_a_lesson_becomes_the_command_and_a_file_of_answers() -> None:
    asked = {**LESSON, "pool": "gevent", "jobs": 12, "rounds": 3, "seed": 7}
    request = read(json.dumps(asked).encode(), PROJECT_DATA)

    assert request.arguments == (
        "lesson", "waits", "--pool=gevent", "--rounds=3", "--seed=7", "--jobs=12"
    )  # fmt: skip
    assert request.answers == '[waits]\nfastest = "threads@32"\ntimes = 20.0\nwith_2_slots = 1.5\n'
    assert (request.state["kind"], request.title) == ("comparison", "predict first: waits")


def test_a_lesson_without_a_guess_is_one() -> None:
    request = read(json.dumps({**LESSON, "predictions": {}}).encode(), PROJECT_DATA)
    assert (request.answers, request.arguments[-1]) == ("[waits]\n", "--seed=2026")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"predictions": {"files": {}}}, "predictions: 'files' is none of the workloads"),
        (
            {"predictions": {"waits": {"name": "Bob"}}},
            "predictions: waits: name: nothing called 'name' is asked; there are: fastest, times, ",
        ),
        (
            {"predictions": {"waits": {"times": 0}}},
            "predictions: waits: times: 0 is no number from 1 to 100,000 (serial is one of them)",
        ),
        (
            {"predictions": {"waits": {"with_2_slots": "x"}}},
            "predictions: waits: with_2_slots: 'x' is no number from 0.001 to 100,000",
        ),
        ({"predictions": {"waits": {"fastest": "bob"}}}, "predictions: waits: fastest: 'bob' is not one of"),
        (
            {"predictions": {"waits": {"times": "9" * 301}}},
            "predictions: expected `str` of length <= 300",
        ),
        ({"predictions": None}, "predictions: expected `object`, got `null`"),
        ({"pool": "solo"}, "pool: invalid enum value 'solo'"),
        ({"workloads": ["nonsense"], "predictions": {}}, "no workload is called 'nonsense'"),
        ({"rounds": 101}, "rounds: expected `int` <= 100"),
        ({"who": "Bob"}, "request: object contains unknown field `who`"),
    ],
)
def test_what_is_no_lesson_is_refused_in_one_line(changes: dict[str, object], why: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        read(json.dumps({**LESSON, **changes}).encode(), PROJECT_DATA)
    assert str(caught.value).startswith(why)
    assert "\n" not in str(caught.value)
