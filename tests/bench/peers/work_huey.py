"""huey on Redis, which drops a message before the job: it has no late acknowledgement."""

from __future__ import annotations

import os
import time

import effects
from huey import RedisHuey

huey = RedisHuey("bench", url=os.environ["BENCH_BROKER"], results=False)


@huey.task()
def ping(number: int) -> None:
    effects.leave(number)


@huey.task()
def nothing(jobs: int, _: float) -> None:
    effects.begin()
    effects.end(jobs)


@huey.task()
def nap(jobs: int, seconds: float) -> None:
    effects.begin()
    time.sleep(seconds)
    effects.end(jobs)


def fill(task: str, jobs: int, seconds: float) -> None:
    """Send all jobs, before a worker is there."""
    for _ in range(jobs):
        {"nothing": nothing, "nap": nap}[task](jobs, seconds)


def main() -> None:
    """Send."""
    effects.main(ping, fill)
