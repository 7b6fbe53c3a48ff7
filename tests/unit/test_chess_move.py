"""Moves are legal, reproducible and, from the engine, the best within its depth."""

from __future__ import annotations

import asyncio
import random
import time

import chess
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker import engine
from worker.answers import MovePlayed
from worker.chess_move import move, move_async
from worker.engine import MATE
from worker.errors import InvalidJobError, InvalidPositionError
from worker.jobs import ChessMove

MATES_IN_1 = [
    ("6k1/5ppp/8/8/8/8/8/R6K w - - 0 1", "a1a8"),
    ("rnbqkbnr/pppp1ppp/8/4p3/6P1/5P2/PPPPP2P/RNBQKBNR b KQkq - 0 2", "d8h4"),
    ("r1bqkbnr/p1pp1ppp/1pn5/4p3/2B1P3/5Q2/PPPP1PPP/RNB1K1NR w KQkq - 0 4", "f3f7"),
]
MATES_IN_2 = [
    "kbK5/pp6/1P6/8/8/8/8/R7 w - - 0 1",  # Morphy's problem: 1. Ra6
    "7k/8/8/8/8/8/R7/1R5K w - - 0 1",  # the two rooks' staircase
]


def random_board(seed: int, plies: int) -> chess.Board:
    """A position after so many random half-moves, or the last one before the game ended."""
    rng, board = random.Random(seed), chess.Board()
    for _ in range(plies):
        board.push(rng.choice(list(board.legal_moves)))
        if board.is_game_over():
            board.pop()
            break
    return board


def minimax(board: chess.Board, depth: int, ply: int = 0) -> int:
    """The score without any pruning."""
    final = engine.final_score(board, ply)
    if final is not None:
        return final
    if depth == 0:
        return engine.evaluate(board)
    scores = []
    for candidate in list(board.legal_moves):
        board.push(candidate)
        scores.append(-minimax(board, depth - 1, ply + 1))
        board.pop()
    return max(scores)


def test_a_human_waits_and_then_plays_the_move_that_the_seed_picks() -> None:
    waits: list[float] = []
    played = [move(ChessMove(chess.STARTING_FEN, wait_ms=250, seed=seed), waits.append) for seed in range(40)]
    assert waits == [0.25] * 40
    assert played == [move(ChessMove(chess.STARTING_FEN, wait_ms=0, seed=seed)) for seed in range(40)]
    assert all(chess.Move.from_uci(answer.move) in chess.Board().legal_moves for answer in played)
    assert len({answer.move for answer in played}) > 10
    assert played[0] == MovePlayed(played[0].move, score=None, nodes=None)


@pytest.mark.parametrize(
    "fen",
    [
        "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1",  # castling
        "n1n5/PPPk4/8/8/8/8/4Kppp/5N1N b - - 0 1",  # promotions
        "8/8/8/K2pP2r/8/8/8/7k w - d6 0 2",  # a capture in passing that would open the king's rank
        "4k3/8/8/8/4r3/8/4B3/4K2r w - - 0 1",  # in check, and a pinned piece
    ],
)
def test_every_legal_move_and_no_other_is_picked_by_some_seed(fen: str) -> None:
    picked = {move(ChessMove(fen, wait_ms=0, seed=seed)).move for seed in range(-2000, 2000)}
    assert picked == {legal.uci() for legal in chess.Board(fen).legal_moves}


def test_time_sleep_is_looked_up_when_it_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)  # as gevent and eventlet do
    move(ChessMove(chess.STARTING_FEN, wait_ms=20_000))
    assert sum(waits) == pytest.approx(20)


def test_the_async_twin_awaits_its_wait_and_plays_the_same_move() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    job = ChessMove(chess.STARTING_FEN, wait_ms=20, seed=3)
    assert asyncio.run(move_async(job, sleep)) == move(job, waits.append)
    assert waits == [0.02, 0.02]
    assert asyncio.run(move_async(ChessMove(chess.STARTING_FEN, wait_ms=0, seed=3))) == move(
        job, waits.append
    )


def test_a_search_gives_the_same_answer_each_time_in_both_twins() -> None:
    job = ChessMove(random_board(1, 20).fen(), depth=2)
    answer = move(job)
    assert answer.score is not None
    assert answer.nodes is not None
    assert answer.nodes > 1
    assert asyncio.run(move_async(job)) == answer


@pytest.mark.parametrize(("fen", "mating"), MATES_IN_1)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_mate_in_one_is_found_at_every_depth(fen: str, mating: str, depth: int) -> None:
    answer = move(ChessMove(fen, depth=depth))
    assert (answer.move, answer.score) == (mating, MATE - 1)


@pytest.mark.parametrize("fen", MATES_IN_2)
def test_a_mate_in_two_is_found_three_half_moves_deep(fen: str) -> None:
    answer = move(ChessMove(fen, depth=3))
    assert answer.score == MATE - 3
    board = chess.Board(fen)
    board.push_uci(answer.move)
    assert minimax(board, 2) == 2 - MATE


def test_the_side_that_will_be_mated_holds_out_as_long_as_it_can() -> None:
    board = chess.Board(MATES_IN_2[1])
    board.push_uci(engine.search(board, 3).move.uci())
    assert engine.search(board, 2).score == 2 - MATE


