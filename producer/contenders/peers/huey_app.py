"""huey on Redis: a task, and what sends to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from huey import RedisHuey

from producer.contenders.peers import job as work
from producer.contenders.peers.modules import Message, Send, broker_url, queue

# Blocking reads are its default: there is no interval in which the queue is polled.
huey = RedisHuey(queue(), url=broker_url(), results=False)


@huey.task()
def do(run: str, index: int, enqueued_ns: int, job: Any) -> None:
    """Do a job, and record it."""
    work.do(run, index, enqueued_ns, job)


@contextmanager
def sender() -> Iterator[Send]:
    """Yield what sends messages one by one: huey has no call for many."""

    def send(messages: Sequence[Message]) -> None:
        for message in messages:
            do(**message)

    yield send
