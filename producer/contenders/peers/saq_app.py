"""saq on Redis: a function, the settings that its worker is started with, and what sends to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from redis.asyncio import Redis
from saq.queue.redis import RedisQueue

from producer.contenders.peers import job as work
from producer.contenders.peers.modules import Message, Send, broker_url, queue, slots

_queue = RedisQueue(Redis.from_url(broker_url()), name=queue())


async def do(_: Any, *, run: str, index: int, enqueued_ns: int, job: Any) -> None:
    """Do a job, and record it."""
    await work.do_async(run, index, enqueued_ns, job)


#: What `saq producer...saq_app.settings` looks for.
settings = {"queue": _queue, "functions": [("do", do)], "concurrency": slots()}


@contextmanager
def sender() -> Iterator[Send]:
    """Yield what sends messages one by one. Nothing is kept of a job that is done, and none is timed out."""

    async def send_all(messages: Sequence[Message]) -> None:
        for message in messages:
            await _queue.enqueue("do", **message, ttl=-1, timeout=0)

    with asyncio.Runner() as runner:
        yield lambda messages: runner.run(send_all(messages))
        runner.run(_queue.disconnect())
