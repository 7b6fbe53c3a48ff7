"""When a consumer takes nothing, for the sake of a suspect."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from celery_reliable_redis import solitude
from celery_reliable_redis.solitude import LOOK_S, MAKING_ROOM_S, PASSING_S, STILL_THERE_S, Solitude

BUSY: Any = SimpleNamespace(held={"a job"}, is_hand_empty=False)
WAITING: Any = SimpleNamespace(held={"one that waits for its time"}, is_hand_empty=True)
IDLE: Any = SimpleNamespace(held=set(), is_hand_empty=True)


class Clock:
    now = 1.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(solitude, "time", clock)
    return clock


def meet_a_suspect_in_vain(ours: Solitude, clock: Clock) -> None:
    assert ours.choose(BUSY) == "stop"
    ours.begin(has_suspect=False)
    assert ours.choose(BUSY) is None
    clock.now += MAKING_ROOM_S
    assert ours.choose(BUSY) == "pass"


def test_who_has_made_room_in_vain_lets_suspects_go_by(clock: Clock) -> None:
    ours = Solitude()
    meet_a_suspect_in_vain(ours, clock)
    assert ours.choose(BUSY) == "pass"
    ours.begin(has_suspect=False)  # there was nothing but suspects
    assert ours.choose(BUSY) is None
    clock.now += LOOK_S
    assert ours.choose(BUSY) == "pass"
    clock.now += PASSING_S
    meet_a_suspect_in_vain(ours, clock)


@pytest.mark.parametrize("empty", [IDLE, WAITING])
def test_who_has_empty_hands_lets_none_go_by(clock: Clock, empty: Any) -> None:
    ours = Solitude()
    meet_a_suspect_in_vain(ours, clock)
    ours.begin(has_suspect=False)
    assert ours.choose(empty) == "alone"
    assert ours.choose(BUSY) == "stop"


def test_who_makes_room_looks_now_and_then_whether_the_suspect_is_still_there(clock: Clock) -> None:
    ours = Solitude()
    assert not ours.is_to_look()
    ours.begin(has_suspect=False)
    assert not ours.is_to_look()
    clock.now += STILL_THERE_S
    assert [ours.is_to_look(), ours.is_to_look()] == [True, False]
    clock.now += STILL_THERE_S
    assert ours.is_to_look()
    clock.now += MAKING_ROOM_S - 2 * STILL_THERE_S
    assert ours.choose(BUSY) == "pass"
    ours.begin(has_suspect=True)  # it is here
    clock.now += STILL_THERE_S
    assert not ours.is_to_look()


def test_beside_a_suspect_nothing_is_taken_however_long_it_takes(clock: Clock) -> None:
    ours = Solitude()
    meet_a_suspect_in_vain(ours, clock)
    ours.begin(has_suspect=True)
    clock.now += PASSING_S
    assert ours.choose(BUSY) is None
    assert ours.choose(IDLE) == "alone"
