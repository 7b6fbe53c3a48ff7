"""What is run for a browser is a command, and what it asks for is checked as the command line checks it."""

from __future__ import annotations

import json

from producer.live.server.requests import read
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


def test_a_race_becomes_the_command() -> None:
    asked = {"kind": "race", "lanes": ["serial/in-turn", "celery:gevent"], "hour_s": 1, "judits": 2}
    request = read(json.dumps(asked).encode(), PROJECT_DATA)

    assert request.arguments == (
        *("judit", "--race", "--with=serial/in-turn,celery:gevent", "--hour=1.0", "--opponents=24"),
        *("--moves=30", "--judits=2", "--seed=2026"),
    )
    assert request.title == "24 games, 30 moves each, an hour in 1 s"
    assert request.state["race"]
