"""The app of huey: a list of Redis, from which a message is gone before its job is begun."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from huey import RedisHuey

from producer.contenders.peers import job as work
from producer.contenders.peers.modules import Message, Send, broker_url, queue

huey = RedisHuey(queue(), url=broker_url(), results=False, clean_name=False)


@huey.task(retries=3)
def do(run: str, index: int, enqueued_ns: int, job: Any) -> None:
    """Do a job, and record it."""
    work.do(run, index, enqueued_ns, job)


@contextmanager
def sender() -> Iterator[Send]:
    """Yield what sends: huey has no call for many."""

    def send(messages: Sequence[Message]) -> None:
        for message in messages:
            do(**message)

    try:
        yield send
    finally:
        huey.storage.conn.close()
