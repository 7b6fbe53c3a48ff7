"""Publishes jobs by task name, in batches of one Redis pipeline each."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from celery import Celery
from kombu.exceptions import KombuError
from redis import RedisError

from worker.jobs import Job, to_message
from worker.lab_app import BOUNDS, LabApp
from worker.settings import TASK_NAME, tls_options

#: Messages in one pipeline. A job counts as enqueued when it is handed over, before its batch leaves.
BATCH = 100
#: How long a broker that went away is waited for, and how long between two attempts, in seconds.
RECONNECT_S = 60.0
PAUSE_S = 0.2


def producer_app(broker_url: str) -> Celery:
    """Make a Celery app that can send and ask, and holds no task."""
    app = LabApp("simul-producer", broker=broker_url, set_as_current=False)
    app.conf.update(
        # Answers, too, are messages that anybody may have written.
        broker_transport="celery_reliable_redis.stock:ClientTransport",
        broker_use_ssl=tls_options(broker_url),
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        broker_transport_options={**BOUNDS, "socket_connect_timeout": 3},
        broker_connection_retry_on_startup=False,
        broker_connection_max_retries=3,
    )
    return app


def publish(app: Celery, jobs: Sequence[Job], queue: str, run: str) -> Iterator[int]:
    """Send the jobs to the queue; yields the number sent so far after each batch.

    A broker that goes away is waited for. A batch of which nobody knows whether it arrived is sent again:
    better a job done twice, which is counted, than one that is lost.

    Raises:
        kombu.exceptions.KombuError, redis.RedisError, OSError: it stayed away for `RECONNECT_S`.
    """
    for start in range(0, len(jobs), BATCH):
        messages = list(enumerate(jobs[start : start + BATCH], start))
        deadline = time.monotonic() + RECONNECT_S
        while True:
            try:
                _send(app, messages, queue, run)
                break
            except (KombuError, RedisError, OSError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(PAUSE_S)
        yield start + len(messages)


def _send(app: Celery, messages: Sequence[tuple[int, Job]], queue: str, run: str) -> None:
    with app.producer_pool.acquire(block=True) as producer, producer.batch(max_size=BATCH):
        for index, job in messages:
            app.send_task(
                TASK_NAME,
                kwargs=_message(run, index, job),
                queue=queue,
                producer=producer,
                ignore_result=True,
                argsrepr="",  # their reprs are for events that nobody listens to
                kwargsrepr="",
            )


def _message(run: str, index: int, job: Job) -> dict[str, Any]:
    return {"run": run, "index": index, "enqueued_ns": time.monotonic_ns(), "job": to_message(job)}
