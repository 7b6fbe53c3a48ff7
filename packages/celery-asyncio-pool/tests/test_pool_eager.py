"""Eager calls of coroutine tasks: without a worker, as an app's own tests make them."""

# mypy: disable-error-code="untyped-decorator, misc"
# (Celery ships no types.)

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import inspect
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from celery import Celery, Task, chain, chord, current_task, group
from celery.exceptions import Retry

from celery_asyncio_pool.old_celery import CELERY
from pool_private_app import PrivateApp

seen: ContextVar[str] = ContextVar("seen", default="nothing")


@pytest.fixture
def app() -> Iterator[Celery]:
    app = PrivateApp("eager")
    app.conf.task_annotations = ["celery_asyncio_pool:Eager", {"annotated": {"max_retries": 77}}]
    app.conf.task_always_eager = True
    yield app
    app.close()


@pytest.fixture
def add(app: Celery) -> Any:
    @app.task(name="add")
    async def add(x: int, y: int) -> int:
        await asyncio.sleep(0)
        return x + y

    return add


def test_an_eager_call_gives_the_value(add: Any) -> None:
    assert add.delay(1, 2).get() == add.apply((1, 2)).get() == add.apply_async((1,), {"y": 2}).get() == 3
    assert add.delay(1, 2).state == "SUCCESS"


def test_a_coroutine_that_returns_another_is_waited_for_to_the_end(app: Celery) -> None:
    @app.task
    async def nested() -> Any:
        return asyncio.sleep(0, "inner")

    assert nested.delay().get() == "inner"


def test_without_the_annotation_nothing_is_changed() -> None:
    app = PrivateApp("untouched")

    @app.task
    async def add(x: int) -> int:
        return x

    result = add.apply((1,)).result
    assert asyncio.iscoroutine(result)
    result.close()


def test_other_annotations_count_as_well(app: Celery) -> None:
    @app.task(name="annotated")
    async def annotated() -> int:
        return 1

    assert annotated.max_retries == 77
    assert annotated.delay().get() == 1


def test_where_a_loop_runs_the_coroutine_runs_in_a_thread_beside_it(app: Celery) -> None:
    @app.task
    async def thread() -> str:
        await asyncio.sleep(0)
        return threading.current_thread().name

    async def from_a_coroutine() -> list[Any]:
        return [thread.delay().get(), await thread(), threading.current_thread().name]

    here = threading.current_thread().name
    beside, awaited, caller = asyncio.run(from_a_coroutine())
    assert thread.delay().get() == awaited == caller == here
    assert beside.startswith("celery-aio-eager")
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("celery-aio-eager")]


@pytest.mark.parametrize("loop", [False, True], ids=["no loop", "a loop"])
def test_a_task_sees_itself(app: Celery, loop: bool) -> None:
    @app.task(bind=True)
    async def parent(self: Any) -> list[Any]:
        await asyncio.sleep(0)
        return [self.request.id, current_task.request.id, self.request.is_eager, child.delay().get()]

    @app.task(bind=True)
    async def child(self: Any) -> str | None:
        return str(self.request.parent_id)

    async def from_a_coroutine() -> Any:
        return parent.apply(task_id="me")

    result = asyncio.run(from_a_coroutine()) if loop else parent.apply(task_id="me")
    assert result.get() == ["me", "me", True, "me" if CELERY >= (5, 6) else "None"]
    assert not current_task
    assert parent.request_stack.top is None


def test_a_canvas_runs_eagerly(app: Celery, add: Any) -> None:
    @app.task
    async def total(numbers: list[int]) -> int:
        return sum(numbers)

    assert chain(add.s(1, 2), add.s(3), add.s(4)).delay().get() == 10
    assert group(add.s(n, n) for n in range(3)).delay().get() == [0, 2, 4]
    assert chord([add.s(n, 1) for n in range(3)], total.s())().get() == 6
    assert chain(add.s(1, 1), group(add.s(n) for n in range(2)), total.s()).delay().get() == 5


def test_a_failure_is_recorded_or_raised(app: Celery) -> None:
    @app.task
    async def fails() -> None:
        raise ValueError("no")

    result = fails.delay()
    assert result.state == "FAILURE"
    assert "fails" in result.traceback
    with pytest.raises(ValueError, match="no"):
        fails.apply(throw=True)


def test_an_eager_call_is_tried_again(app: Celery) -> None:
    @app.task(bind=True, autoretry_for=(ConnectionError,), max_retries=3)
    async def flickers(self: Any) -> int:
        await asyncio.sleep(0)
        if self.request.retries < 2:
            raise ConnectionError
        return int(self.request.retries)

    @app.task(bind=True, max_retries=3)
    async def retries(self: Any) -> int:
        if self.request.retries < 2:
            raise self.retry()
        return int(self.request.retries)

    assert flickers.delay().get() == retries.delay().get() == 2
    with pytest.raises(Retry):
        retries.apply(throw=True)


