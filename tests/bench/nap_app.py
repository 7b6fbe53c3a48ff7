"""What the benchmarks' workers do: wait or do nothing, and tell nobody. No signal receiver, no result.

Everything once as a coroutine and once as a plain function: each pool gets the one that suits it.
"""

# mypy: disable-error-code="untyped-decorator"
# (Celery ships no types.)

from __future__ import annotations

import asyncio
import os
import time

from celery import Celery

app = Celery("nap", broker=os.environ["NAP_BROKER"])
app.conf.update(
    broker_transport=os.environ["NAP_TRANSPORT"],
    task_acks_late=True,
    task_ignore_result=True,
    result_backend_thread_safe=True,  # else Celery makes a result backend for each greenlet
    # For each slot that acknowledges, as the lab's own app has it: kombu's 10 would lose connections.
    broker_transport_options={"max_connections": 10_000},
)


@app.task
async def naps(seconds: float) -> None:
    await asyncio.sleep(seconds)


@app.task
def plain_naps(seconds: float) -> None:
    time.sleep(seconds)


@app.task
async def nothing() -> None: ...


@app.task
def plain_nothing() -> None: ...
