"""Asks workers, and checks their answers: whoever can write to the broker can answer, too.

An answer is checked in all that can be checked, and none ends the lab: the workers whose answers make no
sense are named in `Replies.faults`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar

import msgspec
import redis
from celery import Celery
from kombu.exceptions import KombuError

from producer.contenders.ledger import MAX_NAME, quote
from producer.ranges import MAX_SLOTS
from worker.errors import ContenderError
from worker.records import error_line

#: The most workers that are listened to. Each may have as many slots as `@N` may say.
MAX_WORKERS = 1000
#: How long one question waits for the answers of all workers, in seconds, where nothing hurries.
ASK_S = 1.0
#: No question takes longer than this many times the time that a worker has to answer.
PATIENCE = 10
#: The most memory of one worker, in bytes: that of so many workers still fits into a result.
MAX_MEMORY = 2**50
#: The most CPU time that a worker has used since it began, in seconds: 300 cores for a year.
MAX_CPU_S = 10**10

T = TypeVar("T")
Text = Annotated[str, msgspec.Meta(max_length=MAX_NAME)]


class Queue(msgspec.Struct):
    """A queue that a worker consumes."""

    name: Text


#: The answer to `active_queues`.
Queues = Annotated[list[Queue], msgspec.Meta(max_length=1000)]


class PoolStats(msgspec.Struct):
    """What a worker says of its pool."""

    slots: Annotated[int, msgspec.Meta(ge=1, le=MAX_SLOTS)] = msgspec.field(name="max-concurrency")
    #: The class of its event loop, where it has one.
    loop: Text | None = None


class BrokerStats(msgspec.Struct):
    """What a worker says of the broker."""

    transport: Text


class Stats(msgspec.Struct):
    """The answer to `stats`."""

    pool: PoolStats
    broker: BrokerStats


class Used(msgspec.Struct):
    """The answer to `usage`. A worker of an older simul refuses it, and so says nothing of all this."""

    #: Proportional memory of its process tree now, in bytes.
    memory_bytes: Annotated[int, msgspec.Meta(ge=0, le=MAX_MEMORY)] | None = None
    #: CPU time of that since it began, in seconds.
    cpu_s: Annotated[float, msgspec.Meta(ge=0, le=MAX_CPU_S)] | None = None
    #: Made up by the worker's process: one that was started anew has another.
    life: Text | None = None


class Pong(msgspec.Struct):
    """The answer to `ping`."""

    ok: Text


@dataclass(frozen=True, slots=True)
class Replies(Generic[T]):
    """The answers of workers, and what is wrong with those that make no sense; both by worker."""

    answers: dict[str, T] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


class _EnoughError(Exception):
    """All who were asked have answered, or there is no end to it."""


def ask(
    app: Celery, question: str, answer: Any, timeout_s: float, nodes: Iterable[str] | None = None
) -> Replies[Any]:
    """Ask these workers, or all; each has `timeout_s` for an answer of the type `answer`.

    Raises:
        ContenderError: the broker went away, or hands over what is no message.
    """
    replies: Replies[Any] = Replies()
    asked = None if nodes is None else set(nodes)
    if asked is not None and not asked:
        return replies
    until = time.monotonic() + PATIENCE * timeout_s

    def take(reply: object) -> None:
        if isinstance(reply, dict):
            for node, content in reply.items():
                _note(replies, str(node), content, answer, asked)
        heard = replies.answers.keys() | replies.faults.keys()
        if heard == asked or len(heard) >= MAX_WORKERS or time.monotonic() > until:
            raise _EnoughError

    try:
        app.control.broadcast(
            question,
            reply=True,
            timeout=timeout_s,
            destination=None if asked is None else sorted(asked),
            limit=PATIENCE * MAX_WORKERS,  # of messages, whatever they are
            callback=take,
        )
    except _EnoughError:
        pass
    except (KombuError, redis.RedisError, OSError) as error:
        raise ContenderError(f"the broker went away (ask the workers): {error}") from error
    except Exception as error:  # whatever a message can make of kombu, which believes it
        raise ContenderError(
            f"somebody answers with what is no message (ask the workers): {error_line(error)[:MAX_NAME]}; "
            "stop who sends it"
        ) from error
    return replies


def impossible(node: str, why: str) -> str:
    """Say whose answer makes no sense, and what to do about it."""
    told = f"the worker {quote(node)} answers what cannot be (ask the workers)"
    return f"{told}: {why}; stop it, and compare again"


def _note(replies: Replies[Any], node: str, content: object, answer: Any, asked: set[str] | None) -> None:
    if asked is not None and node not in asked:
        return
    if len(node) > MAX_NAME or not node.isprintable():
        replies.faults[node] = f"a worker's name has up to {MAX_NAME} characters, all printable"
        return
    try:
        replies.answers[node] = msgspec.convert(content, answer)
    except msgspec.ValidationError as error:
        replies.faults[node] = str(error)
