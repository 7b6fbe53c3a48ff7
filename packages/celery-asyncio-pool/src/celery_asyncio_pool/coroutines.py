"""Tells whether a user's function, or what it returns, is a coroutine or an ordinary value."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextvars import Context
from typing import Any

#: The text of the `concurrent.futures.CancelledError` that stands in for asyncio's, which is no Exception:
#: Celery's tracer records nothing else as a failure.
AWAITED_CANCELLED = "the task awaited something that was cancelled"


def gives_coroutine(function: Callable[..., Any]) -> bool:
    """Whether a call of `function` is sure to return a coroutine at once, and does nothing else.

    False for a plain function around a coroutine function: it may also block, or run the coroutine itself
    (`asyncio.run`), as was usual before there was a pool for coroutines.
    """
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)


def as_coroutine(value: object) -> Coroutine[Any, Any, Any] | None:
    """Return `value` as a coroutine if it can be awaited, and None if it is an ordinary value.

    An ordinary generator counts as an ordinary value: Celery cannot store it, on this pool and on any other.

    Raises:
        TypeError: it is an async generator, which nobody can await: Celery would drop it.
    """
    if inspect.iscoroutine(value):
        return value
    if value is None:  # as most tasks return: the questions below are slow
        return None
    if inspect.isawaitable(value):
        return _await(value)
    if isinstance(value, AsyncGenerator):
        raise TypeError(
            "an async generator cannot be a task's result (a coroutine with `yield` in it?): "
            "return a list, [item async for item in ...]"
        )
    return None


def call_on_loop(function: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Make a coroutine function that calls `function` on the loop, and awaits an awaitable result."""

    async def call(*args: Any, **kwargs: Any) -> Any:
        value = function(*args, **kwargs)
        coroutine = as_coroutine(value)
        return value if coroutine is None else await coroutine

    return call


def adopt(context: Context) -> None:
    """Copy the context variables of `context` into the current one."""
    for variable, value in context.items():
        variable.set(value)


async def _await(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
