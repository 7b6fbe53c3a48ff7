"""What lives as long as an event loop: opened before the first task begins, closed after the last has ended.

    @lifespan(app)
    async def database():
        async with create_pool(DSN) as pool:
            yield pool

    @app.task
    async def count(table):
        return await database.value.fetchval(f"select count(*) from {table}")

An async generator with one `yield`, as in pytest's fixtures and ASGI's lifespan: opening and closing stand
together, and several are closed in the reverse order. A pair of signals would keep them apart, and leave what
has been opened to a global variable, which is wrong as soon as there is a second loop: an eager call has one.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from celery import Celery
from celery.local import Proxy

T = TypeVar("T")

#: The lifespans of each app, in the order in which they are opened.
_of_apps: WeakKeyDictionary[Any, list[Lifespan[Any]]] = WeakKeyDictionary()


class Lifespan(Generic[T]):
    """One async generator function that is run along with event loops; `lifespan` makes it."""

    def __init__(self, function: Callable[[], AsyncIterator[T]]) -> None:
        self.name: str = function.__qualname__
        self.__doc__ = function.__doc__
        self._context = contextlib.asynccontextmanager(function)
        self._values: dict[asyncio.AbstractEventLoop, T] = {}

    def __repr__(self) -> str:
        return f"<lifespan {self.name}>"

    @property
    def value(self) -> T:
        """What it has yielded on the running loop; in a thread without a loop, on the only one that there is.

        Raises:
            RuntimeError: it is not open.
        """
        values, loop = self._values, asyncio._get_running_loop()
        with contextlib.suppress(KeyError, ValueError):
            if loop is not None:
                return values[loop]
            (value,) = values.copy().values()
            return value
        raise RuntimeError(
            f"lifespan {self.name} is not open here. A worker with the asyncio pool opens it before its "
            f"first task, and an eager call before the task; elsewhere: async with {self.name}.open(): ..."
        )

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[T]:
        """Keep it open on the running loop for the `async with` block: in a test, or in an ASGI app."""
        loop = asyncio.get_running_loop()
        if loop in self._values:
            raise RuntimeError(f"lifespan {self.name} is open on this event loop already")
        async with self._context() as value:
            self._values[loop] = value
            try:
                yield value
            finally:
                del self._values[loop]


def lifespan(app: Any) -> Callable[[Callable[[], AsyncIterator[T]]], Lifespan[T]]:
    """Register an async generator function with one `yield`, to be run along with the event loops of `app`.

    The decorated name becomes a `Lifespan`; tasks read its `value`.

    Raises:
        TypeError: it is something else, or it takes arguments.
    """
    if not isinstance(app, Celery):
        raise TypeError(f"lifespan takes the Celery app: @lifespan(app), not {app!r}")

    def register(function: Callable[[], AsyncIterator[T]]) -> Lifespan[T]:
        if not inspect.isasyncgenfunction(function) or inspect.signature(function).parameters:
            name = getattr(function, "__qualname__", repr(function))
            raise TypeError(
                f"lifespan {name}: write an `async def` without arguments that opens, yields once, and closes"
            )
        made = Lifespan(function)
        _of_apps.setdefault(_unproxied(app), []).append(made)
        return made

    return register


def lifespans_of(app: Any) -> tuple[Lifespan[Any], ...]:
    """Return the lifespans of `app`, in the order in which they were registered and are opened."""
    return tuple(_of_apps.get(_unproxied(app), ()))


def _unproxied(app: Any) -> Any:
    """Return the app itself where `app` is `celery.current_app`, which is another one in another thread."""
    return app._get_current_object() if isinstance(app, Proxy) else app
