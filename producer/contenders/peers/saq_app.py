"""The app of saq: lists of Redis, where a job is active until it is finished."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from saq import Queue

from producer.contenders.peers import job as work
from producer.contenders.peers.modules import Message, Send, broker_url, queue, slots
from worker.settings import Settings

#: Seconds after which a job counts as stuck, so that it is done again when its worker has died: longer than
#: any job may take.
STUCK_S = int(Settings.read().job_limit_s) + 30
#: Messages on their way at a time.
AT_A_TIME = 100

saq_queue = Queue.from_url(broker_url(), name=queue())


async def do(_: Any, *, run: str, index: int, enqueued_ns: int, job: Any) -> None:
    """Do a job, and record it."""
    await work.do_async(run, index, enqueued_ns, job)


settings = {"queue": saq_queue, "functions": [do], "concurrency": slots()}


@contextmanager
def sender() -> Iterator[Send]:
    """Yield what sends: saq has no call for many without their results; a hundred are awaited together."""

    async def send_all(messages: Sequence[Message]) -> None:
        for start in range(0, len(messages), AT_A_TIME):
            await asyncio.gather(*map(_send, messages[start : start + AT_A_TIME]))

    with asyncio.Runner() as runner:
        runner.run(saq_queue.connect())
        try:
            yield lambda messages: runner.run(send_all(messages))
        finally:
            runner.run(saq_queue.disconnect())


async def _send(message: Message) -> None:
    # No result kept; retries: how often it is tried in all.
    await saq_queue.enqueue("do", timeout=STUCK_S, ttl=-1, retries=3, **message)
