"""Eager calls of coroutine tasks: `task.apply()`, and `task.delay()` where `task_always_eager` is set.

Celery traces an eager call in the thread that makes it, without any worker or pool. Here its coroutines run
to their end on an event loop that lasts as long as the call: a hook may use what the body has opened.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
import functools
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from celery._state import _task_stack
from greenlet import getcurrent

from celery_asyncio_pool.bridge import eager_call, is_prepared, prepare, waiter_here
from celery_asyncio_pool.coroutines import AWAITED_CANCELLED, adopt, coroutine_of
from celery_asyncio_pool.parts import Part


class Eager:
    """An entry of Celery's `task_annotations` by which the eager calls of an app's tasks wait for coroutines.

        app.conf.task_annotations = ["celery_asyncio_pool:Eager"]

    Celery takes the first entry of that list that has something for a task, so this is to be the first; it
    has nothing to add to what the others say.
    """

    def annotate(self, task: Any) -> None:
        """Prepare `task`, a class that Celery is about to bind to its app."""
        wait_in_apply(task)


def wait_in_apply(task_class: Any) -> None:
    """Have `apply` of this class of tasks wait for coroutines; doing so again changes nothing."""
    if not hasattr(task_class.apply, "aio_bridge"):
        task_class.apply = _waiting(task_class.apply)


def _waiting(apply: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(apply)
    def waiting_apply(self: Any, *args: Any, **kwargs: Any) -> Any:
        for task in tuple(self.app.tasks.values()):  # this one may call any other
            if not is_prepared(task):
                prepare(task, "thread")
        if waiter_here() is not None:  # a plain task's thread, or an eager call that calls another
            return apply(self, *args, **kwargs)
        with _new_call():
            return apply(self, *args, **kwargs)

    waiting_apply.aio_bridge = True  # type: ignore[attr-defined]  # tells ours from anyone else's
    return waiting_apply


@contextlib.contextmanager
def _new_call() -> Iterator[None]:
    call = EagerCall()
    token = eager_call.set(call)
    try:
        yield
    finally:
        eager_call.reset(token)
        call.close()


class EagerCall:
    """One call of `apply`: where it is made, and the loop for its coroutines."""

    def __init__(self) -> None:
        self._host = getcurrent()
        self._busy = False
        self._runner = asyncio.Runner()
        #: Where the loop runs if another one runs in the caller's thread already.
        self._thread: ThreadPoolExecutor | None = None

    def is_traced_here(self) -> bool:
        """Whether the caller is Celery's tracer of this call, and not one of its coroutines."""
        return self._host is getcurrent() and not self._busy

    def wait_for(self, coroutine: Coroutine[Any, Any, Any], part: Part = Part.BODY) -> Any:  # noqa: ARG002  (all alike here)
        """Run `coroutine` to its end, and return or raise what it comes to."""
        context = contextvars.copy_context()
        run = functools.partial(self._runner.run, _to_the_end(coroutine), context=context)
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
        """Cancel what the coroutines have left on the loop, and close it."""
        if self._thread is None:
            self._runner.close()
        else:
            self._thread.submit(self._runner.close).result()
            self._thread.shutdown()

    def _run_beside(self, run: Callable[[], Any]) -> Any:
        """Run in a thread of this call's own; this one is blocked, for its caller cannot await."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "celery-aio-eager")
        task = _task_stack.top
        return self._thread.submit(_as_task, task, task.request_stack.top, run).result()


async def _to_the_end(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What it comes to, also where it returns another one."""
    value = await coroutine
    while (more := coroutine_of(value)) is not None:
        value = await more
    return value


def _as_task(task: Any, request: Any, run: Callable[[], Any]) -> Any:
    """Make the call with `task` and `request` as the current ones, which Celery keeps for each thread."""
    _task_stack.push(task)
    task.request_stack.push(request)
    try:
        return run()
    finally:
        task.request_stack.pop()
        _task_stack.pop()
