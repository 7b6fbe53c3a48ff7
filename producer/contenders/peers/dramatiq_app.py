"""dramatiq on Redis: an actor, and what sends to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AgeLimit, Callbacks, Pipelines, Retries, ShutdownNotifications

from producer.contenders.peers import job as work
from producer.contenders.peers.modules import Message, Send, broker_url, queue

# Its default middleware without TimeLimit, for which a job of more than ten minutes is too long.
_MIDDLEWARE = [AgeLimit(), ShutdownNotifications(), Callbacks(), Pipelines(), Retries()]

# The namespace begins the name of each key.
broker = RedisBroker(  # type: ignore[no-untyped-call]  # it says it is typed, and is so in part
    url=broker_url(), namespace=queue(), middleware=_MIDDLEWARE
)
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name="jobs")
def do(run: str, index: int, enqueued_ns: int, job: Any) -> None:
    """Do a job, and record it."""
    work.do(run, index, enqueued_ns, job)


@contextmanager
def sender() -> Iterator[Send]:
    """Yield what sends messages one by one: dramatiq has no call for many."""

    def send(messages: Sequence[Message]) -> None:
        for message in messages:
            do.send(**message)

    yield send
    broker.close()