@pytest.mark.skipif(
    CELERY < (5, 7), reason="before 5.7 Celery keeps the keywords that new arguments stand for"
)
def test_a_decorated_task_may_be_tried_again_with_other_arguments(app: Celery) -> None:
    async def retries(self: Any, x: int, y: int) -> int:
        if not self.request.retries:
            raise self.retry(args=(x + 1, y + 1), countdown=0)
        return x + y

    @functools.wraps(retries)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await retries(*args, **kwargs)

    wrapper.__signature__ = inspect.signature(retries)  # type: ignore[attr-defined]
    task = app.task(bind=True)(wrapper)
    # Celery drops those keywords that the new arguments stand for, by the signature that the task shows.
    assert task.apply(kwargs={"x": 1, "y": 2}).get() == 5


@pytest.mark.parametrize("loop", [False, True], ids=["no loop", "a loop"])
def test_what_awaits_something_cancelled_fails_and_does_not_cancel_its_caller(
    app: Celery, loop: bool
) -> None:
    @app.task
    async def cancelled() -> None:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    async def from_a_coroutine() -> Any:
        return cancelled.delay()

    result = asyncio.run(from_a_coroutine()) if loop else cancelled.delay()
    assert isinstance(result.result, concurrent.futures.CancelledError)


class Hooked(Task):
    """A base that is not the app's, and keeps what belongs to a loop."""

    opened: asyncio.AbstractEventLoop

    async def before_start(self, *_: Any) -> None:
        seen.set("set in before_start")
        self.opened = asyncio.get_running_loop()

    async def on_success(self, retval: Any, *_: Any) -> None:
        retval.append(["on_success", seen.get(), self.opened is asyncio.get_running_loop()])

    async def on_failure(self, exc: Any, *_: Any) -> None:
        exc.args = ("seen by on_failure",)


def test_hooks_run_on_the_loop_of_the_body(app: Celery) -> None:
    @app.task(base=Hooked, bind=True)
    async def hooked(self: Any) -> list[Any]:
        value = seen.get()
        seen.set("set in the body")
        return [value, self.opened is asyncio.get_running_loop()]

    assert hooked.delay().get() == ["set in before_start", True, ["on_success", "set in the body", True]]
    assert hooked.opened.is_closed()


def test_hooks_of_a_plain_task_run(app: Celery) -> None:
    @app.task(base=Hooked)
    def fails() -> None:
        raise ValueError

    assert fails.delay().result.args == ("seen by on_failure",)


def test_a_class_based_task_and_a_decorated_one_run(app: Celery) -> None:
    class ClassBased(Task):
        name = "class_based"

        async def run(self, x: int) -> int:
            return await asyncio.sleep(0, x)

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any) -> Any:
            return function(*args)

        return wrapper

    async def body(x: int) -> int:
        return await asyncio.sleep(0, x)

    assert app.register_task(ClassBased()).delay(1).get() == 1
    assert app.task(name="decorated")(decorate(body)).delay(2).get() == 2


def test_models_are_validated_and_dumped(app: Celery) -> None:
    pytest.importorskip("pydantic", reason="pydantic is not installed")
    import pydantic

    class Order(pydantic.BaseModel):
        count: int

    async def double(order):  # type: ignore[no-untyped-def]  # annotated below: the class is local
        await asyncio.sleep(0)
        return Order(count=2 * order.count)

    double.__annotations__ = {"order": Order, "return": Order}
    task = app.task(name="double", pydantic=True)(double)
    assert task.delay({"count": "3"}).get() == {"count": 6}
    if CELERY >= (5, 7):  # which sends models
        assert task.delay(Order(count=3)).get() == {"count": 6}
    assert asyncio.run(task({"count": 1})) == {"count": 2}


def test_a_plain_task_may_call_coroutine_tasks_eagerly(app: Celery, add: Any) -> None:
    @app.task
    def calls() -> list[int]:
        return [add(1, 2), add.delay(3, 4).get(disable_sync_subtasks=False), add.run(5, 6)]

    assert calls.delay().get() == [3, 7, 11]


def test_a_coroutine_may_await_its_own_task(app: Celery) -> None:
    @app.task(bind=True)
    async def counts_down(self: Any, n: int) -> int:
        return 0 if n == 0 else 1 + await self.run(n - 1)

    assert counts_down.delay(3).get() == 3


def test_a_direct_call_gives_a_coroutine(add: Any) -> None:
    assert add.delay(1, 2).get() == 3  # which prepares the task
    coroutine = add(1, 2)
    assert asyncio.iscoroutine(coroutine)
    assert asyncio.run(coroutine) == 3


def test_what_is_left_on_the_loop_is_cancelled(app: Celery) -> None:
    ended: list[str] = []

    async def goes_on() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append("ended")

    @app.task
    async def leaves() -> None:
        leaves.left = asyncio.create_task(goes_on())
        await asyncio.sleep(0)

    leaves.delay()
    assert ended == ["ended"]
