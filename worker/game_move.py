"""Makes one move of an exhibition's game, and says which move is next, and whose.

A thought takes its time, computing included. The games are driven by nobody: a move that is made is followed
by the message for the next one, sent by whoever has made it (see `tasks`). Which moves are made, `game`
decides.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import chess

from worker import game
from worker.answers import GameMovePlayed
from worker.chess_move import position
from worker.deadline import UNLIMITED, Deadline
from worker.jobs import GameMove, Job, wait_s

#: What stands between the name of an exhibition and the number of a board in the name of a game's run.
SEPARATOR = "-"


def move(
    job: GameMove, sleep: Callable[[float], object] | None = None, until: Deadline = UNLIMITED
) -> GameMovePlayed:
    """Make the move that the job asks for; `sleep` takes seconds.

    Raises:
        InvalidPositionError: the FEN or its position is illegal, or the game is over.
    """
    began = time.monotonic()
    played = play(job)
    sleep = sleep or time.sleep  # looked up only now: gevent and eventlet replace it
    for nap_s in until.naps(max(0.0, began + wait_s(job) - time.monotonic())):
        sleep(nap_s)
    return played


async def move_async(job: GameMove, until: Deadline = UNLIMITED) -> GameMovePlayed:
    """Make the same move, awaiting where `move` sleeps.

    Raises:
        InvalidPositionError: the FEN or its position is illegal, or the game is over.
    """
    import asyncio  # not at the top: a worker without an event loop has no use for it

    began = time.monotonic()
    played = play(job)
    for nap_s in until.naps(max(0.0, began + wait_s(job) - time.monotonic())):
        await asyncio.sleep(nap_s)
    return played


def play(job: GameMove) -> GameMovePlayed:
    """Make the move without a thought's time.

    Raises:
        InvalidPositionError: the FEN or its position is illegal, or the game is over.
    """
    board = position(job.fen)
    opening = game.openings(job.seed, job.boards)[job.board]
    chosen = game.choose(board, job.ply, opening, game.hash_of(job.seed, job.board))
    board.push(chosen)
    return GameMovePlayed(chosen.uci(), board.fen(), _result(board))


def first_moves(job: GameMove) -> list[GameMove]:
    """Make the jobs with which an exhibition begins, after one of them."""
    return [_begin(job, board) for board in range(min(job.step or job.boards, job.boards))]


def next_move(job: GameMove, played: GameMovePlayed) -> GameMove | None:
    """Make the job that follows a move: the answer to it, the first move of another game, or none."""
    if job.ply + 1 < job.plies and played.result is None:
        return replace(job, fen=played.fen, ply=job.ply + 1)
    if job.step and job.board + job.step < job.boards:
        return _begin(job, job.board + job.step)
    return None


def is_judits(job: Job) -> bool:
    """Return whether it is a move of Judit's: she has White."""
    return isinstance(job, GameMove) and job.ply % 2 == 0


def queue_of(job: GameMove) -> str:
    """Return the queue that the job is sent to."""
    return job.queues[job.ply % 2]


def run_of(exhibition: str, board: int) -> str:
    """Name the run of one game, whose records are its moves."""
    return f"{exhibition}{SEPARATOR}{board}"


def exhibition_of(run: str) -> str:
    """Return the exhibition that the run of a game belongs to."""
    return run.rpartition(SEPARATOR)[0]


def _result(board: chess.Board) -> str | None:
    outcome = board.outcome()
    return outcome.result() if outcome else None


def _begin(job: GameMove, board: int) -> GameMove:
    return replace(job, fen=chess.STARTING_FEN, board=board, ply=0)
