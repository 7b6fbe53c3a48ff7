"""Awaited calls and results without a broker: eager ones, backends that are only asked, and refusals."""

# mypy: disable-error-code="untyped-decorator, misc"
# (Celery ships no types.)

from __future__ import annotations

import asyncio
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import celery
import pytest
from celery import chain, group
from celery.exceptions import TimeoutError as CeleryTimeoutError

from celery_asyncio_pool import Celery, Task, aapply_async, adelay, aget, waiter
from celery_asyncio_pool.old_celery import CELERY
from celery_asyncio_pool.quiet import Quiet, hush
from pool_private_app import PrivateApp

PATIENCE_S = 30.0


def make_app(**conf: Any) -> Any:
    app = Celery("awaiting", broker="memory://", backend="cache+memory://", set_as_current=False)
    app.conf.update(**conf)
    return app


@pytest.fixture
def app() -> Iterator[Any]:
    app = make_app(task_always_eager=True)
    yield app
    app.close()


@pytest.fixture
def asked() -> Iterator[Any]:
    """An app whose results come when a test stores them."""
    app = make_app()
    yield app
    app.close()


def test_eager_calls_are_awaited_as_others_are(app: Any) -> None:
    @app.task(shared=False)
    async def add(x: int, y: int) -> int:
        await asyncio.sleep(0)
        return x + y

    async def main() -> list[Any]:
        caller = threading.current_thread()
        result = await add.adelay(1, 2)
        assert threading.current_thread() is caller
        both = await adelay(group(add.s(1, 1), add.s(2, 2)))
        last = await aapply_async(chain(add.s(1, 1), add.s(3)))
        return [await result.aget(), await both.aget(), await aget(last), add.delay(3, 4).get()]

    assert asyncio.run(main()) == [3, [2, 4], 5, 7]


def test_eager_calls_may_be_nested_and_made_at_the_same_time(app: Any) -> None:
    @app.task(shared=False)
    async def descends(depth: int) -> int:
        if depth == 0:
            return 1
        results = await asyncio.gather(descends.adelay(depth - 1), descends.adelay(depth - 1))
        return sum([await result.aget() for result in results])

    @app.task(shared=False)
    async def down(depth: int) -> int:
        return 0 if depth == 0 else 1 + await (await down.adelay(depth - 1)).aget()

    async def main() -> list[Any]:
        results = await asyncio.gather(*(descends.adelay(depth) for depth in (4, 3, 4)))
        deep = await down.adelay(12)
        return [*(result.get() for result in results), await deep.aget()]

    assert asyncio.run(main()) == [16, 8, 16, 12]


def test_an_eager_task_knows_its_parent(app: Any) -> None:
    @app.task(bind=True, shared=False)
    async def child(self: Any) -> str | None:
        return str(self.request.parent_id)

    @app.task(bind=True, shared=False)
    async def parent(self: Any) -> list[Any]:
        results = await asyncio.gather(child.adelay(), child.adelay())
        return [await result.aget() for result in results] + [self.request.id, celery.current_task.request.id]

    of_child = "me" if CELERY >= (5, 6) else "None"
    assert parent.apply(task_id="me").get() == [of_child, of_child, "me", "me"]


def test_a_failure_of_an_eager_task_is_raised_or_given(app: Any) -> None:
    @app.task(shared=False)
    async def fails() -> None:
        raise ValueError("no")

    async def main(propagate: bool) -> Any:
        return await (await fails.adelay()).aget(propagate=propagate)

    with pytest.raises(ValueError, match="no"):
        asyncio.run(main(True))
    assert isinstance(asyncio.run(main(False)), ValueError)


def test_all_results_of_the_app_can_be_awaited(app: Any) -> None:
    @app.task(shared=False)
    def task() -> None: ...

    class Based(app.Task):
        name = "based"

    class Own(Task):
        name = "own"

    results = [task.delay(), app.AsyncResult("a"), app.GroupResult("g", []), app.ResultSet([])]
    assert all(asyncio.iscoroutinefunction(type(each).aget) or callable(each.aget) for each in results)
    for each in (Based, Own):
        assert callable(app.register_task(each()).adelay)


@pytest.mark.parametrize("call", ["adelay", "aapply_async", "s", "aget"])
def test_without_a_loop_a_call_says_what_to_use_instead(app: Any, call: str) -> None:
    @app.task(shared=False)
    async def task() -> None: ...

    calls: dict[str, Callable[[], Any]] = {
        "adelay": lambda: task.adelay(1),
        "aapply_async": lambda: task.aapply_async(),
        "s": lambda: adelay(task.s()),
        "aget": lambda: app.AsyncResult("a").aget(),
    }
    plain = {"adelay": "delay", "aapply_async": "apply_async", "s": "delay", "aget": "get"}[call]
    with pytest.raises(
        RuntimeError, match=rf"no event loop runs here \(.*: use {plain}\(\), or call it within"
    ):
        calls[call]()


def test_what_is_neither_a_task_nor_a_result_is_refused() -> None:
    async def main() -> None:
        sent: Any = asyncio.sleep(0)  # as of adelay(), whose await was forgotten
        with pytest.raises(TypeError, match=r"aget takes the result of a task or a group, .* not <coroutine"):
            await aget(sent)
        for call in (adelay, aapply_async):
            with pytest.raises(TypeError, match=r"takes a task or a signature, .* not <coroutine"):
                await call(sent)
        await sent

    asyncio.run(main())


