"""Does a job that a peer's worker has got, and records it, as the lab's Celery task does (`worker.tasks`).

The record is written before the peer's worker acknowledges the message, or forgets it. What is no valid job
is recorded as an error. Loads no Celery.
"""

from __future__ import annotations

import functools
import time
from typing import Any

from worker import cpu_clock
from worker.answers import Answer
from worker.collector import Collector
from worker.job_messages import from_message
from worker.perform import perform, perform_async
from worker.records import make_record
from worker.settings import Settings
from worker.turns import Turns
from worker.wire import Wire


def do(run: str, index: int, enqueued_ns: int, job: Any) -> None:
    """Do the job of a message in this thread, and record who did it and when.

    Raises:
        redis.RedisError: the record could not be written.
    """
    started_ns = time.monotonic_ns()
    cpu_began_ns = cpu_clock.read_ns()
    answer: Answer | None = None
    failure: Exception | None = None
    try:
        answer = perform(from_message(job), _settings().data_root)
    except Exception as error:  # whatever it is, it is this job's result
        failure = error
    cpu_ns = cpu_clock.since_ns(cpu_began_ns)
    record = make_record(index, enqueued_ns, started_ns, started_ns, answer, failure, cpu_ns)
    _turns().write(run, record)


async def do_async(run: str, index: int, enqueued_ns: int, job: Any) -> None:
    """Do the same on an event loop."""
    started_ns = time.monotonic_ns()
    answer: Answer | None = None
    failure: Exception | None = None
    try:
        answer = await perform_async(from_message(job), _settings().data_root)
    except Exception as error:
        failure = error
    record = make_record(index, enqueued_ns, started_ns, started_ns, answer, failure)
    await _collector().write(run, record)


@functools.cache
def _settings() -> Settings:
    return Settings.read()


@functools.cache
def _turns() -> Turns:
    return Turns(Wire(_settings().broker_url))


@functools.cache
def _collector() -> Collector:
    return Collector(Wire(_settings().broker_url))
