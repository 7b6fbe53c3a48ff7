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

from celery._state import _task_stack, get_current_app

from celery_asyncio_pool.eager_call import current_eager_call, run_as_task
from celery_asyncio_pool.execution import current_execution
from celery_asyncio_pool.quiet import hush, mark_sender

#: How many calls Celery makes at a time. Its own limit (`broker_pool_limit`) is 10 connections to the broker.
THREADS = 8

_executors: list[ThreadPoolExecutor] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_executors.clear)  # its threads are the parent's


def aapply_async(task: Any, args: Any = None, kwargs: Any = None, **options: Any) -> Coroutine[Any, Any, Any]:
    """Do what `task.apply_async(args, kwargs, **options)` does, without holding up the event loop.

    `task` is a task or a signature of any kind. Awaited, it gives Celery's result object. If it is cancelled
    while Celery sends, the message may have gone out or not.

    Raises:
        RuntimeError: no event loop runs in this thread.
    """
    check_loop(task, "aapply_async", "apply_async")
    return _call(task.app, partial(task.apply_async, args, kwargs, **options))


def adelay(task: Any, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, Any]:
    """Do what `task.delay(*args, **kwargs)` does; otherwise as `aapply_async`."""
    check_loop(task, "adelay", "delay")
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


async def _call(app: Any, call: Callable[[], Any]) -> Any:
    context = copy_context()
    # The thread has stacks of its own: those of the execution may be in use by its coroutine meanwhile.
    context.run(current_execution.set, None)
    context.run(current_eager_call.set, None)
    if (task := _task_stack.top) is not None:
        call = partial(run_as_task, task, task.request_stack.top, call)
    current = get_current_app()
    return await asyncio.wrap_future(_executor().submit(_run, app, current, context, call))


def _run(app: Any, current: Any, context: Context, call: Callable[[], Any]) -> Any:
    current.set_current()
    hush(app.backend)
    return context.run(call)


def _executor() -> ThreadPoolExecutor:
    if not _executors:
        _executors.append(ThreadPoolExecutor(THREADS, "celery-aio-call", mark_sender))
    return _executors[0]
