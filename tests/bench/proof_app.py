"""The app of the long proof's workers: one task, which naps, computes or does nothing, and notes it."""

# mypy: disable-error-code="untyped-decorator"
# (Celery ships no types.)

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any

from celery import Celery, signals

from tests.bench.proof_notes import Notebook

DIRECTORY = Path(os.environ["PROOF_NOTES"])
WORKER = os.environ["PROOF_WORKER"]

notebook = Notebook(DIRECTORY, WORKER)
app = Celery("proof", broker=os.environ["PROOF_BROKER"])
app.conf.update(
    broker_transport=os.environ["PROOF_TRANSPORT"] or None,
    broker_transport_options=json.loads(os.environ["PROOF_OPTIONS"]),
    task_acks_late=True,
    task_ignore_result=True,
    result_backend_thread_safe=True,  # else Celery makes a result backend for each greenlet
)


def compute(seconds: float) -> None:
    """Keep the processor busy."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sum(range(1_000))


def work(job: int, nap_s: float, compute_s: float) -> None:
    """Nap, then compute; nothing of either takes no time."""
    notebook.begin(job)
    if nap_s:
        time.sleep(nap_s)
    compute(compute_s)
    notebook.end(job)


async def work_as_coroutine(job: int, nap_s: float, compute_s: float) -> None:
    """Do the same with the event loop."""
    notebook.begin(job)
    if nap_s:
        await asyncio.sleep(nap_s)
    compute(compute_s)
    notebook.end(job)


app.task(name="work")(work_as_coroutine if os.environ["PROOF_POOL"] == "asyncio" else work)


@signals.worker_ready.connect
def tell_ready(**_: Any) -> None:
    """Say that the worker consumes."""
    (DIRECTORY / f"{WORKER}.ready").touch()
