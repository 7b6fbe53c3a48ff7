"""streaq on a stream of Redis: a worker with its task, and what sends to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from streaq import Worker

from producer.contenders.peers import job as work
from producer.contenders.peers.modules import Message, Send, broker_url, queue, slots

worker = Worker(redis_url=broker_url(), queue_name=queue(), concurrency=slots())


@worker.task(name="do", timeout=None, ttl=0)
async def do(run: str, index: int, enqueued_ns: int, job: Any) -> None:
    """Do a job, and record it. Nothing is kept of it afterwards."""
    await work.do_async(run, index, enqueued_ns, job)


@contextmanager
def sender() -> Iterator[Send]:
    """Yield what sends many messages at a time (`enqueue_many`)."""

    async def send_all(messages: Sequence[Message]) -> None:
        await worker.enqueue_many([do.enqueue(**message) for message in messages])

    with asyncio.Runner() as runner:
        runner.run(worker.__aenter__())
        yield lambda messages: runner.run(send_all(messages))
        runner.run(worker.__aexit__(None, None, None))
