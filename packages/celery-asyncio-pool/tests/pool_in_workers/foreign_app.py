"""A Celery app that knows nothing of the pool that runs it: what a stranger would write.

Its tasks tell what happens to them through Redis lists, so that tests can wait for events instead of
sleeping. Refuses to import anything of this project.
"""

# mypy: disable-error-code="untyped-decorator"
# (Celery ships no types, and neither would a stranger's app.)

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import aiofiles
import redis
import redis.asyncio
from celery import Celery, Task, current_task, signals
from celery.exceptions import Ignore, Reject

URL = os.environ["FOREIGN_URL"]

app = Celery("foreign", broker=URL, backend=URL)
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options={"max_connections": 1000},
    task_default_queue=os.environ.get("FOREIGN_QUEUE", "foreign"),
    worker_cancel_long_running_tasks_on_connection_loss=True,
)

app.conf.worker_soft_shutdown_timeout = float(os.environ.get("FOREIGN_SOFT_S", "0"))
if "FOREIGN_TRANSPORT" in os.environ:
    app.conf.broker_transport = os.environ["FOREIGN_TRANSPORT"]

side = redis.Redis.from_url(URL, decode_responses=True, socket_timeout=None)
seen: ContextVar[str] = ContextVar("seen", default="nothing")


@contextlib.asynccontextmanager
async def aside() -> AsyncIterator[Any]:
    client = redis.asyncio.Redis.from_url(URL, decode_responses=True, socket_timeout=None)
    try:
        yield client
    finally:
        await client.aclose()


# What a task can come to


@app.task
async def add(x: int, y: int) -> int:
    await asyncio.sleep(0)
    return x + y


@app.task
def plain_add(x: int, y: int) -> list[Any]:
    return [x + y, threading.current_thread().name]


@app.task(aio="loop")
def inline_add(x: int, y: int) -> list[Any]:
    asyncio.get_running_loop()
    return [x + y, threading.current_thread().name]


@app.task
def returns_coroutine(x: int, y: int) -> Any:
    return add.run(x, y)


@app.task
def calls_async_task(x: int, y: int) -> Any:
    return [add(x, y), add.apply((x, y)).result]


@app.task
async def awaits_task(x: int, y: int) -> int:
    return await add(x, y)  # type: ignore[no-any-return]


async def deep_down() -> None:
    await asyncio.sleep(0)
    raise ValueError("from deep down")


@app.task
async def fails() -> None:
    await deep_down()


@app.task(bind=True, max_retries=3)
async def retries(self: Any, until: int) -> int:
    await asyncio.sleep(0)
    if self.request.retries < until:
        raise self.retry(countdown=0)
    return int(self.request.retries)


@app.task(bind=True, autoretry_for=(ConnectionError,), max_retries=2, default_retry_delay=0)
async def autoretries(self: Any, until: int) -> int:
    await asyncio.sleep(0)
    if self.request.retries < until:
        raise ConnectionError("not yet")
    return int(self.request.retries)


@app.task
async def ignores(key: str) -> None:
    side.rpush(key, "ran")
    raise Ignore


@app.task(bind=True, acks_late=True)
async def rejects(self: Any, key: str, requeue: bool) -> str:
    redelivered = bool(self.request.delivery_info["redelivered"])
    side.rpush(key, str(redelivered))
    if redelivered:
        return "second time"
    raise Reject("no", requeue=requeue)


@app.task
async def exits() -> None:
    raise SystemExit(3)


@app.task
async def awaits_cancelled() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


@app.task
async def uses_asyncio() -> list[Any]:
    async with aside() as client:
        if sys.version_info >= (3, 11):
            async with asyncio.TaskGroup() as group:
                pong = group.create_task(client.ping())
                total = group.create_task(add(1, 2))
        else:
            pong, total = asyncio.ensure_future(client.ping()), asyncio.ensure_future(add(1, 2))
            await asyncio.gather(pong, total)
    try:
        if sys.version_info >= (3, 11):
            async with asyncio.timeout(0.01):
                await asyncio.sleep(60)
        else:
            await asyncio.wait_for(asyncio.sleep(60), 0.01)
    except asyncio.TimeoutError:
        late = "late"
    return [await pong, await total, late]


