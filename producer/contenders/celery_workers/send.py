"""Publishes jobs by task name, in batches."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any

from celery import Celery

from celery_reliable_redis import NotAllSentError, send_many
from producer.contenders.exchange import RECONNECT_S, Publish
from worker.job_messages import to_message
from worker.jobs import Job
from worker.lab_app import BOUNDS, LabApp
from worker.settings import TASK_NAME, tls_options

#: Messages between two looks at what has come back, 20 ms. A job counts as enqueued when it is handed over,
#: before it leaves with up to 99 others.
BATCH = 1000
#: The module by which a process of its own sends.
SENDER = "producer.contenders.celery_workers.sender"
#: How long between two attempts where the broker went away, in seconds.
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


def publisher(app: Celery, queue: str) -> Publish:
    """Return what sends jobs to the queue, as `publish` does."""
    return lambda jobs, run: publish(app, jobs, queue, run)


def publish(app: Celery, jobs: Sequence[Job], queue: str, run: str) -> Generator[int]:
    """Send the jobs to the queue; yields the number sent so far after each batch.

    A broker that goes away is waited for. Messages of which nobody knows whether they arrived are sent again:
    better a job done twice, which is counted, than one that is lost.

    Raises:
        kombu.exceptions.KombuError, redis.RedisError, OSError: it stayed away for `RECONNECT_S`.
    """
    sent = 0
    while sent < len(jobs):
        deadline = time.monotonic() + RECONNECT_S
        end = min(sent + BATCH, len(jobs))
        while sent < end:
            try:
                sent += send(app, _messages(jobs, range(sent, end), run), queue)
            except NotAllSentError as error:
                sent += error.sent
                if time.monotonic() > deadline:
                    raise (error.__cause__ or error) from None
                time.sleep(PAUSE_S)
        yield sent


def send(app: Celery, messages: Iterable[Mapping[str, Any]], queue: str) -> int:
    """Send messages of the lab's task to the queue, once; returns how many.

    Raises:
        NotAllSentError: the broker cannot be reached, or refuses.
    """
    return send_many(
        TASK_NAME,
        (((), message) for message in messages),
        app=app,
        queue=queue,
        ignore_result=True,
        argsrepr="",  # their reprs are for events that nobody listens to
        kwargsrepr="",
    )


def _messages(jobs: Sequence[Job], indexes: Iterable[int], run: str) -> Iterator[dict[str, Any]]:
    for index in indexes:
        job = to_message(jobs[index])
        yield {"run": run, "index": index, "enqueued_ns": time.monotonic_ns(), "job": job}
