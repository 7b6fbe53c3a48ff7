"""Celery, on the transport that BENCH_TRANSPORT names."""

from __future__ import annotations

import asyncio
import os
import time

import effects
from celery import Celery

app = Celery("work_celery", broker=os.environ["BENCH_BROKER"], task_cls=os.environ.get("BENCH_TASK"))
app.conf.update(
    broker_transport=os.environ["BENCH_TRANSPORT"],
    broker_transport_options={"max_connections": 10_000},
    broker_connection_retry_on_startup=True,
    task_acks_late=True,
    task_ignore_result=True,
    # Else Celery makes a result backend for each greenlet: a quarter of what a job costs under gevent.
    result_backend_thread_safe=True,
)


#: Of the tasks' names, where they are coroutines.
SUFFIX = os.environ.get("BENCH_SUFFIX", "")


@app.task
def ping(number: int) -> None:
    effects.leave(number)


@app.task
async def ping_async(number: int) -> None:
    effects.leave(number)


@app.task
def nothing(jobs: int, _: float) -> None:
    effects.begin()
    effects.end(jobs)


@app.task
async def nothing_async(jobs: int, _: float) -> None:
    effects.begin()
    effects.end(jobs)


@app.task
def nap(jobs: int, seconds: float) -> None:
    effects.begin()
    time.sleep(seconds)
    effects.end(jobs)


@app.task
async def nap_async(jobs: int, seconds: float) -> None:
    effects.begin()
    await asyncio.sleep(seconds)
    effects.end(jobs)


def fill(task: str, jobs: int, seconds: float) -> None:
    """Send all jobs, before a worker is there."""
    for _ in range(jobs):
        app.tasks[f"work_celery.{task}{SUFFIX}"].delay(jobs, seconds)


def main() -> None:
    """Send."""
    effects.main(app.tasks[f"work_celery.ping{SUFFIX}"].delay, fill)
