"""Tasks written in every way that Celery takes, and in some that only this pool understands."""

# mypy: disable-error-code="untyped-decorator, misc"
# (Celery ships no types, and neither would a stranger's app.)

from __future__ import annotations

import asyncio
import builtins
import functools
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Generator, Iterator
from typing import Any

from celery import Task, current_task

from . import app, hold, plainly_wrapped, side, twice

# Twice: as a plain function, and as a coroutine


@twice(bind=True)
def bound(self: Any, x: int) -> list[Any]:
    return [x, self.request.retries, current_task.request.id == self.request.id]


@twice(typing=False)
def untyped(*args: int, **kwargs: int) -> int:
    return sum(args) + sum(kwargs.values())


@twice(bind=True)
def annotated(self: Any) -> int:
    return int(self.max_retries)


@twice(throws=(KeyError,))
def expected(key: str) -> None:
    raise KeyError(key)


@twice(bind=True, autoretry_for=(ConnectionError,), retry_backoff=True, retry_backoff_max=0, max_retries=3)
def backs_off(self: Any, until: int) -> int:
    if self.request.retries < until:
        raise ConnectionError("not yet")
    return int(self.request.retries)


@twice(bind=True, autoretry_for=(Exception,), dont_autoretry_for=(KeyError,), max_retries=3)
def never_retried(self: Any) -> None:
    raise KeyError(str(self.request.retries))


if sys.version_info >= (3, 11):  # where there are groups of exceptions

    @twice()
    def raises_group() -> None:
        raise builtins.ExceptionGroup("two", [ValueError("one"), KeyError("other")])


class Adder(Task):
    name = "plain.class_based"

    def run(self, x: int, y: int = 1) -> Any:
        return [x + y, self.name.partition(".")[2]]


class AsyncAdder(Adder):
    name = "async.class_based"

    async def run(self, x: int, y: int = 1) -> Any:
        await asyncio.sleep(0)
        return super().run(x, y)


class RetryingAdder(Adder):
    name = "plain.class_based_retry"
    autoretry_for = (ConnectionError,)
    default_retry_delay = 0
    max_retries = 2

    def run(self, x: int, _y: int = 1) -> Any:
        if self.request.retries < x:
            raise ConnectionError("not yet")
        return self.request.retries


class AsyncRetryingAdder(RetryingAdder):
    name = "async.class_based_retry"

    async def run(self, x: int, _y: int = 1) -> Any:
        await asyncio.sleep(0)
        return super().run(x)


for task_class in (Adder, AsyncAdder, RetryingAdder, AsyncRetryingAdder):
    app.register_task(task_class())


class Calling(Task):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return ["called", super().__call__(*args, **kwargs), self.request.id == current_task.request.id]


@twice(base=Calling)
def called(x: int) -> int:
    return x


# Coroutines that do not look like it


class Answer:
    """Awaitable, and no coroutine."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __await__(self) -> Generator[Any, Any, Any]:
        yield from asyncio.sleep(0).__await__()
        return self._value


class CallableObject:
    """An object with an asynchronous call."""

    def __init__(self) -> None:
        functools.update_wrapper(self, type(self).__call__)  # Celery asks for what a function has

    async def __call__(self, x: int) -> int:
        await asyncio.sleep(0)
        return x


async def _add(x: int, y: int) -> int:
    await asyncio.sleep(0)
    return x + y


class Partial(Task):
    name = "ways.partial"
    run = staticmethod(functools.partial(_add, 0))


app.register_task(Partial())
app.task(name="ways.callable_object")(CallableObject())


@app.task(name="ways.gives_awaitable")
def gives_awaitable(x: int) -> Answer:
    return Answer(x)


@app.task(name="ways.gives_future", aio="loop")
def gives_future(x: int) -> asyncio.Future[int]:
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_result, x)
    return future


@app.task(name="ways.decorated")
@plainly_wrapped
async def decorated(x: int) -> int:
    await asyncio.sleep(0)
    return x


@app.task(name="ways.decorated_on_loop", aio="loop")
@plainly_wrapped
async def decorated_on_loop(x: int) -> int:
    await asyncio.sleep(0)
    return x


@app.task(name="ways.has_a_loop_of_its_own")
def has_a_loop_of_its_own(x: int) -> int:
    """How people wrote coroutine tasks before there was a pool for them."""
    return asyncio.run(_add(x, 0))


class AsyncCalling(Task):
    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        value = await super().__call__(*args, **kwargs)
        return value if self.request.id == current_task.request.id else "the wrong task"


@app.task(name="ways.called_asynchronously", base=AsyncCalling)
async def called_asynchronously(x: int) -> int:
    await asyncio.sleep(0)
    return x


class CallingAside(Task):
    def __call__(self, *args: Any, **kwargs: Any) -> Awaitable[Any]:
        async def call() -> Any:
            return await self.run(*args, **kwargs)

        return call()


@app.task(name="ways.called_aside", base=CallingAside)
async def called_aside(x: int) -> int:
    await asyncio.sleep(0)
    return x


# Generators


@app.task(name="ways.generator")
def generator(n: int) -> Iterator[int]:
    yield from range(n)


@app.task(name="ways.async_generator")
async def async_generator(n: int) -> AsyncIterator[int]:
    for number in range(n):
        yield number


@app.task(name="ways.async_generator_ignored", ignore_result=True)
async def async_generator_ignored(n: int) -> AsyncIterator[int]:
    for number in range(n):
        yield number


# To be limited and revoked


@app.task(name="ways.holds_decorated")
@plainly_wrapped
async def holds_decorated(key: str) -> str:
    return await hold(key)


@app.task(name="ways.plain_holds")
def plain_holds(key: str) -> str:
    side.rpush(key + ":started", "1")
    side.blpop([key + ":release"], timeout=60)
    return "released"


@app.task(name="ways.holds_and_gives")
def holds_and_gives(key: str) -> Awaitable[str]:
    """A plain function that takes its time, and then gives a coroutine."""
    plain_holds.run(key)
    return hold(key + ":given")


@app.task(name="ways.fails_once_at_its_limit", acks_late=True, acks_on_failure_or_timeout=False, bind=True)
async def fails_once_at_its_limit(self: Any, key: str) -> str:
    if self.request.delivery_info["redelivered"]:
        return "second time"
    return await hold(key)


@app.task(name="ways.catches_its_soft_limit")
async def catches_its_soft_limit() -> str:
    try:
        await _sleep_in_group(60)
    except asyncio.CancelledError:
        await asyncio.wait_for(_sleep_in_group(0), 60)
        return "tidied up"
    return "never"


async def _sleep_in_group(seconds: float) -> None:
    if sys.version_info >= (3, 11):
        async with asyncio.timeout(120), asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(seconds))
    else:
        await asyncio.gather(asyncio.sleep(seconds))


# Eager calls


@app.task(name="ways.applies")
async def applies(x: int) -> list[Any]:
    """From a coroutine, on the worker's loop: a plain task, a coroutine, one with models, one with hooks."""
    calls = (
        ("plain.bound", x),
        ("async.bound", x),
        ("async.model", {"item": "a"}),
        ("hooked.async", "eager"),
    )
    values = [app.tasks[name].apply((argument,)).result for name, argument in calls]
    return [*values, current_task.name, threading.current_thread().name]