class Counting(Task):  # type: ignore[misc]  # Celery ships no types
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return ["called", super().__call__(*args, **kwargs)]


@app.task(base=Counting)
async def custom_call(x: int) -> int:
    await asyncio.sleep(0)
    return x


class Storing(Task):  # type: ignore[misc]  # Celery ships no types
    def on_success(self, retval: Any, *_: Any) -> None:
        """As slow as a result backend can be: until the test says so."""
        side.rpush(retval + ":storing", "1")
        side.blpop([retval + ":stored"], timeout=60)


@app.task(base=Storing)
async def stores_slowly(key: str) -> str:
    return key


# What a task sees


async def _ids() -> list[str | None]:
    await asyncio.sleep(0)
    return [current_task.request.id, current_task.name]


@app.task(bind=True)
async def looks_around(self: Any, key: str, parties: int) -> list[Any]:
    """Ids as seen before and after all `parties` have started: here, in a sub-task, in a thread."""
    before = seen.get()
    seen.set(self.request.id)
    async with aside() as client:
        if await client.incr(key) == parties:
            await client.rpush(key + ":go", *range(parties))
        await client.blpop([key + ":go"], timeout=20)
    return [
        self.request.id,
        await _ids(),
        await asyncio.create_task(_ids()),
        await asyncio.to_thread(lambda: current_task.request.id),
        before,
        seen.get(),
    ]


@app.task(bind=True)
def plain_looks_around(self: Any) -> list[Any]:
    return [self.request.id, current_task.request.id]


@app.task
async def counts_leftovers() -> dict[str, int]:
    """What is alive in this process, after a collection."""
    from celery._state import _task_stack
    from greenlet import greenlet

    gc.collect()
    return {
        "tasks": len(asyncio.all_tasks()),
        # Not those that each thread has from its start, and has no parent.
        "greenlets": sum(
            isinstance(instance, greenlet) and instance.parent is not None and not instance.dead
            for instance in gc.get_objects()
        ),
        "executions": sum(type(instance).__name__ == "Execution" for instance in gc.get_objects()),
        "stacks": len(_task_stack._local.__storage__) + len(add.request_stack._local.__storage__),
        "loop_threads": sum(thread.name.startswith("celery-aio-loop") for thread in threading.enumerate()),
        "tracer_threads": sum(
            thread.name.startswith("celery-aio-tracer") for thread in threading.enumerate()
        ),
    }


# What is done to a task


async def _hold(key: str) -> str:
    """Say that we run, and run until told to stop; say so if we are cancelled."""
    async with aside() as client:
        try:
            await client.ping()
            # Not through `client`: redis-py swallows a cancellation that comes together with a reply.
            side.rpush(key + ":started", "1")
            await client.blpop([key + ":release"], timeout=60)
        except asyncio.CancelledError:
            side.rpush(key + ":cancelled", "1")
            raise
        await client.rpush(key + ":ended", "1")
    return "released"


@app.task
async def holds(key: str) -> str:
    return await _hold(key)


@app.task(acks_late=True)
async def holds_late(key: str) -> str:
    return await _hold(key)


@app.task(acks_late=True)
async def swallows_once(key: str) -> None:
    """Hold on to life as redis-py does, when a cancellation and a reply come together."""
    try:
        side.rpush(key + ":started", "1")
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        side.rpush(key + ":swallowed", "1")
    await _hold(key)


@app.task(soft_time_limit=0.3)
async def soft_limited(key: str) -> str:
    return await _hold(key)


@app.task(time_limit=0.3)
async def hard_limited(key: str) -> str:
    return await _hold(key)


@app.task(soft_time_limit=0.3)
async def tidies_up(key: str) -> str:
    try:
        return await _hold(key)
    except asyncio.CancelledError:
        return "partial"


