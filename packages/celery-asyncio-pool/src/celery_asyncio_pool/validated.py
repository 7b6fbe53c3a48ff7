"""`pydantic=True` for coroutines: Celery validates the arguments, and dumps the result once it is awaited.

Celery's wrapper around the function does both, but it dumps what the function returns at once: a coroutine,
and not its value. Here the same wrapper is used around another function, which gives the value. Nothing of
its rules is repeated here, and Celery's own wrapper is left as it is.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import CellType, FunctionType, MethodType
from typing import Any

from celery.app.base import pydantic_wrapper
from celery.exceptions import ImproperlyConfigured
from greenlet import getcurrent, greenlet


def is_validated(function: Callable[..., Any]) -> bool:
    """Whether `function` is Celery's wrapper for `pydantic=True`."""
    return getattr(function, "__globals__", None) is pydantic_wrapper.__globals__


def unwrap_validated(wrapper: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function inside Celery's `wrapper`."""
    function: Callable[..., Any] = wrapper.__wrapped__  # type: ignore[attr-defined]  # all wrappers have it
    return function


def rewrap(wrapper: Callable[..., Any], inner: Callable[..., Any]) -> Callable[..., Any]:
    """Make a copy of Celery's `wrapper` that calls `inner` in place of its own function.

    Raises:
        ImproperlyConfigured: the wrapper is of an unknown form, from another version of Celery.
    """
    function: Any = getattr(wrapper, "__func__", wrapper)
    own = unwrap_validated(wrapper)
    is_own = [cell.cell_contents is own for cell in function.__closure__]
    if not any(is_own):
        raise ImproperlyConfigured(
            f"task {function.__name__}: the asyncio pool does not know this Celery's pydantic=True. "
            "Validate in the task, or use a version of Celery that the pool was made for."
        )
    cells = tuple(
        CellType(inner) if it_is else cell for cell, it_is in zip(function.__closure__, is_own, strict=True)
    )
    copy = FunctionType(function.__code__, function.__globals__, closure=cells)
    return _bind_like(wrapper, functools.update_wrapper(copy, own))


def rewrap_coroutine(wrapper: Callable[..., Any]) -> Callable[..., Any]:
    """Turn Celery's `wrapper` around a coroutine function into one that also dumps the result."""
    own = unwrap_validated(wrapper)
    inner = rewrap(getattr(wrapper, "__func__", wrapper), lambda *a, **kw: _give(own(*a, **kw)))

    @functools.wraps(wrapper)
    async def run(*args: Any, **kwargs: Any) -> Any:
        # The wrapper is no coroutine, and is to go on when one has ended: a greenlet can.
        call = greenlet(functools.partial(inner, *args, **kwargs))
        call.gr_context = getcurrent().gr_context
        coroutine = call.switch()
        try:
            value = await coroutine
        except BaseException:
            return call.throw(*sys.exc_info())  # the wrapper lets it pass
        return call.switch(value)

    return _bind_like(wrapper, run)


def _give(coroutine: object) -> Any:
    """Hand `coroutine` to the code that started this greenlet, and return its outcome."""
    return getcurrent().parent.switch(coroutine)


def _bind_like(model: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    owner = getattr(model, "__self__", None)
    return function if owner is None else MethodType(function, owner)
