"""What is asked of the messages that wait: options, purging, deleting, revoking, the command."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from kombu import Exchange, Queue

from celery_reliable_redis import list_delayed, revoke_delayed
from celery_reliable_redis.command import main
from transport_delayed import LONG_S, delayed, producing, send_timed, soon
from transport_lab import Lab


@pytest.mark.parametrize("delay_from", [0.2, -1, "soon", float("nan"), float("inf"), [1]])
def test_less_than_the_workers_look_is_refused_in_one_sentence(waiting: Lab, delay_from: Any) -> None:
    words = r"^delay_from has to be .* 0\.25 or more: with a lease of 1 s"
    with waiting.connection(delay_from=delay_from) as connection, pytest.raises(ValueError, match=words):
        connection.channel()


def test_to_purge_drops_and_counts_what_waits(waiting: Lab) -> None:
    with producing(waiting) as app:
        send_timed(waiting, app, [soon(LONG_S)] * 3)
        send_timed(waiting, app, [soon(LONG_S)] * 2, priority=9)
        send_timed(waiting, app, [soon(LONG_S)], queue="other")
        app.send_task("pong", (1,))
        with app.connection_for_write() as connection, connection.channel() as channel:
            assert channel.queue_purge("celery") == 6
    assert [item.queue for item in list_delayed(waiting.broker_client)] == ["other"]
    assert not waiting.queued()


def test_a_queue_that_is_deleted_takes_what_waits_with_it_unless_only_if_empty(waiting: Lab) -> None:
    with producing(waiting) as app:
        send_timed(waiting, app, [soon(LONG_S)])
        with app.connection_for_write() as connection, connection.channel() as channel:
            Queue("celery", Exchange("celery"), routing_key="celery")(channel).declare()
            channel.queue_delete("celery", if_empty=True)
            assert delayed(waiting) == 1
            channel.queue_delete("celery")
    assert delayed(waiting) == 0


def test_who_is_revoked_is_gone_at_once(waiting: Lab) -> None:
    with producing(waiting) as app:
        ids = send_timed(waiting, app, [soon(LONG_S)] * 3, queue="x*y")
        in_queue = app.send_task("pong", (1,)).id
    assert revoke_delayed(waiting.broker_client, [ids[0], ids[2], in_queue, "*"]) == {ids[0], ids[2]}
    assert [item.task_id for item in list_delayed(waiting.broker_client)] == [ids[1]]
    assert waiting.queued() == 1


# -- the command


def command(lab: Lab, *arguments: str) -> int:
    """Run `celery-reliable-redis delayed`."""
    action, *rest = arguments
    return main(["delayed", action, "-b", lab.broker, *rest])


def test_the_command_lists_the_next_first(waiting: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    with producing(waiting) as app:
        ids = send_timed(waiting, app, [soon(LONG_S + number) for number in (2, 1, 3)])
    assert command(waiting, "list", "--limit", "2") == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[1:] for line in lines] == [[ids[n], "keep_time", "celery"] for n in (1, 0)]
    assert datetime.fromisoformat(lines[0][0]).timestamp() == pytest.approx(soon(LONG_S), abs=30)
    assert command(waiting, "list", "--json") == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [item["id"] for item in listed] == [ids[1], ids[0], ids[2]]


def test_the_command_shows_a_message(waiting: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    with producing(waiting) as app:
        [task_id] = send_timed(waiting, app, [soon(LONG_S)])
    assert command(waiting, "show", task_id) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["message"]["headers"]["id"] == task_id
    assert shown["message"]["body"].startswith("[[0, ")


def test_the_command_revokes_and_says_what_is_not_there(
    waiting: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    with producing(waiting) as app:
        ids = send_timed(waiting, app, [soon(LONG_S)] * 2)
    assert command(waiting, "revoke", ids[0]) == 0
    assert capsys.readouterr().out == f"revoked {ids[0]}\n"
    assert command(waiting, "revoke", ids[0], ids[1], "--json") == 1
    said = capsys.readouterr()
    assert [json.loads(line)["revoked"] for line in said.out.splitlines()] == [False, True]
    assert said.err == f"not among the delayed: {ids[0]}\n"
    assert delayed(waiting) == 0


def test_the_command_takes_an_app_and_its_prefix(
    waiting: Lab, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting.options["global_keyprefix"] = "mine."
    with producing(waiting) as app:
        [task_id] = send_timed(waiting, app, [soon(LONG_S)])
    options = {"global_keyprefix": "mine."}
    project = f"project_{waiting.server.port}"  # what is imported once is not read again
    (tmp_path / f"{project}.py").write_text(
        f"from celery import Celery\n\napp = Celery(broker={waiting.broker!r}, set_as_current=False)\n"
        f"app.conf.broker_transport_options = {options!r}\n"
    )
    monkeypatch.chdir(tmp_path)
    assert main(["delayed", "list", "-A", project]) == 0
    assert task_id in capsys.readouterr().out
    assert main(["delayed", "list", "-b", waiting.broker, "--prefix", "mine."]) == 0
    assert task_id in capsys.readouterr().out
    assert main(["delayed", "list", "-b", waiting.broker]) == 0
    assert not capsys.readouterr().out


@pytest.mark.parametrize(
    ("which", "words"),
    [
        (["-b", "redis://127.0.0.1:1/0"], "the broker cannot be used"),
        (["-b", "redis://127.0.0.1:x/0"], "redis://127.0.0.1:x/0"),
        (["-A", "no_such_project"], "no_such_project"),
    ],
)
def test_the_command_says_in_one_line_what_it_cannot_find(
    which: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["delayed", "list", *which]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"celery-reliable-redis: {words}")


def test_names_from_anybody_move_no_terminals_cursor(
    waiting: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    with producing(waiting) as app:
        app.send_task("\x1b[2J", countdown=LONG_S, task_id="a\x07\nb")
    assert command(waiting, "list") == 0
    assert capsys.readouterr().out.rstrip("\n").isprintable()
