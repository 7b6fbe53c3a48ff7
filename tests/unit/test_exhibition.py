"""How long an exhibition must take, where its time went, and who may play: no test here waits for one."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import chess.pgn
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producer.exhibition.account import account
from producer.exhibition.held import Held
from producer.exhibition.ideal import ideal_s
from producer.exhibition.lane import parse_lane, parse_lanes
from producer.exhibition.moves import MoveMade, Played
from producer.exhibition.pgn import write_games
from producer.exhibition.program import Program
from producer.exhibition.sentences import what_is_seen
from producer.exhibition.timetable import schedule
from producer.exhibition.workers import judits
from worker.errors import InvalidJobError, UnknownNameError

SMALL = Program(4, 3, 3600 / 60, 1, 2026)


def hours(plies: list[int], judits: int = 1, slots: int = 24, in_turn: bool = False) -> float:
    return ideal_s(plies, judits=judits, slots=slots, judit_s=5, opponent_s=55, in_turn=in_turn) / 3600


def test_the_course_has_twelve_hours_and_one_hour_and_55_seconds() -> None:
    assert hours([60] * 24, in_turn=True) == 12
    assert hours([60] * 24) == 1 + 55 / 3600


@given(st.integers(1, 30), st.integers(1, 8))
def test_it_is_the_timetable_where_every_opponent_has_a_slot(opponents: int, moves: int) -> None:
    for in_turn in (False, True):
        end_s = max(move.replied_s for move in schedule(opponents, moves, simultaneous=not in_turn))
        ideal = hours([2 * moves] * opponents, slots=opponents, in_turn=in_turn)
        assert ideal * 3600 == pytest.approx(end_s)


def test_more_judits_are_faster_as_long_as_boards_wait_for_them() -> None:
    two, many = hours([60] * 24, judits=2), hours([60] * 24, judits=24)
    assert two == pytest.approx(0.5 + 55 / 3600, rel=0.02)
    assert many == pytest.approx(30 * 60 / 3600)
    assert hours([60] * 24, judits=3, in_turn=True) == 4


def test_few_slots_starve_her() -> None:
    # A slot is busy for 55 s of each move, and 24 opponents share it.
    assert hours([60] * 24, slots=1) == pytest.approx((24 * 30 * 55 + 5) / 3600)
    assert hours([60] * 24, slots=11) == pytest.approx(1, rel=0.05)
    assert hours([60] * 24, slots=4) > hours([60] * 24, slots=6) > hours([60] * 24, slots=11)


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=12), st.integers(1, 4), st.integers(1, 12), st.booleans()
)
def test_nothing_is_faster_than_its_players_can_think(
    plies: list[int], judits: int, slots: int, in_turn: bool
) -> None:
    ideal = ideal_s(plies, judits=judits, slots=slots, judit_s=5, opponent_s=55, in_turn=in_turn)
    hers = sum(-(-ply // 2) for ply in plies) * 5
    theirs = sum(ply // 2 for ply in plies) * 55
    longest = max(-(-ply // 2) * 5 + ply // 2 * 55 for ply in plies)
    assert ideal >= max(hers / judits, theirs / slots, longest) - 1e-9
    assert ideal <= hers + theirs + 1e-9


def simulated(program: Program, judits: int, slots: int, gap_s: float, overshoot_s: float) -> Played:
    """An exhibition in which each board waits for `gap_s` before a thought, and thoughts last longer."""
    think_s = (program.judit_s + overshoot_s, program.opponent_s + overshoot_s)
    free = [[0.0] * judits, [0.0] * slots]
    boards = [(0.0, board, 0) for board in range(program.opponents)]
    moves = []
    while boards:
        boards.sort()
        there_s, board, ply = boards.pop(0)
        side = ply % 2
        player = min(range(len(free[side])), key=lambda one: free[side][one])
        start_s = max(there_s, free[side][player]) + gap_s
        end_s = start_s + think_s[side]
        free[side][player] = end_s
        moves.append(MoveMade(board, ply, "e2e4", there_s, start_s, start_s, end_s))
        if ply + 1 < program.plies[board]:
            boards.append((end_s, board, ply + 1))
    return Played(moves, slots, judits)


def ideal_of(program: Program, judits: int, slots: int) -> float:
    return ideal_s(
        program.plies,
        judits=judits,
        slots=slots,
        judit_s=program.judit_s,
        opponent_s=program.opponent_s,
    )


@pytest.mark.parametrize("judits", [1, 2])
@pytest.mark.parametrize("slots", [1, 2, 4])
@pytest.mark.parametrize("gap_s", [0.0, 0.01])
@pytest.mark.parametrize("overshoot_s", [0.0, 0.002])
def test_an_account_adds_up_to_what_was_measured(
    judits: int, slots: int, gap_s: float, overshoot_s: float
) -> None:
    played = simulated(SMALL, judits, slots, gap_s, overshoot_s)
    ideal = ideal_of(SMALL, judits, slots)
    of = account(played, SMALL, ideal)
    assert of.total_s == pytest.approx(played.measured_s)
    assert of.startup_s == pytest.approx(gap_s)
    if not gap_s and not overshoot_s:
        assert of.messages_s == of.queue_s == pytest.approx(0)
        assert of.overshoot_s == pytest.approx(0, abs=1e-9)
        assert of.order_s == pytest.approx(0, abs=1e-9)
    if overshoot_s:
        assert of.overshoot_s > 0
    if gap_s:
        assert of.messages_s > 0


def test_what_lay_with_a_worker_is_a_queue_and_what_came_late_is_a_message() -> None:
    program = Program(1, 1, 60, 1, 2026)  # 5/60 s and 55/60 s
    first = MoveMade(0, 0, "e2e4", 0.0, 0.1, 0.1, 0.1 + program.judit_s)
    there_s = first.finished_s
    second = MoveMade(0, 1, "e7e5", there_s, there_s + 0.2, there_s + 0.5, there_s + 0.5 + program.opponent_s)
    of = account(Played([first, second], 1, 1), program, ideal_of(program, 1, 1))
    assert (of.startup_s, of.messages_s, of.queue_s) == pytest.approx((0.1, 0.2, 0.3))


@settings(deadline=None)
@given(st.data(), st.integers(1, 3), st.integers(1, 5))
def test_whatever_the_records_say_the_account_ends_and_adds_up(
    data: st.DataObject, judits: int, slots: int
) -> None:
    # Also equal times, thoughts of no time, and moves that began, by another host's clock, before they could.
    times = st.lists(st.integers(0, 5), min_size=4, max_size=4)
    moves = []
    for board, plies in enumerate(SMALL.plies):
        for ply in range(plies):
            handed_s, *later = data.draw(times)
            received_s, started_s, finished_s = sorted(later)
            moves.append(MoveMade(board, ply, "e2e4", handed_s, received_s, started_s, finished_s))
    played = Played(moves, slots, judits)
    assert account(played, SMALL, 1.0).total_s == pytest.approx(played.measured_s)


def test_a_game_in_turn_is_caused_by_the_game_before() -> None:
    moves, now_s = [], 0.0
    for board in range(2):
        for ply in range(2):
            think_s = SMALL.opponent_s if ply else SMALL.judit_s
            moves.append(MoveMade(board, ply, "e2e4", now_s, now_s, now_s, now_s + think_s))
            now_s += think_s
    of = account(Played(moves, 24, 1), SMALL, now_s)
    assert of.total_s == pytest.approx(now_s)
    assert of.order_s == pytest.approx(0)


def test_every_opponent_has_a_slot_where_nobody_says_how_many() -> None:
    names = [
        lane.name for lane in parse_lanes("serial, asyncio,celery:gevent@4x2/prefetch=1,celery:solo", 24)
    ]
    assert names == ["serial", "asyncio@24", "celery:gevent@4x2/prefetch=1", "celery:solo"]
    assert [lane.in_turn for lane in parse_lanes("serial,threads@3,celery:gevent/in-turn", 24)] == [
        True,
        False,
        True,
    ]
    assert parse_lane("celery:gevent@7/in-turn", 24).name == "celery:gevent@7/in-turn"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nobody", "no contender is called 'nobody'"),
        ("interpreters", "interpreters plays no games; there are: serial"),
        ("asyncio+threads", "plays no games"),
        ("threads@1001", "up to 1,000 slots"),
        ("celery:gevent@100x11", "up to 1,000 slots"),
        (" , ", "--with names nobody"),
    ],
)
def test_who_cannot_play_is_told(text: str, says: str) -> None:
    with pytest.raises(UnknownNameError, match=says):
        parse_lanes(text, 24)


@pytest.mark.parametrize(
    ("opponents", "slots", "says"),
    [
        (24, 24, "makes a move elsewhere, and need not wait for any of them"),
        (24, 3, "only 3 opponents can think at once, where 11 would keep Judit busy"),
        (10, 10, "but 10 opponents cannot keep Judit busy, which takes 11"),
        (10, 3, "only 3 opponents can think at once, where 10 play"),
        (1, 1, "but 1 opponent cannot keep Judit busy"),
    ],
)
def test_who_has_few_opponents_is_not_said_to_be_busy(opponents: int, slots: int, says: str) -> None:
    program = Program(opponents, 1, 1.0, 1, 2026)
    assert says in what_is_seen(Held(parse_lane(f"asyncio@{slots}", opponents), 1.0), program)


@pytest.mark.parametrize(
    ("number", "way", "slots"),
    [
        (1, "celery:gevent", 2),
        (1, "celery:gevent/in-turn", 2),
        (2, "celery:gevent", 2),  # 24 boards come back as fast as two of her can move
        (2, "celery:gevent@4", 1),
        (2, "celery:gevent/in-turn", 1),
        (3, "celery:gevent", 1),
    ],
)
def test_a_judit_takes_no_board_that_another_is_free_for(number: int, way: str, slots: int) -> None:
    for hour_s in (0.1, 1, 10, 100):
        spec = judits(Program(24, 30, hour_s, number, 2026), parse_lane(way, 24))
        assert (spec.workers, spec.slots) == (number, slots)


@pytest.mark.parametrize(
    "numbers",
    [
        {"opponents": 0},
        {"opponents": 1001},
        {"moves": 0},
        {"moves": 10**9},
        {"hour_s": 0},
        {"hour_s": float("nan")},
        {"hour_s": 1e-323},  # at best it would take no time at all
        {"hour_s": 1400},
        {"judits": 0},
        {"judits": 65},
        {"seed": 2**63},
        {"opponents": 1000, "moves": 1000},
    ],
    ids=str,
)
def test_senseless_numbers_are_refused(numbers: dict[str, Any]) -> None:
    with pytest.raises(InvalidJobError, match=r"--opponents|--moves|--hour|--judits|--seed"):
        Program(**{"opponents": 24, "moves": 30, "hour_s": 1.0, "judits": 1, "seed": 1, **numbers})


def test_games_are_written_so_that_python_chess_reads_them_again(tmp_path: Any) -> None:
    program = Program(24, 30, 1.0, 1, 2026)
    path = tmp_path / "games.pgn"
    path.write_text(write_games(program, "celery:gevent@24"), encoding="utf-8")
    with path.open(encoding="utf-8") as file:
        games = list(iter(lambda: chess.pgn.read_game(file), None))
    assert [game.errors for game in games] == [[]] * 24
    assert [tuple(move.uci() for move in game.mainline_moves()) for game in games] == [
        game.moves for game in program.games
    ]
    assert [game.headers["Result"] for game in games] == [game.result for game in program.games]
    assert [game.headers["Round"] for game in games] == [str(board) for board in range(1, 25)]
    assert all(
        int(after.headers["Round"]) > int(before.headers["Round"]) for before, after in pairwise(games)
    )
    assert "1-0" in {game.headers["Result"] for game in games}