@app.task
async def ticks(path: str) -> None:
    """Add to a file every few milliseconds, until there is another one beside it."""
    while not Path(path + ".stop").exists():
        async with aiofiles.open(path, "a") as file:
            await file.write(".")
        await asyncio.sleep(0.002)


@app.task(acks_late=True)
async def waits_for(path: str) -> str:
    """Say in a file that we wait for another one, and wait."""
    Path(path + ".waiting").touch()
    while not Path(path).exists():
        await asyncio.sleep(0.002)
    return "it came"


@app.task
def plain_holds(key: str) -> str:
    side.rpush(key + ":started", "1")
    side.blpop([key + ":release"], timeout=60)
    return "released"


@app.task
async def blocks(seconds: float) -> None:
    await asyncio.sleep(0)
    time.sleep(seconds)


@app.task
async def blocks_in_subtask(seconds: float) -> None:
    async def sub() -> None:
        time.sleep(seconds)

    await asyncio.create_task(sub())


# Signals


def _say(what: str) -> Any:
    def receiver(sender: Any = None, task_id: str | None = None, request: Any = None, **_: Any) -> None:
        name = getattr(sender, "name", "?")
        if name.endswith("signalled") or name.endswith("holds"):
            side.rpush("signals:" + (task_id or request or sender.request).__str__(), what)

    return receiver


@app.task
async def signalled(fail: bool) -> str:
    seen_by_body = seen.get()
    if fail:
        raise ValueError("asked to")
    return seen_by_body


@signals.task_prerun.connect(weak=False)
def _prerun(sender: Any = None, task_id: str = "", **_: Any) -> None:
    side.rpush("signals:" + task_id, "prerun")
    if sender.name.endswith("signalled"):
        seen.set("set in prerun")


@signals.task_postrun.connect(weak=False)
def _postrun(task_id: str = "", state: str | None = None, **_: Any) -> None:
    side.rpush("signals:" + task_id, f"postrun {state} {seen.get()}")


@signals.task_success.connect(weak=False)
def _success(sender: Any = None, **_: Any) -> None:
    side.rpush("signals:" + sender.request.id, "success")


@signals.task_failure.connect(weak=False)
def _failure(task_id: str = "", **_: Any) -> None:
    side.rpush("signals:" + task_id, "failure")


@signals.task_revoked.connect(weak=False)
def _revoked(request: Any = None, terminated: bool = False, **_: Any) -> None:
    side.rpush("signals:" + request.id, f"revoked terminated={terminated}")


# Canvas: every task twice, as a coroutine and as a plain function


def _twice(name: str, **options: Any) -> Any:
    """Register a function as `plain.<name>` and, made a coroutine, as `async.<name>`."""

    def register(function: Any) -> Any:
        async def coroutine(*args: Any, **kwargs: Any) -> Any:
            await asyncio.sleep(0)
            return function(*args, **kwargs)

        app.task(name="plain." + name, **options)(function)
        app.task(name="async." + name, **options)(coroutine)
        return function

    return register


@_twice("add")
def _add(x: int, y: int) -> int:
    return x + y


@_twice("total")
def _total(numbers: list[int]) -> int:
    return sum(numbers)


@_twice("fail")
def _fail(*_args: Any) -> None:
    raise ValueError("canvas")


@_twice("note")
def _note(value: Any, key: str) -> None:
    side.rpush(key, str(value))


@_twice("errback")
def _errback(*_args: Any, key: str = "") -> None:
    side.rpush(key, "errback")


@_twice("replaced", bind=True)
def _replaced(self: Any, x: int, y: int) -> Any:
    raise self.replace(app.signature(self.name.replace("replaced", "add"), (x, y)))


@_twice("replaced_by_chord", bind=True)
def _replaced_by_chord(self: Any, numbers: list[int]) -> Any:
    from celery import chord

    prefix = self.name.partition(".")[0]
    header = [app.signature(prefix + ".add", (number, 1)) for number in numbers]
    raise self.replace(chord(header, app.signature(prefix + ".total")))
