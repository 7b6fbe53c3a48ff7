"""Does a job of any kind, with the code for that kind.

This module knows no broker and no Celery: who asked, where the answer goes and how long it took are others'
affairs. The time limit of a job starts here, whatever slot does the job (see `deadline`). A new kind of job
needs a class in `jobs` and a case in each of the two functions; the type checker tells of one that was
forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import assert_never

from worker import call, chess_move, deadline, exchange, file_check, game_move, sieve, trapezoid
from worker.answers import Answer, NothingDone
from worker.jobs import Call, ChessMove, Exchange, FileCheck, GameMove, Job, NoOp, Sieve, Trapezoid


def perform(job: Job, data_root: Path, sleep: Callable[[float], object] | None = None) -> Answer:
    """Do a job in the calling thread, and return the answer.

    `sleep` (seconds; default `time.sleep`) is what a waiting job calls: reference answers skip the wait.

    Raises:
        InvalidJobError: the job cannot be done by anyone, such as a move in an illegal position.
        Exception: whatever a function of the user's raises.
        TimeLimitError: the job took too long.
        StoppedError: this process ends all its jobs.
    """
    until = deadline.start()
    match job:
        case FileCheck():
            return file_check.check(job, data_root, until)
        case ChessMove():
            return chess_move.move(job, sleep, until)
        case NoOp():
            return NothingDone(job.number)
        case Trapezoid():
            return trapezoid.integrate(job, until)
        case Sieve():
            return sieve.count(job, until)
        case Exchange():
            return exchange.exchange(job, sleep, until)
        case Call():
            return call.call(job, until)
        case GameMove():
            return game_move.move(job, sleep, until)
        case _:
            assert_never(job)


async def perform_async(job: Job, data_root: Path) -> Answer:
    """Do a job on the running event loop, and return the answer that `perform` gives, too.

    Raises:
        As `perform` does.
    """
    until = deadline.start()
    match job:
        case FileCheck():
            return await file_check.check_async(job, data_root, until)
        case ChessMove():
            return await chess_move.move_async(job, until=until)
        case NoOp():
            return NothingDone(job.number)
        case Trapezoid():
            return await trapezoid.integrate_async(job, until)
        case Sieve():
            return await sieve.count_async(job, until)
        case Exchange():
            return await exchange.exchange_async(job, until)
        case Call():
            return await call.call_async(job, until)
        case GameMove():
            return await game_move.move_async(job, until)
        case _:
            assert_never(job)
