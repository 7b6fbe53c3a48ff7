"""One eager call of a task: Celery traces it in the thread that makes it, without any worker or pool.

Here its coroutines run to their end on an event loop that lasts as long as the call: a hook may use what the
body has opened.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from typing import Any

from celery._state import _task_stack
from greenlet import getcurrent

from celery_asyncio_pool.coroutines import AWAITED_CANCELLED, adopt, as_coroutine
from celery_asyncio_pool.keeper import Keeper
from celery_asyncio_pool.parts import Part
from celery_asyncio_pool.python310 import Runner

#: The eager call that the current context belongs to, in a worker or without one.
current_eager_call: ContextVar[EagerCall | None] = ContextVar("celery_aio_eager_call", default=None)


@contextlib.contextmanager
def open_eager_call(app: Any) -> Iterator[None]:
    """Open an eager call of a task of `app` for the `with` block, and close its event loop afterwards."""
    call = EagerCall(app)
    token = current_eager_call.set(call)
    try:
        yield
    finally:
        current_eager_call.reset(token)
        call.close()


class EagerCall:
    """Runs the coroutines of one call of `apply` on an event loop of its own."""

    def __init__(self, app: Any) -> None:
        self._tracer = getcurrent()
        self._keeper = Keeper(app)
        self._is_open = False
        self._busy = False
        self._runner = Runner()
        #: Where the loop runs if another one runs in the caller's thread already.
        self._thread: ThreadPoolExecutor | None = None

    def is_traced_here(self) -> bool:
        """Whether the caller is Celery's tracer of this call, and not one of its coroutines."""
        return self._tracer is getcurrent() and not self._busy

    def wait_for(self, coroutine: Coroutine[Any, Any, Any], part: Part = Part.BODY) -> Any:  # noqa: ARG002  (all alike here)
        """Run `coroutine` to its end, and return its value or raise its exception."""
        context = copy_context()
        run = functools.partial(self._runner.run, self._run(coroutine), context=context)
        self._busy = True
        try:
            value = run() if asyncio._get_running_loop() is None else self._run_beside(run)
        except asyncio.CancelledError:
            raise concurrent.futures.CancelledError(AWAITED_CANCELLED) from None
        finally:
            self._busy = False
        adopt(context)
        return value

    def close(self) -> None:
        """Close the lifespans, cancel the tasks that are left on the loop, and close it."""
        if self._thread is None:
            self._end()
        else:
            self._thread.submit(self._end).result()
            self._thread.shutdown()

    async def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        if not self._is_open:
            self._is_open = True
            try:
                await self._keeper.open()
            except BaseException:
                coroutine.close()
                raise
        return await _await_to_the_end(coroutine)

    def _end(self) -> None:
        if self._is_open:
            self._runner.run(self._keeper.close(), context=copy_context())
        self._runner.close()

    def _run_beside(self, run: Callable[[], Any]) -> Any:
        """Make the call in a second thread; this one blocks until it returns, for its caller cannot await."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "celery-aio-eager")
        task = _task_stack.top
        return self._thread.submit(run_as_task, task, task.request_stack.top, run).result()


async def _await_to_the_end(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Await `coroutine`, and also what it returns where that can be awaited."""
    value = await coroutine
    while (more := as_coroutine(value)) is not None:
        value = await more
    return value


def run_as_task(task: Any, request: Any, run: Callable[[], Any]) -> Any:
    """Make the call with `task` and `request` as the current ones, which Celery keeps for each thread."""
    _task_stack.push(task)
    task.request_stack.push(request)
    try:
        return run()
    finally:
        task.request_stack.pop()
        _task_stack.pop()
