"""What those who watch are told of an exhibition that nobody plays to its end."""

from __future__ import annotations

from typing import Any

import pytest

from producer.exhibition import published
from producer.exhibition.hold import Plan, hold
from producer.exhibition.lane import parse_lanes
from producer.exhibition.program import Program
from producer.live.feed import Feed


class Heard(Feed):
    """A feed whose last state is kept."""

    last: dict[str, Any]

    def state(self, state: dict[str, Any]) -> None:
        Heard.last = {**state}


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "Feed", Heard)


def state_after(ways: str, monkeypatch: pytest.MonkeyPatch, unavailable: str) -> dict[str, Any]:
    """The last state of an exhibition in these ways, of which one cannot run here."""
    lanes = parse_lanes(ways, 2)
    why = {lane.spec: "it is not installed" for lane in lanes if lane.spec.way == unavailable}
    monkeypatch.setattr("producer.contenders.spec.Spec.unavailable", lambda spec: why.get(spec))
    plan = Plan(program=Program(2, 1, 0.01, 1, 1), lanes=lanes)
    with published.PublishingWatcher(plan) as watcher:
        hold(plan, watcher)
    return Heard.last


def test_where_nobody_could_play_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    state = state_after("threads", monkeypatch, "threads")
    assert (state["status"], state["says"]) == ("failed", "it is not installed")
    # Runs are shown in the order in which they began: one that never did would be the newest for ever.
    assert 0 < state["began"] <= state["ended"]


def test_where_one_could_play_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    state = state_after("threads,asyncio", monkeypatch, "threads")
    assert (state["status"], state["says"]) == ("done", "over")
    assert [lane["status"] for lane in state["lanes"]] == ["failed", "done"]
    assert state["lanes"][0]["problems"] == ["it is not installed"]
