"""The app of taskiq: a stream of Redis, which keeps a message until it is acknowledged, after its job."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from taskiq import SimpleRetryMiddleware
from taskiq_redis import RedisStreamBroker

from producer.contenders.peers import job as work
from producer.contenders.peers.modules import Message, Send, broker_url, queue

#: Seconds after which the lock on taking over messages is free again, where its holder has died.
LOCK_S = 60
#: Messages on their way at a time.
AT_A_TIME = 100

# From the beginning: jobs may be there before the worker.
broker = RedisStreamBroker(
    broker_url(),
    queue_name=queue(),
    consumer_group_name=queue(),
    consumer_id="0",
    unacknowledged_lock_timeout=LOCK_S,
).with_middlewares(SimpleRetryMiddleware(default_retry_count=3))


@broker.task(retry_on_error=True)
async def do(run: str, index: int, enqueued_ns: int, job: Any) -> None:
    """Do a job, and record it."""
    await work.do_async(run, index, enqueued_ns, job)


@contextmanager
def sender() -> Iterator[Send]:
    """Yield what sends: taskiq has no call for many, so a hundred calls are awaited together."""

    async def send_all(messages: Sequence[Message]) -> None:
        for start in range(0, len(messages), AT_A_TIME):
            await asyncio.gather(*(do.kiq(**message) for message in messages[start : start + AT_A_TIME]))

    with asyncio.Runner() as runner:
        runner.run(broker.startup())
        try:
            yield lambda messages: runner.run(send_all(messages))
        finally:
            runner.run(broker.shutdown())
