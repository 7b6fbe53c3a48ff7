"""Publishing jobs: by task name, in batches of one Redis pipeline each."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from celery import Celery

from worker.jobs import Job, to_message

#: The task's name, as workers register it. Sent by name: a producer needs no task code.
TASK_NAME = "simul.do"
#: Messages in one pipeline. A job counts as enqueued when it is handed over, before its batch leaves.
BATCH = 100


def producer_app(broker_url: str) -> Celery:
    """A Celery app that can send and ask, and holds no task."""
    app = Celery("simul-producer", broker=broker_url, set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        broker_transport_options={"socket_connect_timeout": 3},
        broker_connection_retry_on_startup=False,
        broker_connection_max_retries=3,
    )
    return app


def publish(app: Celery, jobs: Sequence[Job], queue: str, run: str) -> Iterator[int]:
    """Send the jobs to the queue; yields the number sent so far after each batch.

    Raises:
        kombu.exceptions.OperationalError: the broker went away.
    """
    with app.producer_pool.acquire(block=True) as producer:
        for start in range(0, len(jobs), BATCH):
            chunk = jobs[start : start + BATCH]
            with producer.batch(max_size=BATCH):
                for index, job in enumerate(chunk, start):
                    app.send_task(
                        TASK_NAME,
                        kwargs=_message(run, index, job),
                        queue=queue,
                        producer=producer,
                        ignore_result=True,
                        argsrepr="",  # their reprs are for events that nobody listens to
                        kwargsrepr="",
                    )
            yield start + len(chunk)


def _message(run: str, index: int, job: Job) -> dict[str, Any]:
    return {"run": run, "index": index, "enqueued_ns": time.monotonic_ns(), "job": to_message(job)}
