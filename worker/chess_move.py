"""Makes one chess move: by waiting, as a human at the board does, or by searching, as an engine does.

Waiting costs time but no processor; searching costs nothing but processor. The async twin of a
search blocks its event loop from the first node to the last, on purpose: that `async` alone makes no
computation concurrent is what the lab shows. Whoever wants otherwise hands `move` to a thread or process.

This module keeps no game: a job is one position.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

import chess

from worker import engine
from worker.answers import MovePlayed
from worker.deadline import UNLIMITED, Deadline
from worker.errors import InvalidPositionError
from worker.fen import set_up
from worker.jobs import ChessMove, wait_s


def move(
    job: ChessMove, sleep: Callable[[float], object] | None = None, until: Deadline = UNLIMITED
) -> MovePlayed:
    """Make the move that the job asks for; `sleep` takes seconds.

    Raises:
        InvalidPositionError: the FEN or its position is illegal, or the game is over.
    """
    board = position(job.fen)
    if job.depth is not None:
        return _search(board, job.depth, until)
    # Looked up only now: gevent and eventlet replace time.sleep, perhaps after this module was loaded.
    sleep = sleep or time.sleep
    for nap_s in until.naps(wait_s(job)):
        sleep(nap_s)
    return _pick(board, job.seed)


async def move_async(
    job: ChessMove,
    sleep: Callable[[float], Awaitable[object]] | None = None,
    until: Deadline = UNLIMITED,
) -> MovePlayed:
    """Make the same move, awaiting where `move` sleeps. A search still blocks the loop.

    Raises:
        InvalidPositionError: the FEN or its position is illegal, or the game is over.
    """
    board = position(job.fen)
    if job.depth is not None:
        return _search(board, job.depth, until)
    import asyncio  # not at the top: a worker without an event loop has no use for it

    sleep = sleep or asyncio.sleep
    for nap_s in until.naps(wait_s(job)):
        await sleep(nap_s)
    return _pick(board, job.seed)


def position(fen: str) -> chess.Board:
    """Set up the board of a legal position in which somebody can move.

    Raises:
        InvalidPositionError: the position is none, illegal or over; the text says what is wrong.
    """
    shown = ascii(fen if len(fen) <= 100 else fen[:97] + "...")
    try:
        board = set_up(fen)
    except ValueError as error:
        raise InvalidPositionError(f"{shown} is no FEN: {str(error)[:200]}") from None
    if status := board.status():
        faults = [str(flag.name).lower().replace("_", " ") for flag in chess.Status if flag & status]
        raise InvalidPositionError(f"{shown} is illegal: {', '.join(faults)}")
    if outcome := board.outcome():
        ending = outcome.termination.name.lower().replace("_", " ")
        raise InvalidPositionError(f"{shown} is a finished game: {ending}, {outcome.result()}")
    return board


def _search(board: chess.Board, depth: int, until: Deadline) -> MovePlayed:
    best = engine.search(board, depth, until.check)
    return MovePlayed(best.move.uci(), best.score, best.nodes)


def _pick(board: chess.Board, seed: int) -> MovePlayed:
    """Play one of the moves of the piece that the seed picks, or of the next piece that can move.

    One of all legal moves would do as well, but finding them takes longer than all else the job computes.
    """
    squares = list(chess.scan_forward(board.occupied_co[board.turn]))
    turn, first = divmod(seed, len(squares))
    by_piece = (
        sorted(move.uci() for move in board.generate_legal_moves(chess.BB_SQUARES[square]))
        for square in squares[first:] + squares[:first]
    )
    moves = next(filter(None, by_piece))  # there is one: the game is not over
    return MovePlayed(moves[turn % len(moves)])
