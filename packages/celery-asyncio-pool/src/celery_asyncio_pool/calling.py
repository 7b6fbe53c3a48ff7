"""Calls of tasks that can be awaited: Celery sends the message in a thread, and the loop goes on meanwhile.

They work for a task, a signature, a group, a chain and a chord, in a worker and in any other asyncio program.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from celery._state import _task_stack, get_current_app

from celery_asyncio_pool.eager_call import current_eager_call, run_as_task
from celery_asyncio_pool.execution import current_execution
from celery_asyncio_pool.quiet import hush, mark_sender

#: How many calls Celery makes at a time. Its own limit (`broker_pool_limit`) is 10 connections to the broker.
THREADS = 8

_executors: list[ThreadPoolExecutor] = []
_eager_locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_executors.clear)  # its threads are the parent's


def aapply_async(task: Any, args: Any = None, kwargs: Any = None, **options: Any) -> Coroutine[Any, Any, Any]:
    """Do what `task.apply_async(args, kwargs, **options)` does, without holding up the event loop.

    `task` is a task or a signature of any kind. Awaited, it gives Celery's result object. If it is cancelled
    while Celery sends, the message may have gone out or not.

    Raises:
        RuntimeError: no event loop runs in this thread.
        TypeError: `task` is neither a task nor a signature.
    """
    check_loop(task, "aapply_async", "apply_async")
    _check_task(task, "aapply_async")
    return _call(task.app, partial(task.apply_async, args, kwargs, **options))


def adelay(task: Any, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, Any]:
    """Do what `task.delay(*args, **kwargs)` does; otherwise as `aapply_async`."""
    check_loop(task, "adelay", "delay")
    _check_task(task, "adelay")
    return _call(task.app, partial(task.apply_async, args, kwargs))


def check_loop(instance: object, awaited: str, plain: str) -> None:
    """Refuse to make a coroutine where nobody can await it: it would be dropped, and nothing sent.

    Raises:
        RuntimeError: no event loop runs in this thread.
    """
    if asyncio._get_running_loop() is None:
        raise RuntimeError(
            f"{awaited}() is awaited in a coroutine, and no event loop runs here ({instance!r}): "
            f"use {plain}(), or call it within asyncio.run(main())."
        )


def _check_task(task: Any, function: str) -> None:
    if not hasattr(task, "apply_async"):
        raise TypeError(f"{function} takes a task or a signature, and its arguments after it, not {task!r}")


async def _call(app: Any, call: Callable[[], Any]) -> Any:
    context = copy_context()
    # The thread has stacks of its own: those of the execution may be in use by its coroutine meanwhile.
    context.run(current_execution.set, None)
    context.run(current_eager_call.set, None)
    if (task := _task_stack.top) is not None:
        call = partial(run_as_task, task, task.request_stack.top, call)
    call = partial(_run, app, get_current_app(), context, call)
    if not app.conf.task_always_eager:
        return await asyncio.wrap_future(_executor().submit(call))
    # It runs the task, which may call others, and await them: no number of threads would do for all. And one
    # at a time on each loop (an eager call has its own): Celery sets a flag of the process for as long.
    async with _eager_locks.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        executor = ThreadPoolExecutor(1, "celery-aio-eager", mark_sender)
        try:
            return await asyncio.wrap_future(executor.submit(call))
        finally:
            executor.shutdown(wait=False)


def _run(app: Any, current: Any, context: Context, call: Callable[[], Any]) -> Any:
    current.set_current()
    hush(app.backend)
    return context.run(call)


def _executor() -> ThreadPoolExecutor:
    if not _executors:
        _executors.append(ThreadPoolExecutor(THREADS, "celery-aio-call", mark_sender))
    return _executors[0]
