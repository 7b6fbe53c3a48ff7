"""The app of dramatiq: an actor on its Redis broker, which acknowledges a message after its job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from producer.contenders.peers import job as work
from producer.contenders.peers.modules import Message, Send, broker_url, queue

#: Milliseconds that a job may take: a week, which is to say that dramatiq ends none (its own limit is 600 s).
TIME_LIMIT_MS = 7 * 24 * 3600 * 1000

# It says that it is typed, and is so in part.
broker = RedisBroker(url=broker_url(), namespace=queue())  # type: ignore[no-untyped-call]  # as said
dramatiq.set_broker(broker)


@dramatiq.actor(time_limit=TIME_LIMIT_MS, max_retries=3, min_backoff=1000)
def do(run: str, index: int, enqueued_ns: int, job: Any) -> None:
    """Do a job, and record it."""
    work.do(run, index, enqueued_ns, job)


@contextmanager
def sender() -> Iterator[Send]:
    """Yield what sends: one call of Redis a message, as dramatiq's groups do."""

    def send(messages: Sequence[Message]) -> None:
        for message in messages:
            do.send(**message)

    try:
        yield send
    finally:
        broker.close()
