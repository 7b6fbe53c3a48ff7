"""taskiq on a stream of Redis: a task, and what sends to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from taskiq_redis import RedisStreamBroker

from producer.contenders.peers import job as work
from producer.contenders.peers.modules import Message, Send, broker_url, queue

# From the beginning of the stream: a job may be there before the worker. `maxlen` stays away: it drops jobs.
broker = RedisStreamBroker(
    broker_url(), queue_name=queue(), consumer_group_name=f"{queue()}.workers", consumer_id="0"
)


@broker.task(task_name="do")
async def do(run: str, index: int, enqueued_ns: int, job: Any) -> None:
    """Do a job, and record it."""
    await work.do_async(run, index, enqueued_ns, job)


@contextmanager
def sender() -> Iterator[Send]:
    """Yield what sends messages beside each other: taskiq has no call for many."""

    async def send_all(messages: Sequence[Message]) -> None:
        for message in messages:
            await do.kiq(**message)

    with asyncio.Runner() as runner:
        runner.run(broker.startup())
        yield lambda messages: runner.run(send_all(messages))
        runner.run(broker.shutdown())
