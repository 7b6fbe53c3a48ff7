"""Sends with streaq: `enqueue_many`, 500 at a time."""

import asyncio
import sys
from importlib.metadata import version

from sender import chunks, message, serve
from streaq import Worker

worker = Worker(redis_url=sys.argv[1])


@worker.task
async def job(**_):
    pass


async def send_all(count: int) -> None:
    async with worker:
        for numbers in chunks(count):
            await worker.enqueue_many([job.enqueue(**message(number)) for number in numbers])


serve(lambda count: asyncio.run(send_all(count)), f"streaq {version('streaq')}, coredis {version('coredis')}")
