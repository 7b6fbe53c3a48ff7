"""What lives as long as a loop: opened and closed in which order, and what happens where that fails."""

# mypy: disable-error-code="untyped-decorator, misc"
# (Celery ships no types.)

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from celery import Celery
from celery.platforms import EX_FAILURE
from celery.worker import state as worker_state

from celery_asyncio_pool import keeper, lifespan
from celery_asyncio_pool.keeper import Keeper, LifespanError
from pool_private_app import PrivateApp


@pytest.fixture
def app() -> Iterator[Celery]:
    app = PrivateApp("lifespans")
    app.conf.task_annotations = ["celery_asyncio_pool:Eager"]
    yield app
    app.close()


@pytest.fixture
def told() -> list[str]:
    """What the lifespans of a test have told, in order."""
    return []


def make(app: Celery, told: list[str], name: str, failing: str = "", hanging: bool = False) -> Any:
    """A lifespan that tells what happens to it."""

    async def function() -> AsyncIterator[str]:
        if failing == "opening":
            raise ConnectionError(f"no {name}")
        opener = asyncio.current_task()
        told.append(f"{name} opened")
        yield f"the {name}"
        assert asyncio.current_task() is opener
        if hanging:
            await asyncio.sleep(3600)
        told.append(f"{name} closed")
        if failing == "closing":
            raise ConnectionError(f"{name} is gone")

    function.__qualname__ = name
    return lifespan(app)(function)


def keep(app: Celery) -> None:
    """Open the lifespans of `app` and close them again."""

    asyncio.run(_kept(app))


async def _kept(app: Celery) -> None:
    keeper = Keeper(app)
    await keeper.open()
    await keeper.close()


def test_lifespans_are_closed_in_the_reverse_order(app: Celery, told: list[str]) -> None:
    for name in ("pool", "client"):
        make(app, told, name)
    keep(app)
    assert told == ["pool opened", "client opened", "client closed", "pool closed"]


def test_one_that_fails_to_open_closes_those_before_it(app: Celery, told: list[str]) -> None:
    make(app, told, "pool")
    make(app, told, "client", failing="opening")
    with pytest.raises(LifespanError, match=r"client failed to open: ConnectionError\('no client'\)"):
        keep(app)
    assert told == ["pool opened", "pool closed"]


