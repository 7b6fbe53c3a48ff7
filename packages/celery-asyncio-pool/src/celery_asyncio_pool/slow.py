"""Names the task that holds the event loop: the mistake that people make, and that nobody else reports."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Generator
from typing import Any

from celery.utils.log import get_logger

from celery_asyncio_pool.execution import current_execution

logger = get_logger(__name__)


def make_timing_factory(slow_s: float) -> Callable[..., asyncio.Task[Any]]:
    """Return an asyncio task factory that logs each step that holds the loop for more than `slow_s`.

    Only steps of Celery tasks are logged, and of the asyncio tasks that these have started.
    """

    def make_task(
        loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], **options: Any
    ) -> asyncio.Task[Any]:
        context = options.get("context")  # a body is started in another task's context than its own
        execution = current_execution.get() if context is None else context.get(current_execution)
        if execution is not None:
            coro = Timed(coro, str(execution), slow_s)
        return asyncio.Task(coro, loop=loop, **options)

    return make_task


class Timed(Coroutine[Any, Any, Any]):
    """A coroutine that is timed at each step, because asyncio does so only in its slow debug mode."""

    def __init__(self, coro: Coroutine[Any, Any, Any], label: str, slow_s: float) -> None:
        self._coro = coro
        self._label = label
        self._slow_s = slow_s

    def send(self, value: Any) -> Any:
        started = time.perf_counter()
        try:
            return self._coro.send(value)
        finally:
            self._check(started)

    def throw(self, *exc: Any) -> Any:
        started = time.perf_counter()
        try:
            return self._coro.throw(*exc)
        finally:
            self._check(started)

    def close(self) -> None:
        self._coro.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._coro.__await__()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coro, name)  # asyncio and debuggers show the frame and the name

    def _check(self, started: float) -> None:
        took_s = time.perf_counter() - started
        if took_s > self._slow_s:
            logger.warning(
                "Task %s held the event loop for %.0f ms: every other task waited. "
                "Await instead of blocking, or move the work to a thread (asyncio.to_thread).",
                self._label,
                took_s * 1000,
            )