def test_a_backend_that_pushes_nothing_is_asked_again(asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiter, "LOOK_S", 0.01)

    async def main() -> Any:
        waits = [asyncio.create_task(asked.AsyncResult(f"asked-{n}").aget(PATIENCE_S)) for n in range(100)]
        await asyncio.sleep(0.05)
        for n in range(100):
            asked.backend.store_result(f"asked-{n}", n, "SUCCESS")
        return await asyncio.gather(*waits)

    assert asyncio.run(main()) == list(range(100))


def test_a_group_of_results_fails_with_the_first_that_fails(asked: Any) -> None:
    async def main(propagate: bool) -> Any:
        asked.backend.store_result("failed", ValueError("no"), "FAILURE")
        both = asked.GroupResult("both", [asked.AsyncResult("never"), asked.AsyncResult("failed")])
        if not propagate:
            asked.backend.store_result("never", 1, "SUCCESS")
        return await both.aget(timeout=PATIENCE_S, propagate=propagate)

    with pytest.raises(ValueError, match="no"):
        asyncio.run(main(True))
    assert [type(value) for value in asyncio.run(main(False))] == [int, ValueError]


def test_what_does_not_come_in_time_is_an_error_of_celerys(asked: Any) -> None:
    with pytest.raises(CeleryTimeoutError, match="timed out"):
        asyncio.run(wait_for(asked, "nothing"))


async def wait_for(app: Any, task_id: str, timeout: float = 0.05) -> Any:
    return await app.AsyncResult(task_id).aget(timeout=timeout)


def test_a_result_that_is_ignored_is_not_waited_for(asked: Any) -> None:
    async def main() -> Any:
        result = asked.AsyncResult("ignored")
        result.ignored = True
        return await result.aget()

    assert asyncio.run(main()) is None


@pytest.mark.parametrize(
    ("backend", "text"), [("disabled://", "No result backend"), ("rpc://", "rpc:// backend")]
)
def test_where_no_result_can_come_it_is_refused(backend: str, text: str) -> None:
    app = Celery("refused", broker="memory://", backend=backend, set_as_current=False)
    with pytest.raises(NotImplementedError, match=text):
        asyncio.run(wait_for(app, "any", PATIENCE_S))
    app.close()


def test_a_backend_that_fails_now_and_then_is_asked_again(
    asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_at, errors = waiter._look_at, [ConnectionError("away")] * (waiter.TRIES - 1)

    def fails_at_first(*args: Any) -> Any:
        if errors:
            raise errors.pop()
        return look_at(*args)

    monkeypatch.setattr(waiter, "LOOK_S", 0.01)
    monkeypatch.setattr(waiter, "_look_at", fails_at_first)
    asked.backend.store_result("there", 1, "SUCCESS")
    assert asyncio.run(wait_for(asked, "there", PATIENCE_S)) == 1


def test_an_error_of_the_backend_is_raised_by_all_that_wait(
    asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise ConnectionError("away")

    async def main() -> Any:
        waits = (wait_for(asked, f"any-{n}", PATIENCE_S) for n in range(3))
        return await asyncio.gather(*waits, return_exceptions=True)

    monkeypatch.setattr(waiter, "LOOK_S", 0.01)
    with monkeypatch.context() as broken:
        broken.setattr(waiter, "_look_at", fails)
        assert [repr(error) for error in asyncio.run(main())] == ["ConnectionError('away')"] * 3
    asked.backend.store_result("later", 1, "SUCCESS")
    assert asyncio.run(wait_for(asked, "later", PATIENCE_S)) == 1


def test_the_thread_that_waits_ends_when_there_is_nothing_to_wait_for(
    asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiter, "IDLE_S", 0.01)
    before = set(threading.enumerate())
    for n in range(3):
        asked.backend.store_result(f"idle-{n}", n, "SUCCESS")
        assert asyncio.run(wait_for(asked, f"idle-{n}", PATIENCE_S)) == n
        deadline = time.monotonic() + PATIENCE_S
        while any(thread.name == "celery-aio-results" for thread in set(threading.enumerate()) - before):
            assert time.monotonic() < deadline
            time.sleep(0.005)


def test_an_app_of_celerys_own_class_has_the_functions() -> None:
    app = PrivateApp("plain")
    app.conf.update(task_always_eager=True, task_annotations=["celery_asyncio_pool:Eager"])

    @app.task
    async def add(x: int, y: int) -> int:
        return x + y

    async def main() -> Any:
        return await aget(await adelay(add, 1, 2)), await aget(await adelay(group(add.s(1, 1))))

    assert asyncio.run(main()) == (3, [2])
    app.close()


def test_results_of_a_thread_that_sends_can_be_pickled() -> None:
    pytest.importorskip("redis", reason="redis is not installed")
    app = Celery("pickled", broker="memory://", backend="redis://127.0.0.1:1/0", set_as_current=False)
    before: Any = app.backend
    made = type(before)
    hush(before)
    hush(before)
    assert type(before).__mro__[1:3] == (Quiet, made)
    backend = pickle.loads(pickle.dumps(before))
    assert type(backend) is made
    assert backend.as_uri() == before.as_uri()
    app.close()