def test_one_that_fails_to_close_is_logged_and_the_others_are_closed(
    app: Celery, told: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    make(app, told, "pool")
    make(app, told, "client", failing="closing")
    keep(app)
    assert told[-1] == "pool closed"
    assert "lifespan client failed to close: ConnectionError('client is gone')" in caplog.text


def test_one_that_hangs_is_cancelled_and_the_others_are_closed(
    app: Celery, told: list[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "CLOSE_S", 0.01)
    make(app, told, "pool")
    make(app, told, "client", hanging=True)
    keep(app)
    assert told == ["pool opened", "client opened", "pool closed"]
    assert "lifespan client was cancelled" in caplog.text


@pytest.mark.parametrize("error", [asyncio.CancelledError(), KeyboardInterrupt(), BaseException()])
def test_what_is_no_exception_fails_to_open_as_well(
    app: Celery, told: list[str], error: BaseException
) -> None:
    async def client() -> AsyncIterator[None]:
        if told:
            raise error
        yield

    make(app, told, "pool")
    lifespan(app)(client)
    with pytest.raises(LifespanError, match=r"client failed to open: (Cancel|Keyboard|Base)"):
        asyncio.run(asyncio.wait_for(_kept(app), 10))
    assert told == ["pool opened", "pool closed"]


@pytest.mark.parametrize("error", [asyncio.CancelledError(), KeyboardInterrupt(), BaseException()])
def test_what_is_no_exception_keeps_no_other_open(app: Celery, told: list[str], error: BaseException) -> None:
    async def client() -> AsyncIterator[None]:
        yield
        raise error

    make(app, told, "pool")
    lifespan(app)(client)
    keep(app)
    assert told == ["pool opened", "pool closed"]


def test_a_worker_ends_with_a_lifespan_that_fails_while_it_is_open(
    app: Celery, told: list[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_state, "should_stop", None)
    fail = threading.Event()

    async def client() -> AsyncIterator[None]:
        opener = asyncio.current_task()
        assert opener is not None
        # What a task group does with the task that has opened it.
        asyncio.get_running_loop().run_in_executor(None, fail.wait).add_done_callback(
            lambda _: opener.cancel()
        )
        yield
        raise ConnectionError("it is gone")

    make(app, told, "pool")
    lifespan(app)(client)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        kept = Keeper(app)
        kept.open_on(loop)
        assert worker_state.should_stop is None
        fail.set()
        assert kept._task is not None
        asyncio.run_coroutine_threadsafe(asyncio.wait({kept._task}), loop).result(30)
        kept.close_on(loop)
        asyncio.run_coroutine_threadsafe(loop.shutdown_default_executor(), loop).result(30)
    finally:
        fail.set()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
    assert worker_state.should_stop == EX_FAILURE
    assert told == ["pool opened", "pool closed"]
    assert caplog.text.count("one of its lifespans has failed while it was open") == 1
    assert "failed to close: ConnectionError('it is gone')" in caplog.text


def test_opening_that_is_given_up_closes_what_is_open(app: Celery, told: list[str]) -> None:
    async def hangs() -> AsyncIterator[None]:
        told.append("hangs")
        await asyncio.sleep(3600)
        yield

    make(app, told, "pool")
    lifespan(app)(hangs)

    async def main() -> None:
        keeper = Keeper(app)
        opening = asyncio.create_task(keeper.open())
        while "hangs" not in told:
            await asyncio.sleep(0)
        opening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await opening
        await keeper.close()

    asyncio.run(main())
    assert told == ["pool opened", "hangs", "pool closed"]


def test_its_value_is_there_while_it_is_open_and_nowhere_else(app: Celery, told: list[str]) -> None:
    pool = make(app, told, "pool")

    async def main() -> None:
        async with pool.open() as value:
            assert value == pool.value == await asyncio.to_thread(lambda: pool.value) == "the pool"
            with pytest.raises(RuntimeError, match="is open on this event loop already"):
                await pool.open().__aenter__()
        with pytest.raises(RuntimeError, match="lifespan pool is not open here"):
            _ = pool.value

    asyncio.run(main())
    with pytest.raises(RuntimeError, match=r"async with pool.open\(\)"):
        _ = pool.value
    assert repr(pool) == "<lifespan pool>"


def test_each_loop_has_a_value_of_its_own(app: Celery) -> None:
    @lifespan(app)
    async def loop() -> AsyncIterator[asyncio.AbstractEventLoop]:
        yield asyncio.get_running_loop()

    async def main() -> None:
        async with loop.open():
            both_are_open.wait(30)
            assert loop.value is asyncio.get_running_loop()

    both_are_open = threading.Barrier(2)
    other = threading.Thread(target=asyncio.run, args=(main(),))
    other.start()
    asyncio.run(main())
    other.join()


def test_an_eager_call_opens_them_for_its_coroutines(app: Celery, told: list[str]) -> None:
    pool = make(app, told, "pool")

    @app.task
    async def uses() -> str:
        told.append("task")
        return str(pool.value)

    @app.task
    def plain() -> str:
        return "plain"

    assert plain.apply().get() == "plain"
    assert told == []
    assert uses.apply().get() == "the pool"
    assert told == ["pool opened", "task", "pool closed"]

    async def beside() -> Any:
        return uses.apply().get()

    assert asyncio.run(beside()) == "the pool"
    assert told[3:] == told[:3]


def test_an_eager_call_fails_where_one_fails_to_open(app: Celery, told: list[str]) -> None:
    make(app, told, "pool", failing="opening")

    @app.task
    async def task() -> None: ...

    with pytest.raises(LifespanError, match="no pool"):
        task.apply(throw=True)


async def _coroutine() -> None: ...


async def _with_argument(_app: object) -> AsyncIterator[None]:
    yield


@pytest.mark.parametrize("function", [_coroutine, _with_argument, print, contextlib.nullcontext()])
def test_what_is_no_lifespan_is_refused(app: Celery, function: Any) -> None:
    with pytest.raises(TypeError, match="write an `async def` without arguments that opens, yields once"):
        lifespan(app)(function)


def test_the_app_may_not_be_left_out() -> None:
    with pytest.raises(TypeError, match=r"lifespan takes the Celery app: @lifespan\(app\)"):
        lifespan(_coroutine)
