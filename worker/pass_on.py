"""Has a game go on: whoever has made a move sends the message for the next one. No loop drives the games.

The moves of a game are the records of a run of its own, and the number of a move is the id of its record. So
the broker itself knows a move that is made a second time, and takes no second record of it. A move is
recorded first, then the next one is sent, then its message is acknowledged. Who dies in between leaves a
message that is delivered again: then the record is there already, and the next one is sent once more, for
nobody knows whether it was. Who gets a move twice that way ignores the second.
"""

from __future__ import annotations

import time
from typing import Any

from worker.answers import Answer, GameMovePlayed
from worker.errors import InvalidJobError
from worker.game_move import exhibition_of, next_move, queue_of, run_of
from worker.job_messages import to_message
from worker.jobs import GameMove, Job
from worker.wire import ANY


def entry_of(job: Job | None) -> str:
    """Return the id of a job's record in its run: that of a game's move is its number, from 1."""
    return f"{job.ply + 1}-0" if isinstance(job, GameMove) else ANY


def require_place(job: GameMove, run: str, index: int) -> None:
    """Make sure that a move stands in its own game's run, at its own place.

    Raises:
        InvalidJobError: it does not.
    """
    if index != job.ply or run != run_of(exhibition_of(run), job.board):
        raise InvalidJobError(
            f"game_move: move {job.ply} on board {job.board} is not number {index} in run {run}"
        )


def pass_on(task: Any, run: str, job: Job | None, answer: Answer | None) -> None:
    """Send the move that follows one that was made, by `task`; nothing after any other job.

    Raises:
        kombu.exceptions.KombuError: the broker is away.
    """
    if not isinstance(job, GameMove) or not isinstance(answer, GameMovePlayed):
        return
    following = next_move(job, answer)
    if following is not None:
        message = message_of(run_of(exhibition_of(run), following.board), following)
        # As if nobody's task sent it: a game is no chain of parents and children, whose names would differ in
        # each message. So it is sent promptly (see `celery_reliable_redis.prompt`).
        task.push_request(called_directly=True)
        try:
            task.apply_async(
                kwargs=message, queue=queue_of(following), ignore_result=True, argsrepr="", kwargsrepr=""
            )
        finally:
            task.pop_request()


def message_of(run: str, job: GameMove) -> dict[str, Any]:
    """Write the message for a move of a run, which is enqueued now."""
    return {"run": run, "index": job.ply, "enqueued_ns": time.monotonic_ns(), "job": to_message(job)}
