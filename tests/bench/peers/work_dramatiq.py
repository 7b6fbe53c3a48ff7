"""dramatiq on Redis, which acknowledges after the job."""

from __future__ import annotations

import os
import time

import dramatiq
import effects
from dramatiq.brokers.redis import RedisBroker

broker = RedisBroker(url=os.environ["BENCH_BROKER"])
dramatiq.set_broker(broker)


@dramatiq.actor
def ping(number: int) -> None:
    effects.leave(number)


@dramatiq.actor
def nothing(jobs: int, _: float) -> None:
    effects.begin()
    effects.end(jobs)


@dramatiq.actor
def nap(jobs: int, seconds: float) -> None:
    effects.begin()
    time.sleep(seconds)
    effects.end(jobs)


def fill(task: str, jobs: int, seconds: float) -> None:
    """Send all jobs, before a worker is there."""
    for _ in range(jobs):
        {"nothing": nothing, "nap": nap}[task].send(jobs, seconds)


def main() -> None:
    """Send."""
    effects.main(ping.send, fill)
