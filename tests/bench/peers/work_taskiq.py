"""taskiq on a stream of Redis, which keeps a message until it is acknowledged, after the job."""

from __future__ import annotations

import asyncio
import os

import effects
from taskiq_redis import RedisStreamBroker

# From the beginning: the jobs are there before the worker.
broker = RedisStreamBroker(os.environ["BENCH_BROKER"], consumer_id="0")


@broker.task
async def ping(number: int) -> None:
    effects.leave(number)


@broker.task
async def nothing(jobs: int, _: float) -> None:
    effects.begin()
    effects.end(jobs)


@broker.task
async def nap(jobs: int, seconds: float) -> None:
    effects.begin()
    await asyncio.sleep(seconds)
    effects.end(jobs)


async def fill(task: str, jobs: int, seconds: float) -> None:
    """Send all jobs, before a worker is there."""
    for _ in range(jobs):
        await {"nothing": nothing, "nap": nap}[task].kiq(jobs, seconds)


async def _send() -> None:
    await broker.startup()
    await effects.main_async(ping.kiq, fill)
    await broker.shutdown()


def main() -> None:
    """Send."""
    asyncio.run(_send())
