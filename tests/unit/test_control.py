"""What a worker does when it is asked, and what it is not told to do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from celery.worker.control import Panel
from kombu import Message

from worker import control
from worker.app import app, settings
from worker.errors import SettingsError
from worker.settings import REMOTE_CONTROLS, Settings, remote_controls

PING: dict[str, Any] = {
    "method": "ping",
    "arguments": {},
    "destination": None,
    "pattern": None,
    "matcher": None,
}


class Asked:
    """A mailbox of a worker that notes which commands were carried out."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.replies: list[Any] = []
        handlers = {name: self._handler(name) for name in Panel.data}
        self.node = app.control.mailbox.Node("me@here", handlers=handlers)
        self.node.reply = lambda data, **_: self.replies.append(data)
        self.node.adjust_clock = lambda _: None

    def _handler(self, name: str) -> Any:
        def handle(_: Any, **arguments: Any) -> dict[str, Any]:
            self.done.append(name)
            return {"ok": arguments}

        return handle

    def ask(self, body: Any, headers: dict[str, Any] | None = None, size: int = 0) -> Any:
        """The answer, if there is one."""
        message = Message(b"x" * size, headers=headers, channel=None)
        return self.node.handle_message(body, message)


@pytest.fixture
def asked() -> Asked:
    return Asked()


def test_each_of_celerys_commands_is_a_question_a_control_or_not_wanted() -> None:
    everything = {*Panel.meta, *(meta.alias for meta in Panel.meta.values() if meta.alias)}
    assert everything == control.QUESTIONS | set(REMOTE_CONTROLS) | {"objgraph", "memsample", "memdump"}
    assert not control.QUESTIONS & set(REMOTE_CONTROLS)


def test_questions_are_answered(asked: Asked) -> None:
    for method in sorted(control.QUESTIONS):
        assert asked.ask({**PING, "method": method}) == {"ok": {}}
    assert asked.done == sorted(control.QUESTIONS)


@pytest.mark.parametrize("method", REMOTE_CONTROLS)
def test_what_changes_a_worker_is_refused_and_it_is_said_how_to_allow_it(asked: Asked, method: str) -> None:
    error = asked.ask({**PING, "method": method})["error"]
    assert f"SIMUL_REMOTE_CONTROL={method}" in error
    assert asked.done == []


def test_what_is_allowed_is_done_and_nothing_else(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    allowing = replace(settings, remote_controls=remote_controls("pool_grow, shutdown"))
    monkeypatch.setattr(control, "settings", allowing)
    for method in ("pool_grow", "shutdown", "pool_shrink"):
        asked.ask({**PING, "method": method})
    assert asked.done == ["pool_grow", "shutdown"]


@pytest.mark.parametrize("method", ["dance", "objgraph", "__init__", ""])
def test_an_unknown_command_has_an_answer_too(asked: Asked, method: str) -> None:
    assert "no command is called" in asked.ask({**PING, "method": method})["error"]


def test_the_answer_goes_to_who_asks(asked: Asked) -> None:
    back = {"reply_to": {"exchange": "e", "routing_key": "k"}, "ticket": "t"}
    asked.ask({**PING, **back})
    assert asked.replies == [{"me@here": {"ok": {}}}]


@pytest.mark.parametrize(
    ("where", "mine"),
    [
        ({"destination": ["me@here"]}, True),
        ({"destination": ["you@here"]}, False),
        ({"pattern": "me@*", "matcher": "glob"}, True),
        ({"pattern": "you@*", "matcher": "glob"}, False),
    ],
)
def test_a_command_may_be_for_some_workers(asked: Asked, where: dict[str, Any], mine: bool) -> None:
    assert asked.ask({**PING, **where}) == ({"ok": {}} if mine else None)


DEEP = json.loads("[" * 800 + "]" * 800)


@pytest.mark.parametrize(
    "changes",
    [
        *({"method": value} for value in (None, 7, ["ping"], "x" * 1000)),
        *({"arguments": value} for value in (7, [1], "x")),
        *({"destination": value} for value in (7, "me@here", {"me@here": 1}, [7])),
        *({"reply_to": value} for value in (7, "x", {}, {"exchange": 7, "routing_key": 7}, DEEP)),
        *({"ticket": value} for value in (7, [1], DEEP, "x" * 1000)),
        {"pattern": "(a+)+$", "matcher": "pcre"},  # it may take for ever
        {"pattern": 7, "matcher": "glob"},
        {"pattern": "x" * 1000, "matcher": "glob"},
    ],
)
def test_what_is_no_command_is_dropped(asked: Asked, changes: dict[str, Any]) -> None:
    assert asked.ask({**PING, **changes}) is None
    assert asked.done == []


@pytest.mark.parametrize("body", [7, [], None, "x", {}, DEEP, [PING]])
def test_what_is_no_object_is_dropped(asked: Asked, body: Any) -> None:
    assert asked.ask(body) is None


@pytest.mark.parametrize("clock", ["x", [1], -1, 1.5, True, 10**400, float("inf"), float("nan")])
def test_a_clock_that_is_none_is_not_believed(asked: Asked, clock: Any) -> None:
    assert asked.ask(PING, {"clock": clock}) is None
    assert asked.ask(PING, {"clock": 7}) == {"ok": {}}


def test_a_long_command_is_none(asked: Asked) -> None:
    assert asked.ask(PING, size=control.LONGEST + 1) is None


def test_what_arguments_make_of_a_question_is_its_answer(asked: Asked) -> None:
    asked.node.handlers["ping"] = lambda state: {"ok": state}
    error = asked.ask({**PING, "arguments": {"x" * 5000: DEEP}})["error"]
    assert "unexpected keyword argument" in error
    assert len(error) <= 1000


def test_a_command_that_is_not_there_cannot_be_allowed() -> None:
    assert Settings.read({}).remote_controls == frozenset()
    assert Settings.read({"SIMUL_REMOTE_CONTROL": "all"}).remote_controls == set(REMOTE_CONTROLS)
    with pytest.raises(SettingsError, match="no command that changes a worker is called 'shut_down'"):
        Settings.read({"SIMUL_REMOTE_CONTROL": "shutdown,shut_down"})
