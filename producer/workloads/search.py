"""An engine that thinks: nothing but computing, in pure Python. Also the positions to think about."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from producer.workloads.maker import Maker, Recipe
from worker.answers import Answer, MovePlayed
from worker.jobs import ChessMove

if TYPE_CHECKING:
    import chess

#: Half-moves that the engine looks ahead.
DEPTH = 3
#: Boards of the exhibition; Judit's opponents.
BOARDS = 24
#: Half-moves played before the first of these positions: most pieces are developed, and still there.
OPENING = 12
#: Half-moves after which a game is abandoned: random play seldom mates.
LONGEST = 80


def make(recipe: Recipe) -> tuple[ChessMove, ...]:
    """Make searches of the positions of seeded random games."""
    fens = islice(positions(random.Random(recipe.seed), OPENING), recipe.jobs)
    return tuple(ChessMove(fen, depth=DEPTH) for fen in fens)


def summary(answers: Sequence[Answer]) -> str:
    """Say how much was searched."""
    nodes = [answer.nodes or 0 for answer in answers if isinstance(answer, MovePlayed)]
    return f"{len(nodes):,} moves found, {sum(nodes):,} positions visited"


def positions(rng: random.Random, opening: int) -> Iterator[str]:
    """Yield endless FENs of legal positions in which the game goes on.

    `BOARDS` games are played in turn, one random half-move at each visit: as many jobs as may be
    wanted, at the price of one half-move each. A game starts with `opening` half-moves.
    """
    boards = [_open_game(rng, opening) for _ in range(BOARDS)]
    while True:
        for table, board in enumerate(boards):
            yield board.fen()
            _push_random(board, rng)
            if board.ply() >= LONGEST or board.is_game_over():
                boards[table] = _open_game(rng, opening)


def _open_game(rng: random.Random, opening: int) -> chess.Board:
    """Start a game with so many random half-moves, after which it is not over yet."""
    import chess  # not at the top: a list of the workloads, as in --help, needs no board

    while True:
        board = chess.Board()
        while board.ply() < opening and not board.is_game_over():
            _push_random(board, rng)
        if not board.is_game_over():
            return board


def _push_random(board: chess.Board, rng: random.Random) -> None:
    # Sorted: the order in which python-chess generates moves is its own affair.
    moves = sorted(board.legal_moves, key=lambda move: move.uci())
    board.push(moves[int(rng.random() * len(moves))])


MAKER = Maker(
    description=f"chess positions searched {DEPTH} half-moves deep, in pure Python",
    bound="cores",
    jobs=16,
    make=make,
    summary=summary,
)
