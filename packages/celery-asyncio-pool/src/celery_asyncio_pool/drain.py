"""Waiting for running tasks, and cancelling them, when the worker stops.

Celery's main thread then runs this code, and not its hub.
"""

from __future__ import annotations

import time
from typing import Any

from celery.utils.log import get_logger
from celery.worker import state as worker_state
from kombu.message import Message

from celery_asyncio_pool.callbacks import CallbackQueue
from celery_asyncio_pool.limits import Verdict
from celery_asyncio_pool.old_celery import CELERY
from celery_asyncio_pool.slots import Slots

logger = get_logger(__name__)

#: Seconds that cancelled tasks get to clean up before the pool stops without them.
CLEAN_UP_S = 5.0

#: Seconds between two looks at the running tasks.
TICK_S = 0.01


def drain(slots: Slots, callbacks: CallbackQueue, hub: Any, limit_s: float | None) -> bool:
    """Wait at most `limit_s` until no task runs (None: without a limit), and return whether none does.

    Does the hub's part meanwhile: callbacks, heartbeats, and the acknowledgements that callbacks leave.
    """
    deadline = None if limit_s is None else time.monotonic() + limit_s
    while True:
        ended = not slots.running  # looked at before callbacks are made: what ends later, calls later
        callbacks.run()
        if hub is not None:
            hub.fire_timers()
            _acknowledge(hub)
        if ended or (deadline is not None and time.monotonic() > deadline):
            return ended
        time.sleep(TICK_S)


def cancel_running(slots: Slots, callbacks: CallbackQueue, hub: Any) -> None:
    """Cancel the running tasks, and wait until they have cleaned up, at most `CLEAN_UP_S`."""
    for execution in tuple(slots.running.values()):
        if execution.verdict is Verdict.TERMINATED:
            execution.insist()
        else:
            execution.terminate()
    if not drain(slots, callbacks, hub, CLEAN_UP_S):
        for execution in tuple(slots.running.values()):
            logger.error("Task %s did not end when cancelled; the pool stops without it.", execution)


def is_cold(slots: Slots) -> bool:
    """Whether this is a cold shutdown, in which the worker has cancelled the running tasks.

    Celery 5.5 stops the pool before it says so, but after it has cancelled all that runs.
    """
    cancelled = all(execution.is_terminating for execution in tuple(slots.running.values()))
    return worker_state.should_terminate or (CELERY < (5, 6) and cancelled)


def _acknowledge(hub: Any) -> None:
    """Make those calls of `hub` that acknowledge or reject a message.

    The others stay: the transport's reader may be among them, and would deliver to a pool that is closed.
    Celery's prefork pool does the same from Celery 5.7 on, in a function of its own.
    """
    for call in tuple(hub._pop_ready()):
        if isinstance(getattr(getattr(call, "fun", None), "__self__", None), Message):
            try:
                call()
            except (
                Exception
            ) as error:  # as the hub has it: an acknowledgement that fails must not end the worker
                hub.on_callback_error(call, error)
        else:
            hub.call_soon(call)
