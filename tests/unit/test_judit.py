"""The exhibition takes as long as the course says, in every design; no test here waits for it."""

from __future__ import annotations

import threading
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.exhibition.play import EXHIBITION_DESIGNS, play
from producer.exhibition.timetable import JUDIT_S, OPPONENT_S, Move, schedule
from worker.errors import InvalidJobError, UnknownNameError


class FakeClock:
    """A clock that jumps to whatever moment anyone waits for."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        return self._now_s

    def wait_until(self, moment_s: float) -> None:
        with self._lock:
            self._now_s = max(self._now_s, moment_s)

    async def wait_until_async(self, moment_s: float) -> None:
        self.wait_until(moment_s)


def end_s(opponents: int, moves: int, simultaneous: bool) -> float:
    """When the last opponent has answered, in hours of 3600 s."""
    return max(move.replied_s for move in schedule(opponents, moves, simultaneous))


def test_one_game_after_the_other_takes_twelve_hours() -> None:
    assert end_s(24, 30, simultaneous=False) == 12 * 3600


def test_going_from_table_to_table_takes_one_hour_and_the_last_answer() -> None:
    assert end_s(24, 30, simultaneous=True) == 3600 + 55


def test_with_few_opponents_judit_waits_for_them() -> None:
    assert end_s(1, 30, simultaneous=True) == end_s(1, 30, simultaneous=False) == 30 * 60
    assert end_s(3, 30, simultaneous=True) == 30 * 60 + 2 * 5
    assert end_s(12, 30, simultaneous=True) == 12 * 30 * 5 + 55  # the last of them just suffice


@given(st.integers(1, 40), st.integers(1, 10), st.booleans())
def test_nobody_moves_twice_at_once_or_out_of_turn(opponents: int, moves: int, simultaneous: bool) -> None:
    plan = list(schedule(opponents, moves, simultaneous))
    assert len({(move.opponent, move.number) for move in plan}) == opponents * moves == len(plan)
    for earlier, later in pairwise(plan):
        assert later.started_s >= earlier.moved_s
    answered: dict[int, Move] = {}
    for move in plan:
        before = answered.get(move.opponent)
        assert move.number == (before.number + 1 if before else 0)
        assert before is None or move.started_s >= before.replied_s
        assert move.moved_s - move.started_s == JUDIT_S
        assert move.replied_s - move.moved_s == OPPONENT_S
        answered[move.opponent] = move


@pytest.mark.parametrize("design", EXHIBITION_DESIGNS)
@pytest.mark.parametrize("opponents", [1, 3, 24])
def test_every_design_plays_every_move_and_ends_on_time(design: str, opponents: int) -> None:
    seen: list[Move] = []
    exhibition = play(design, 1.0, opponents, moves=6, on_move=seen.append, make_clock=FakeClock)
    plan = list(schedule(opponents, 6, simultaneous=design != "serial", hour_s=1.0))
    assert exhibition.design == design
    assert exhibition.measured_s == exhibition.ideal_s == max(move.replied_s for move in plan)
    assert exhibition.moves == tuple(seen)
    assert sorted((m.opponent, m.number) for m in seen) == sorted((m.opponent, m.number) for m in plan)
    assert all(move.started_s <= move.moved_s <= move.replied_s for move in seen)


def test_an_hour_is_scaled_to_what_is_asked() -> None:
    assert play("serial", make_clock=FakeClock).ideal_s == pytest.approx(12)
    assert play("asyncio", make_clock=FakeClock).ideal_s == pytest.approx(1 + 55 / 3600)
    assert play("threads", hour_s=0.5, make_clock=FakeClock).ideal_s == pytest.approx(0.5 * (1 + 55 / 3600))


@pytest.mark.parametrize("design", EXHIBITION_DESIGNS)
def test_the_real_clock_is_never_ahead_of_the_plan(design: str) -> None:
    exhibition = play(design, hour_s=0.1, opponents=3, moves=3)
    assert exhibition.measured_s >= exhibition.ideal_s
    assert len(exhibition.moves) == 9


@pytest.mark.parametrize("design", EXHIBITION_DESIGNS)
def test_whoever_breaks_an_exhibition_off_is_not_kept_waiting(design: str) -> None:
    def enough(_: Move) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        play(design, opponents=2, moves=5, on_move=enough, make_clock=FakeClock)


def test_an_unknown_design_is_answered_with_those_that_exist() -> None:
    with pytest.raises(UnknownNameError, match="'gevent'; there are: serial, threads, asyncio"):
        play("gevent")


@pytest.mark.parametrize(
    "numbers",
    [
        {"opponents": 0},
        {"opponents": 1001},
        {"moves": 0},
        {"moves": 10**9},
        {"hour_s": 0},
        {"hour_s": -1},
        {"hour_s": 1e-323},
        {"hour_s": float("nan")},
        {"hour_s": float("inf")},
    ],
)
def test_senseless_numbers_are_refused(numbers: dict[str, Any]) -> None:
    with pytest.raises(InvalidJobError, match=r"--opponents|--moves|--hour"):
        play("asyncio", **numbers)
