"""The command `celery-reliable-redis delayed`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import pytest

from celery_reliable_redis.command import main
from transport_delayed import LONG_S, delayed, producing, send_timed, soon
from transport_lab import Lab

#: Runs the command; returns its exit code, and what it has printed.
Run: TypeAlias = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(waiting: Lab, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*arguments: str, which: tuple[str, ...] = ()) -> tuple[int, str, str]:
        which = which or ("-b", waiting.broker)
        monkeypatch.setattr("sys.argv", ["celery-reliable-redis", "delayed", *arguments, *which])
        code = main()
        return code, *capsys.readouterr()

    return run


def test_it_lists_the_next_first(waiting: Lab, run: Run) -> None:
    with producing(waiting) as app:
        ids = send_timed(waiting, app, [soon(LONG_S + number) for number in (2, 1, 3)])
    code, out, _ = run("list", "--limit", "2")
    lines = [line.split() for line in out.splitlines()]
    assert (code, [line[1:] for line in lines]) == (0, [[ids[n], "keep_time", "celery"] for n in (1, 0)])
    assert datetime.fromisoformat(lines[0][0]).timestamp() == pytest.approx(soon(LONG_S), abs=30)
    assert [item["id"] for item in json.loads(run("list", "--json")[1])] == [ids[1], ids[0], ids[2]]


def test_it_shows_a_message(waiting: Lab, run: Run) -> None:
    with producing(waiting) as app:
        [task_id] = send_timed(waiting, app, [soon(LONG_S)])
    code, out, _ = run("show", task_id)
    shown = json.loads(out)
    assert (code, shown["message"]["headers"]["id"]) == (0, task_id)
    assert shown["message"]["body"].startswith("[[0, ")


def test_it_revokes_and_says_what_is_not_there(waiting: Lab, run: Run) -> None:
    with producing(waiting) as app:
        ids = send_timed(waiting, app, [soon(LONG_S)] * 2)
    assert run("revoke", ids[0]) == (0, f"{ids[0]}: revoked\n", "")
    code, out, error = run("revoke", *ids, "--json")
    assert (code, json.loads(out), error) == (1, [ids[1]], f"not among those that wait: {ids[0]}\n")
    assert delayed(waiting) == 0


def test_it_takes_an_app_and_its_prefix(
    waiting: Lab, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
    assert task_id in run("list", which=("-A", project))[1]
    assert task_id in run("list", "--prefix", "mine.")[1]
    assert run("list") == (0, "", "")


@pytest.mark.parametrize(
    "which",
    [
        ("-b", "redis://127.0.0.1:1/0"),
        ("-b", "redis://127.0.0.1:port/0"),
        ("-b", "redis://127.0.0.1:1/database"),
        ("-A", "no_such_project"),
    ],
)
def test_it_says_in_one_line_what_it_cannot_find(run: Run, which: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit, match=r"^celery-reliable-redis: .*$"):
        run("list", which=which)


def test_a_limit_that_is_none_is_refused_in_plain_words(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("list", "--limit", "-1")
    assert "'-1' is no whole number" in capsys.readouterr().err


def test_names_from_anybody_move_no_terminals_cursor(waiting: Lab, run: Run) -> None:
    with producing(waiting) as app:
        app.send_task("\x1b[2J", countdown=LONG_S, task_id="a\x07\nb")
    assert run("list")[1].rstrip("\n").isprintable()
