"""The command `celery-reliable-redis dead`, as somebody types it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from transport_consuming import consuming, receive
from transport_lab import Lab

PREFIX = "my:"


@pytest.fixture
def aside(lab: Lab) -> list[str]:
    """The ids of three tasks that were put aside, the oldest first; two of one queue."""
    lab.options |= {"global_keyprefix": PREFIX}
    lab.app.conf.broker_transport_options = lab.options
    ids = []
    for number, queue in enumerate(["celery", "celery", "other"]):
        with consuming(lab, queue, delivery_limit=1, count_requeues=True) as (connection, got):
            lab.send("work", range(number, number + 1), 2.5, queue=queue, task_id=f"id-{number}")
            [message] = receive(connection, got, 1)
            ids.append(message.headers["id"])
            message.requeue()
    return ids


def dead(lab: Lab, *arguments: str, broker: str = "", prefix: str = PREFIX) -> tuple[int, str, str]:
    """Run it. Returns the exit code, and what it has printed."""
    command = [sys.executable, "-m", "celery_reliable_redis.command", "dead", *arguments]
    command += ["-b", broker or lab.broker, "--prefix", prefix]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout, ended.stderr


def test_all_are_listed_the_oldest_first(lab: Lab, aside: list[str]) -> None:
    code, out, error = dead(lab, "list")
    assert (code, [line for line in out.splitlines() if not line.startswith(" ")]) == (
        0,
        [f"{task_id} work ({number}, 2.5) {{}}" for number, task_id in enumerate(aside)],
    )
    assert "from my:other, delivered 1 time, requeued, 20" in out
    assert error == "3 messages put aside\n"
    assert dead(lab, "list", "-Q", "other")[2] == "1 message of other put aside\n"
    assert dead(lab, "list", prefix="nobody's:")[1] == ""


def test_all_that_is_known_is_shown(lab: Lab, aside: list[str]) -> None:
    code, out, _ = dead(lab, "show", aside[2], "--json")
    [shown] = json.loads(out)
    assert (code, shown["task"], shown["queue"], shown["deliveries"]) == (0, "work", "my:other", 1)
    assert json.loads(shown["message"])["headers"]["id"] == aside[2]
    text = dead(lab, "show", aside[0])[1]
    assert f"id  {aside[0]}" in text
    assert '"body": "[[0, 2.5], {},' in text  # and not in base64


def test_one_is_replayed_and_the_others_stay(lab: Lab, aside: list[str]) -> None:
    code, out, error = dead(lab, "replay", aside[1], "nobody's")
    assert (code, error) == (1, "not among those put aside: nobody's\n")
    assert out == f"{aside[1]} work (1, 2.5) {{}}: put back into the queue\n"
    assert lab.queued() == 1
    shown: Any = json.loads(dead(lab, "list", "--json")[1])
    assert [one["id"] for one in shown] == [aside[0], aside[2]]


@pytest.mark.parametrize(("action", "queued"), [("replay", 2), ("drop", 0)])
def test_all_of_a_queue(lab: Lab, aside: list[str], action: str, queued: int) -> None:
    assert dead(lab, action, "--all", "-Q", "celery")[0] == 0
    assert lab.queued() == queued
    assert [one["id"] for one in json.loads(dead(lab, "list", "--json")[1])] == aside[2:]


def test_what_somebody_else_put_there_is_shown_and_dropped(lab: Lab) -> None:
    lab.broker_client.lpush(f"{PREFIX}celery:dead", b"\xff\x1b[2J", "{}", '{"headers": {"x-death": [7]}}')
    assert "(no task)" in dead(lab, "list", "-Q", "celery")[1]
    code, out, _ = dead(lab, "show", "-Q", "celery", "--all")
    assert (code, "\x1b" in out) == (0, False)
    assert dead(lab, "drop", "-Q", "celery", "--all")[0] == 0
    assert not lab.broker_client.exists(f"{PREFIX}celery:dead")


@pytest.mark.parametrize("action", ["show", "replay", "drop"])
def test_who_names_nothing_is_asked_what(lab: Lab, action: str) -> None:
    for arguments in ([], ["--all", "one"]):
        code, out, error = dead(lab, action, *arguments)
        assert (code, out) == (1, "")
        assert error == "celery-reliable-redis: name the ids of tasks, or say --all\n"


@pytest.mark.parametrize("where", ["127.0.0.1:1/0", "127.0.0.1:x/0", "127.0.0.1:1/x"])
def test_a_broker_that_cannot_be_used_is_named(lab: Lab, where: str) -> None:
    code, out, error = dead(lab, "list", broker=f"redis://:secret@{where}")
    assert (code, out) == (1, "")
    assert error.startswith(f"celery-reliable-redis: the broker redis://:**@{where} cannot be used: ")
    assert len(error.splitlines()) == 1


def test_who_has_seen_enough_gets_no_traceback(lab: Lab) -> None:
    lab.broker_client.lpush("celery:dead", *["{}"] * 5000)
    command = (
        f"{sys.executable} -m celery_reliable_redis.command dead list -Q celery -b {lab.broker} | head -1"
    )
    ended = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("(no task)\n", "")


@pytest.mark.usefixtures("aside")
def test_what_nobody_has_put_aside_is_left_alone_unless_its_queue_is_named(lab: Lab) -> None:
    lab.broker_client.lpush(f"{PREFIX}mail:dead", "somebody's")
    assert "(no task)" not in dead(lab, "list")[1]
    assert dead(lab, "drop", "--all")[0] == 0
    assert dead(lab, "list")[1] == ""
    assert lab.queued("mail:dead") == 1
    assert dead(lab, "drop", "--all", "-Q", "mail")[1] == "(no task): dropped\n"
    assert lab.queued("mail:dead") == 0


@pytest.mark.usefixtures("aside")
def test_a_queue_that_the_user_may_not_read_hides_no_other(lab: Lab) -> None:
    client = lab.broker_client
    client.acl_setuser("reader", enabled=True, nopass=True, commands=["+@all"], keys=[f"{PREFIX}celery*"])
    try:
        broker = lab.broker.replace("//", "//reader:any@")
        code, out, error = dead(lab, "list", broker=broker)
        assert (code, out.count("delivered 1 time")) == (0, 2)
        assert f"no right to look into {PREFIX}other:dead" in error
    finally:
        client.acl_deluser("reader")


@pytest.mark.parametrize("broker", ["nonsense://x", "redis://127.0.0.1:xx/0"])
def test_an_address_that_is_none_is_refused_in_one_sentence(lab: Lab, broker: str) -> None:
    code, _, error = dead(lab, "list", broker=broker)
    assert (code, len(error.splitlines())) == (1, 1)
    assert "cannot be used: " in error
