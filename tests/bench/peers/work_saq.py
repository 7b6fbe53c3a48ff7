"""saq on Redis. Its results are not kept."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import effects
from saq import Queue

queue = Queue.from_url(os.environ["BENCH_BROKER"])


async def ping(_: Any, *, number: int) -> None:
    effects.leave(number)


async def nothing(_: Any, *, jobs: int, seconds: float) -> None:
    effects.begin()
    assert not seconds
    effects.end(jobs)


async def nap(_: Any, *, jobs: int, seconds: float) -> None:
    effects.begin()
    await asyncio.sleep(seconds)
    effects.end(jobs)


settings = {
    "queue": queue,
    "functions": [ping, nothing, nap],
    "concurrency": int(os.environ["BENCH_SLOTS"]),
}


async def send(number: int) -> None:
    """Send one."""
    await queue.enqueue("ping", number=number, ttl=-1)


async def fill(task: str, jobs: int, seconds: float) -> None:
    """Send all jobs, before a worker is there."""
    for _ in range(jobs):
        await queue.enqueue(task, jobs=jobs, seconds=seconds, ttl=-1, timeout=0)


async def _send() -> None:
    await effects.main_async(send, fill)
    await queue.disconnect()


def main() -> None:
    """Send."""
    asyncio.run(_send())
