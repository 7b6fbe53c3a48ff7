"""A board is set up as python-chess does it, and what it refuses is refused."""

from __future__ import annotations

import random
from typing import Any

import chess
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.fen import set_up

START = chess.STARTING_FEN


def whole(board: chess.Board) -> dict[str, Any]:
    """All that a board consists of."""
    names = (
        "turn",
        "castling_rights",
        "ep_square",
        "halfmove_clock",
        "fullmove_number",
        "promoted",
        "occupied",
    )
    kinds = {kind: int(board.pieces_mask(kind, color)) for kind in range(1, 7) for color in chess.COLORS}
    state = {name: getattr(board, name) for name in names}
    stack = (board.move_stack, board.occupied_co[True], board.occupied_co[False], board.status())
    return {"fen": board.fen(), **state, "kinds": kinds, "map": board.piece_map(), "stack": stack}


def outcome(make: Any, fen: str) -> object:
    try:
        return whole(make(fen))
    except ValueError as error:
        return str(error)


@given(st.integers(0, 2**32), st.integers(0, 120))
def test_positions_of_games(seed: int, plies: int) -> None:
    rng, board = random.Random(seed), chess.Board()
    for _ in range(plies):
        if board.is_game_over():
            break
        board.push(rng.choice([*board.legal_moves]))
    for fen in (board.fen(), board.fen(en_passant="fen")):
        assert whole(set_up(fen)) == whole(chess.Board(fen))
        assert [*set_up(fen).legal_moves] == [*chess.Board(fen).legal_moves]


@given(st.integers(0, len(START) - 1), st.sampled_from("12345678/PNBRQKpnbrqkwb-KQahAH036 ~x\n\u0663"))
def test_one_character_that_is_another(place: int, character: str) -> None:
    for fen in (START[:place] + character + START[place + 1 :], START[:place] + character + START[place:]):
        assert outcome(set_up, fen) == outcome(chess.Board, fen)


@pytest.mark.parametrize(
    "fen",
    [
        "",
        START.partition(" ")[0],
        START.replace("KQkq", "HAha"),
        START.replace("KQkq", "qkQK"),
        START.replace("KQkq", "Kq"),
        START.replace("KQkq", ""),
        START.replace("KQkq -", " e3"),
        "8/8/8/8/8/8/8/8 w - - 0 1",
        "7k/8/8/44/8/8/8/K7 w - - 0 1",
        "4k3/8/8/8/8/8/8/4K3 b KQkq e3 0 0",
        "rnbq1bnr/pppppppp/8/8/3k4/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1",
        "Q~7/8/8/8/8/8/8/K6k w - - 7 99",
        "7k/8/8/8/8/8/8/K7 w - - 1234567 1",
    ],
)
def test_what_is_rare_or_wrong(fen: str) -> None:
    assert outcome(set_up, fen) == outcome(chess.Board, fen)
