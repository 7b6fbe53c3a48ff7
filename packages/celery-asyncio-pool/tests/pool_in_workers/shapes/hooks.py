"""Tasks with hooks, plain ones and coroutines, that tell what is called, and what is recorded by then."""

# mypy: disable-error-code="untyped-decorator, misc"
# (Celery ships no types, and neither would a stranger's app.)

from __future__ import annotations

import asyncio
from typing import Any

from celery import Task
from celery.exceptions import Ignore, Reject

from . import app, coroutine_of, hold, seen, side


def _tell(task: Any, hook: str, task_id: str, *what: Any) -> None:
    state = app.backend.get_state(task_id)
    side.rpush(f"hooks:{task_id}:{task.request.retries}", f"{hook} {what} {seen.get()!r} while {state}")
    if hook in (side.get("broken:" + task_id) or ()):
        raise ValueError(f"{hook} is broken")


class Hooked(Task):
    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        seen.set("set in before_start")
        _tell(self, "before_start", task_id, args, kwargs)

    def on_success(self, retval: Any, task_id: str, *_: Any) -> None:
        _tell(self, "on_success", task_id, retval)

    def on_retry(self, exc: Any, task_id: str, *_: Any) -> None:
        _tell(self, "on_retry", task_id, exc)

    def on_failure(self, exc: Any, task_id: str, *_: Any) -> None:
        _tell(self, "on_failure", task_id, type(exc).__name__)

    def after_return(self, status: str, _retval: Any, task_id: str, *_: Any) -> None:
        _tell(self, "after_return", task_id, status)


class AsyncHooked(Task):
    before_start = coroutine_of(Hooked.before_start)
    on_success = coroutine_of(Hooked.on_success)
    on_retry = coroutine_of(Hooked.on_retry)
    on_failure = coroutine_of(Hooked.on_failure)
    after_return = coroutine_of(Hooked.after_return)


def hooked(self: Any, end: str) -> str:
    if end == "retry" and not self.request.retries:
        raise self.retry(countdown=0, exc=ConnectionError("again"))
    if end == "fail":
        raise ValueError(end)
    if end == "ignore":
        raise Ignore
    if end == "reject":
        raise Reject("no", requeue=False)
    return f"{end} {seen.get()}"


async_hooked = coroutine_of(hooked)
for kind, base, function in (
    ("plain", Hooked, hooked),
    ("async", AsyncHooked, async_hooked),
    ("plain_with_async_hooks", AsyncHooked, hooked),
    ("async_with_plain_hooks", Hooked, async_hooked),
):
    app.task(name=f"hooked.{kind}", base=base, bind=True)(function)


class ClassBased(AsyncHooked):
    name = "hooked.class_based"

    async def run(self, end: str) -> str:
        return str(await async_hooked(self, end))


app.register_task(ClassBased())


class Unheeding(AsyncHooked):
    """Does not say which results are ignored: its tracer may run on the loop itself."""

    ignore_result = True


app.task(name="hooked.ignoring_results", base=Unheeding, bind=True)(async_hooked)


@app.task(name="hooked.holds", base=AsyncHooked)
async def holds(key: str) -> str:
    return await hold(key)


class Patient(Task):
    """Whose hooks take longer than anybody wants to wait."""

    async def on_success(self, retval: Any, *_: Any) -> None:
        await hold(retval + ":hook")

    async def on_failure(self, _exc: Any, _task_id: str, args: Any, *_: Any) -> None:
        await hold(args[0] + ":hook")


@app.task(name="hooked.then_holds", base=Patient)
async def then_holds(key: str) -> str:
    await asyncio.sleep(0)
    return key


@app.task(name="hooked.holds_twice", base=Patient)
async def holds_twice(key: str) -> str:
    return await hold(key)


class SlowToStart(Task):
    async def before_start(self, _task_id: str, args: Any, _kwargs: Any) -> None:
        await hold(args[0] + ":before")


@app.task(name="hooked.slow_to_start", base=SlowToStart)
async def slow_to_start(key: str) -> str:
    return await hold(key)


@app.task(name="hooked.errback")
async def errback(request: Any, exc: Any, _traceback: Any) -> None:
    await asyncio.sleep(0)
    side.rpush("errback:" + request.id, type(exc).__name__)