def test_stalemate_and_bare_kings_are_worth_nothing() -> None:
    assert engine.final_score(chess.Board("7k/5Q2/6K1/8/8/8/8/8 b - - 0 1"), 3) == 0
    assert move(ChessMove("7k/8/8/8/8/8/1q6/K7 w - - 0 1", depth=2)).score == 0


@pytest.mark.parametrize(
    ("fen", "best", "score", "nodes"),
    [
        ("r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1", "e2a6", 322, 2563),
        ("8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - - 0 1", "b4f4", 128, 331),
        ("n1n5/PPPk4/8/8/8/8/4Kppp/5N1N b - - 0 1", "g2h1q", 590, 480),
        ("rnbqkb1r/ppp1pppp/5n2/3pP3/8/8/PPPP1PPP/RNBQKBNR w KQkq d6 0 3", "f1b5", 288, 2957),
    ],
    ids=["castles", "pins", "promotions", "en passant"],
)
def test_a_search_does_the_same_work_in_every_version(fen: str, best: str, score: int, nodes: int) -> None:
    # How fast may change; the answers of a result file may not.
    assert move(ChessMove(fen, depth=3)) == MovePlayed(best, score, nodes)


@given(st.integers(0, 2**32), st.integers(0, 200))
def test_a_game_is_over_for_the_engine_when_it_is_for_the_rules(seed: int, plies: int) -> None:
    board = random_board(seed, plies).copy(stack=False)  # or repetitions would count
    for last in list(board.legal_moves):
        board.push(last)
        outcome = board.outcome()
        mate = outcome is not None and outcome.winner is not None
        assert engine.final_score(board, 1) == (None if outcome is None else 1 - MATE if mate else 0)
        board.pop()


@given(st.integers(0, 2**32), st.integers(0, 100))
def test_what_takes_and_promotes_is_tried_first_and_the_rest_by_name(seed: int, plies: int) -> None:
    board = random_board(seed, plies)
    moves = engine.ordered_moves(board)
    assert sorted(move.uci() for move in moves) == sorted(move.uci() for move in board.legal_moves)
    loud = [bool(move.promotion) or board.is_capture(move) for move in moves]
    assert loud == sorted(loud, reverse=True)
    quiet = [move.uci() for move in moves[sum(loud) :]]
    assert quiet == sorted(quiet)


@given(st.integers(0, 2**32), st.integers(0, 60))
def test_the_evaluation_is_the_same_from_both_sides(seed: int, plies: int) -> None:
    board = random_board(seed, plies)
    assert engine.evaluate(board) == engine.evaluate(board.mirror())
    assert abs(engine.evaluate(board)) < MATE // 2


@pytest.mark.parametrize("seed", range(12))
def test_alpha_beta_finds_what_plain_minimax_finds(seed: int) -> None:
    board = random_board(seed, plies=seed * 12 % 70)
    for depth in (1, 2):
        best = engine.search(board.copy(), depth)
        assert best.score == minimax(board.copy(), depth)
        board.push(best.move)
        assert -minimax(board, depth - 1, ply=1) == best.score
        board.pop()


def test_alpha_beta_visits_fewer_positions_than_there_are() -> None:
    board = random_board(5, 16)
    total = 1 + sum(1 + _replies(board, first) for first in list(board.legal_moves))
    assert engine.search(board, 2).nodes < total


def _replies(board: chess.Board, first: chess.Move) -> int:
    board.push(first)
    count = board.legal_moves.count()
    board.pop()
    return count


@pytest.mark.parametrize(
    ("fen", "complaint"),
    [
        ("", "is no FEN"),
        ("hello", "is no FEN"),
        ("x" * 200, "is no FEN"),
        ("rnbqkbnr/pppppppp/9/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1", "is no FEN"),
        ("8/8/8/8/8/8/8/8 w - - 0 1", "is illegal: no white king, no black king, empty"),
        ("4k3/4R3/8/8/8/8/8/4K3 w - - 0 1", "is illegal: opposite check"),
        ("4k3/8/8/8/8/8/8/4K3 w KQkq - 0 1", "is illegal: bad castling rights"),
        ("R5k1/5ppp/8/8/8/8/8/7K b - - 0 1", "is a finished game: checkmate, 1-0"),
        ("7k/5Q2/6K1/8/8/8/8/8 b - - 0 1", "is a finished game: stalemate, 1/2-1/2"),
        ("7k/8/6K1/8/8/8/8/8 b - - 0 1", "is a finished game: insufficient material"),
        ("7k/8/6K1/8/8/8/8/R7 b - - 150 100", "is a finished game: seventyfive moves"),
    ],
)
@pytest.mark.parametrize("thinking", [{"depth": 1}, {"wait_ms": 20_000}])
def test_a_position_without_a_move_is_refused_at_once(
    fen: str, complaint: str, thinking: dict[str, int]
) -> None:
    job = ChessMove(fen, **thinking)
    for play in (move, lambda job: asyncio.run(move_async(job))):
        with pytest.raises(InvalidPositionError, match=complaint) as caught:
            play(job)
        assert len(str(caught.value)) < 500


@given(st.text() | st.from_regex(r"([pnbrqkPNBRQK1-8]{1,8}/){7}[KkQq1-8]{1,8} [wb] -( -( [0-9]+){0,2})?"))
def test_any_text_is_a_position_or_refused(fen: str) -> None:
    try:
        answer = move(ChessMove(fen, wait_ms=0))
    except InvalidJobError:
        return
    assert chess.Board(fen).parse_uci(answer.move)
