"""Naming the task that holds the event loop: the mistake that people make, and that nobody else reports."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Generator
from typing import Any

from celery.utils.log import get_logger

from celery_asyncio_pool.bridge import current_job

logger = get_logger(__name__)


def timing_task_factory(slow_s: float) -> Callable[..., asyncio.Task[Any]]:
    """A task factory that logs each step of a job, or of a task it started, that takes over `slow_s`."""

    def make_task(
        loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], **options: Any
    ) -> asyncio.Task[Any]:
        job = current_job()
        return asyncio.Task(coro if job is None else Timed(coro, str(job), slow_s), loop=loop, **options)

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
