"""Do a job of any kind: the one table from a kind of job to the code that does it, sync and async.

It knows no broker, no Celery and no clock: who asked, where the answer goes and how long it took are
others' affairs. A new kind of job takes a class in `jobs` and a line in each of the two tables; the
type checker finds the table that was forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import assert_never

from worker import chess_move, file_check, sieve, trapezoid
from worker.jobs import Answer, ChessMove, FileCheck, Job, Sieve, Trapezoid


def perform(job: Job, data_root: Path, sleep: Callable[[float], object] | None = None) -> Answer:
    """The answer to a job, in the calling thread.

    `sleep` (seconds; default `time.sleep`) is what a waiting job calls: reference answers skip the wait.

    Raises:
        InvalidJobError: the job cannot be done by anyone, such as a move in an illegal position.
    """
    match job:
        case FileCheck():
            return file_check.check(job, data_root)
        case ChessMove():
            return chess_move.move(job, sleep)
        case Trapezoid():
            return trapezoid.integrate(job)
        case Sieve():
            return sieve.count(job)
        case _:
            assert_never(job)


async def perform_async(job: Job, data_root: Path) -> Answer:
    """The answer to a job, on the running event loop. Equal to that of `perform`.

    Raises:
        InvalidJobError: the job cannot be done by anyone, such as a move in an illegal position.
    """
    match job:
        case FileCheck():
            return await file_check.check_async(job, data_root)
        case ChessMove():
            return await chess_move.move_async(job)
        case Trapezoid():
            return await trapezoid.integrate_async(job)
        case Sieve():
            return await sieve.count_async(job)
        case _:
            assert_never(job)
