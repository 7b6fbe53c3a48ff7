"""The worker's own thread, where Celery calls parts of a task that has no tracer any more.

A hard time limit, a connection that is lost and a cold shutdown take a task away from its tracer. Celery then
calls `on_failure`, `after_return`, `on_retry` and the task's error callbacks by itself, in this thread.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any

from celery.utils.log import get_logger

from celery_asyncio_pool.callbacks import CallbackQueue
from celery_asyncio_pool.parts import Part

logger = get_logger(__name__)

#: Seconds for which the worker's thread waits for a hook before it takes up its own work again.
HOOK_WAIT_S = 5.0


class WorkerThread:
    """Has the pool's loop run coroutines, and waits: for hooks always, for bodies in error callbacks."""

    def __init__(self, loop: asyncio.AbstractEventLoop, callbacks: CallbackQueue) -> None:
        self._loop = loop
        self._callbacks = callbacks
        self._ident = threading.get_ident()

    def calls(self, part: Part) -> bool:
        """Whether Celery itself calls this part of a task in this thread, where nobody would await it."""
        return threading.get_ident() == self._ident and (part is not Part.BODY or self._callbacks.are_made)

    def wait_for(self, coroutine: Coroutine[Any, Any, Any], part: Part) -> Any:  # noqa: ARG002  (all alike here)
        """Have the loop run `coroutine`; return its value (None if it takes too long) or raise its error."""
        name = getattr(coroutine, "__qualname__", repr(coroutine))
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        except RuntimeError:  # the loop is closed
            coroutine.close()
            raise
        done, _ = concurrent.futures.wait([future], HOOK_WAIT_S)
        if done:
            return future.result()
        logger.warning(
            "%s has run for %.0f s after its task's end: it runs on, the worker does not wait.",
            name,
            HOOK_WAIT_S,
        )
        future.add_done_callback(_log_error)
        return None


def _log_error(future: concurrent.futures.Future[Any]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        logger.error("A task's hook raised: %r", error, exc_info=error)
