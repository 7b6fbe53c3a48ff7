"""A job whose record the broker refuses for now is put back after a pause, and not as fast as it can be."""

from __future__ import annotations

import asyncio
import math
import time
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import chess
import pytest
from celery.exceptions import Reject
from redis import ResponseError
from redis.exceptions import NoPermissionError

from worker import deadline, tasks
from worker.job_messages import to_message
from worker.jobs import GameMove, Sieve

#: Does a job whose record is refused with this error, and returns what becomes of the message.
Refused = Callable[[ResponseError], Reject]


class Refusing:
    """A record writer whose broker refuses every record."""

    def __init__(self, error: ResponseError) -> None:
        self.error = error

    def write(self, run: str, record: object, entry: str) -> bool:  # noqa: ARG002  # a writer's signature
        raise self.error


class RefusingAsync(Refusing):
    """The same for coroutines."""

    async def write(self, run: str, record: object, entry: str) -> bool:  # type: ignore[override]  # a coroutine here
        return super().write(run, record, entry)


class Naps(list[float]):
    """The seconds that a slot sleeps, which take no time here."""

    #: Happens in each of them.
    meanwhile: Callable[[], object] = staticmethod(lambda: None)

    def sleep(self, seconds: float) -> None:
        self.append(seconds)
        self.meanwhile()

    async def sleep_async(self, seconds: float) -> None:
        if seconds:  # a sieve lets others run, and does not sleep
            self.sleep(seconds)


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> Naps:
    """The naps of a slot in a process that nobody has told to stop."""
    naps = Naps()
    monkeypatch.setattr(tasks, "time", SimpleNamespace(sleep=naps.sleep, monotonic_ns=time.monotonic_ns))
    monkeypatch.setattr(asyncio, "sleep", naps.sleep_async)
    monkeypatch.setattr(deadline, "_stop_at", [math.inf])
    return naps


def do_async(self: Any, **message: Any) -> None:
    """Do the job on an event loop."""
    asyncio.run(tasks.do_async(self, **message))


@pytest.fixture(params=[tasks.do, do_async], ids=["sync", "async"])
def refused(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Refused:
    """Does jobs with the task, and with the async twin of it."""

    def go(error: ResponseError) -> Reject:
        monkeypatch.setattr(tasks, "writer", lambda: Refusing(error))
        monkeypatch.setattr(tasks, "async_writer", lambda: RefusingAsync(error))
        message = {"run": uuid.uuid4().hex, "index": 0, "enqueued_ns": 0, "job": to_message(Sieve(0, 10))}
        with pytest.raises(Reject) as rejection:
            request.param(SimpleNamespace(request={}), **message)
        return rejection.value

    return go


def test_a_job_that_cannot_be_recorded_for_now_is_put_back_after_a_pause(
    refused: Refused, naps: Naps
) -> None:
    assert refused(NoPermissionError("this user has no permissions to run 'xadd'")).requeue
    assert sum(naps) == tasks.PAUSE_S


def test_a_job_that_is_dropped_keeps_no_slot_waiting(refused: Refused, naps: Naps) -> None:
    assert not refused(ResponseError("WRONGTYPE Operation against a key")).requeue
    assert naps == []


def test_a_pause_ends_where_the_worker_is_told_to_stop(
    refused: Refused, naps: Naps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "PAUSE_S", 3600.0)
    naps.meanwhile = lambda: deadline.stop_within(-1)
    assert refused(NoPermissionError("this user has no permissions to run 'xadd'")).requeue
    assert naps == [deadline.NAP_S]


def test_of_a_move_it_is_not_said_that_it_has_no_record() -> None:
    error = NoPermissionError("this user has no permissions to run 'lpush'")
    queues = ("simul.judit", "simul.gevent")
    move = GameMove(chess.STARTING_FEN, 0, 0, 2026, 24, 60, (5, 55), queues)
    said = [str(tasks._reject_unrecorded(error, job).reason) for job in (Sieve(0, 10), move)]
    assert said[0].startswith("no record could be written: ")
    assert said[1].startswith("no record, or no message for the next move, could be written: ")
