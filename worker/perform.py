"""Do a job of any kind: the one table from a kind of job to the code that does it, sync and async.

It knows no broker and no Celery: who asked, where the answer goes and how long it took are others' affairs.
Each job has its time limit from here on, in whatever slot it is done (see `deadline`). A new kind of job
takes a class in `jobs` and a line in each of the two tables; the type checker finds the table that was
forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import assert_never

from worker import chess_move, deadline, file_check, sieve, trapezoid
from worker.jobs import Answer, ChessMove, FileCheck, Job, Sieve, Trapezoid


def perform(job: Job, data_root: Path, sleep: Callable[[float], object] | None = None) -> Answer:
    """The answer to a job, in the calling thread.

    `sleep` (seconds; default `time.sleep`) is what a waiting job calls: reference answers skip the wait.

    Raises:
        InvalidJobError: the job cannot be done by anyone, such as a move in an illegal position.
        TimeLimitError: it took too long.
        StoppedError: this process ends all its jobs.
    """
    until = deadline.begun()
    match job:
        case FileCheck():
            return file_check.check(job, data_root, until)
        case ChessMove():
            return chess_move.move(job, sleep, until)
        case Trapezoid():
            return trapezoid.integrate(job, until)
        case Sieve():
            return sieve.count(job, until)
        case _:
            assert_never(job)


async def perform_async(job: Job, data_root: Path) -> Answer:
    """The answer to a job, on the running event loop. Equal to that of `perform`.

    Raises:
        As `perform` does.
    """
    until = deadline.begun()
    match job:
        case FileCheck():
            return await file_check.check_async(job, data_root, until)
        case ChessMove():
            return await chess_move.move_async(job, until=until)
        case Trapezoid():
            return await trapezoid.integrate_async(job, until)
        case Sieve():
            return await sieve.count_async(job, until)
        case _:
            assert_never(job)
