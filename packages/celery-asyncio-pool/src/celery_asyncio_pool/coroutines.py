"""What a function of the user's gives: a coroutine, something else to be awaited, or a value."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextvars import Context
from typing import Any

#: Asyncio's CancelledError is no Exception, and Celery's tracer records nothing else as a failure.
#: `concurrent.futures` has a namesake that is; it says this.
AWAITED_CANCELLED = "the task awaited something that was cancelled"


def gives_coroutine(function: Callable[..., Any]) -> bool:
    """Whether calling `function` is sure to give a coroutine at once, and to do nothing else.

    Not so where a plain function is wrapped around a coroutine function: that may as well block, or run the
    coroutine by itself (`asyncio.run`), as was usual before there was a pool for coroutines.
    """
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)


def coroutine_of(value: object) -> Coroutine[Any, Any, Any] | None:
    """`value` as a coroutine where it can be awaited; None where it is an ordinary value.

    An ordinary generator is one: Celery cannot store it, on this pool and on any other.

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


def called_on_loop(function: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    """`function` as a coroutine function: called where the coroutine runs, and awaited if it can be."""

    async def call(*args: Any, **kwargs: Any) -> Any:
        value = function(*args, **kwargs)
        coroutine = coroutine_of(value)
        return value if coroutine is None else await coroutine

    return call


def adopt(context: Context) -> None:
    """Set the context variables here as a coroutine has left them in `context`."""
    for variable, value in context.items():
        variable.set(value)


async def _await(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
