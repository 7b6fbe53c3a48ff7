"""Waiting for running jobs when the worker stops: Celery's main thread is then here, and not in its hub."""

from __future__ import annotations

import time
from typing import Any

from celery.concurrency.prefork import _run_ready_callbacks

from celery_asyncio_pool.callbacks import CallbackQueue
from celery_asyncio_pool.slots import Slots

#: Seconds between two looks at the running jobs.
TICK_S = 0.01


def drain(slots: Slots, callbacks: CallbackQueue, hub: Any, limit_s: float | None) -> bool:
    """Wait until no job runs, at most `limit_s` (None: as long as it takes); whether that is so.

    Does the hub's part meanwhile: callbacks, heartbeats, and the acknowledgements that callbacks leave.
    """
    deadline = None if limit_s is None else time.monotonic() + limit_s
    while True:
        ended = not slots.running  # looked at before callbacks are made: what ends later, calls later
        callbacks.run()
        if hub is not None:
            hub.fire_timers()
            _run_ready_callbacks(hub)
        if ended or (deadline is not None and time.monotonic() > deadline):
            return ended
        time.sleep(TICK_S)
