"""The exhibition's games are real ones, and the same wherever and however often a move is made."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import chess
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.exhibition.program import Program
from worker.answers import GameMovePlayed
from worker.errors import InvalidJobError, InvalidPositionError
from worker.game import openings
from worker.game_move import exhibition_of, first_moves, move, move_async, next_move, play, queue_of, run_of
from worker.job_messages import from_message, to_message
from worker.jobs import GameMove
from worker.openings import OPENINGS
from worker.pass_on import entry_of, message_of, require_place

FIRST = GameMove(chess.STARTING_FEN, 0, 0, 2026, 24, 60, (5, 55), ("simul.judit", "simul.gevent"))


def played_out(job: GameMove) -> list[tuple[GameMove, GameMovePlayed]]:
    """All moves from this one on, one after the other, as they follow from each other."""
    moves = []
    following: GameMove | None = job
    while following:
        moves.append((following, play(following)))
        following = next_move(*moves[-1])
    return moves


@pytest.mark.parametrize("opening", OPENINGS, ids=lambda opening: opening.name)
def test_openings_are_legal_and_each_is_another(opening: Any) -> None:
    board = chess.Board()
    for text in opening.moves:
        board.push(board.parse_uci(text))
    assert len(opening.moves) >= 10
    assert (
        len({other.moves for other in OPENINGS}) == len({other.name for other in OPENINGS}) == len(OPENINGS)
    )


def test_each_of_24_boards_has_an_opening_of_its_own() -> None:
    assert len({opening.name for opening in openings(2026, 24)}) == 24
    assert openings(2026, 24) != openings(2027, 24)
    assert len(openings(1, 1000)) == 1000


@pytest.mark.parametrize("seed", [2026, 0, -1, 2**63 - 1])
def test_python_chess_replays_every_game(seed: int) -> None:
    program = Program(24, 30, 1.0, 1, seed)
    for board, game in enumerate(program.games):
        replayed = chess.Board()
        for text in game.moves:
            replayed.push(replayed.parse_uci(text))
        opening = openings(seed, 24)[board]
        assert game.opening == opening.name
        assert game.moves[: len(opening.moves)] == opening.moves
        assert replayed.result() == game.result
        assert len(game.moves) == 60 or replayed.is_game_over()


def test_a_seed_makes_the_same_games_and_another_seed_others() -> None:
    assert Program(8, 20, 1.0, 1, 5).games == Program(8, 20, 10.0, 3, 5).games
    assert Program(8, 20, 1.0, 1, 5).games != Program(8, 20, 1.0, 1, 6).games


def test_judit_plays_better_than_amateurs() -> None:
    values = {chess.PAWN: 1, chess.KNIGHT: 3, chess.BISHOP: 3, chess.ROOK: 5, chess.QUEEN: 9, chess.KING: 0}
    ahead = 0
    for seed in range(3):
        for game in Program(24, 30, 1.0, 1, seed).games:
            board = chess.Board()
            for text in game.moves:
                board.push_uci(text)
            pieces = board.piece_map().values()
            ahead += sum(values[piece.piece_type] * (1 if piece.color else -1) for piece in pieces)
    assert ahead > 72  # more than a pawn a game


def test_both_twins_make_the_same_move_after_their_time() -> None:
    naps: list[float] = []
    slow = replace(FIRST, think_ms=(20_000, 1))
    assert move(slow, naps.append) == play(FIRST)
    assert 19 < sum(naps) <= 20
    assert asyncio.run(move_async(FIRST)) == play(FIRST)


def test_a_game_goes_on_from_queue_to_queue_until_it_is_over() -> None:
    moves = played_out(replace(FIRST, board=3))
    assert [job.ply for job, _ in moves] == list(range(len(moves)))
    assert {job.board for job, _ in moves} == {3}
    assert [queue_of(job) for job, _ in moves[:3]] == ["simul.judit", "simul.gevent", "simul.judit"]


def test_a_game_that_is_won_does_not_go_on() -> None:
    mated = GameMovePlayed("d1h5", "8/8/8/8/8/8/8/8 b - - 0 1", "1-0")
    assert next_move(FIRST, mated) is None
    assert next_move(replace(FIRST, ply=59), play(replace(FIRST, ply=59))) is None


def test_in_turn_the_end_of_a_game_is_the_beginning_of_another() -> None:
    in_turn = replace(FIRST, boards=5, plies=4, step=2)
    assert [job.board for job in first_moves(in_turn)] == [0, 1]
    assert list(dict.fromkeys(job.board for job, _ in played_out(first_moves(in_turn)[0]))) == [0, 2, 4]
    assert list(dict.fromkeys(job.board for job, _ in played_out(first_moves(in_turn)[1]))) == [1, 3]
    assert [job.board for job in first_moves(replace(in_turn, step=0))] == [0, 1, 2, 3, 4]


def test_a_move_travels_as_json() -> None:
    message = message_of("ab-0", FIRST)
    assert from_message(msgspec.json.decode(msgspec.json.encode(message))["job"]) == FIRST
    assert message["index"] == 0


@pytest.mark.parametrize(
    "change",
    [
        {"fen": "x" * 201},
        {"board": 24},
        {"board": -1},
        {"ply": 60},
        {"boards": 0},
        {"boards": 1001},
        {"plies": 0},
        {"plies": 2001},
        {"think_ms": [-1, 1]},
        {"think_ms": [1, 20_001]},
        {"think_ms": [1]},
        {"queues": ["simul.judit", "celery"]},
        {"queues": ["simul.judit", "simul." + 300 * "x"]},
        {"queues": ["simul.judit", "simul.\ud800"]},
        {"step": 25},
        {"step": -1},
        {"more": 1},
    ],
    ids=str,
)
def test_what_is_no_move_of_a_game_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidJobError):
        from_message({**to_message(FIRST), **change})


def test_a_position_in_which_nobody_can_move_is_refused() -> None:
    with pytest.raises(InvalidPositionError, match="is a finished game"):
        play(replace(FIRST, fen="k7/1Q6/1K6/8/8/8/8/8 b - - 0 1", ply=1))


@given(
    st.sampled_from([chess.STARTING_FEN, "8/P6k/8/8/8/8/8/K7 w - - 0 1", "4k3/8/8/8/8/8/8/4K2R w K - 0 1"]),
    st.integers(),
)
def test_whatever_the_position_a_legal_move_is_made(fen: str, seed: int) -> None:
    job = replace(FIRST, fen=fen, seed=seed % 2**63, boards=1, ply=2 if fen.startswith("8") else 0)
    played = play(job)
    board = chess.Board(fen)
    board.push(board.parse_uci(played.move))
    assert played.fen == board.fen()


def test_a_game_is_a_run_of_its_own_and_a_move_is_known_by_its_number() -> None:
    assert run_of("ab12", 7) == "ab12-7"
    assert exhibition_of(run_of("ab12", 7)) == "ab12"
    assert entry_of(replace(FIRST, ply=12)) == "13-0"
    assert entry_of(None) == "*"
    require_place(FIRST, "ab12-0", 0)
    for run, index in (("ab12-1", 0), ("ab12-0", 1), ("ab12", 0)):
        with pytest.raises(InvalidJobError):
            require_place(FIRST, run, index)
