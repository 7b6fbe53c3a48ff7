"""The app of streaq: a stream of Redis, which keeps a message until it is acknowledged, after its job."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import redis
from streaq import StreaqRetry, Worker

from producer.contenders.peers import job as work
from producer.contenders.peers.modules import Message, Send, broker_url, queue, slots

worker = Worker(redis_url=broker_url(), queue_name=queue(), concurrency=slots())


@worker.task(name="do", timeout=None, ttl=0, max_tries=3, silent=True)
async def do(run: str, index: int, enqueued_ns: int, job: Any) -> None:
    """Do a job, and record it."""
    try:
        await work.do_async(run, index, enqueued_ns, job)
    except redis.RedisError as error:  # another exception would be the result
        raise StreaqRetry(str(error)) from error


@contextmanager
def sender() -> Iterator[Send]:
    """Yield what sends: `enqueue_many`."""

    async def send_all(messages: Sequence[Message]) -> None:
        await worker.enqueue_many([do.enqueue(**message) for message in messages])

    async def hold(is_open: asyncio.Event, is_over: asyncio.Event) -> None:
        async with worker:  # to be left by the task that has entered it
            is_open.set()
            await is_over.wait()

    with asyncio.Runner() as runner:
        is_open, is_over = asyncio.Event(), asyncio.Event()
        holder = runner.get_loop().create_task(hold(is_open, is_over))
        runner.run(is_open.wait())
        try:
            yield lambda messages: runner.run(send_all(messages))
        finally:
            is_over.set()
            runner.run(asyncio.wait([holder]))
