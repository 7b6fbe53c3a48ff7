"""The bridge from a tracer to a coroutine: what is prepared, and what is taken for a coroutine."""

# mypy: disable-error-code="untyped-decorator"
# (Celery ships no types.)

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import pytest
from celery import Celery, signals
from celery.app.trace import reset_worker_optimizations, setup_worker_optimizations
from celery.exceptions import ImproperlyConfigured

from celery_asyncio_pool.bridge import keep_stacks_per_execution, prepare
from celery_asyncio_pool.coroutines import as_coroutine, gives_coroutine
from celery_asyncio_pool.execution import current_execution
from celery_asyncio_pool.receivers import warn_of_async_receivers
from pool_private_app import PrivateApp


@pytest.fixture
def app() -> Celery:
    return PrivateApp("unit")


def test_coroutines_belong_on_the_loop_and_plain_functions_do_not(app: Celery) -> None:
    @app.task
    async def coroutine() -> None: ...

    @app.task
    def plain() -> None: ...

    @app.task(aio="loop")
    def inline() -> None: ...

    app.finalize()
    on_loop = [prepare(app.tasks[task.name], "thread") for task in (coroutine, plain, inline)]
    assert on_loop == [True, False, True]
    assert prepare(app.tasks[plain.name], "loop")


def test_outside_of_an_execution_a_coroutine_task_is_plain_python(app: Celery) -> None:
    @app.task
    async def double(x: int) -> int:
        return 2 * x

    prepare(double, "thread")
    assert asyncio.run(double(2)) == 4
    assert current_execution.get() is None


def test_preparing_twice_wraps_once(app: Celery) -> None:
    @app.task
    async def task() -> None: ...

    body = task.run
    for _ in range(2):
        prepare(task, "thread")
    assert task.run.__wrapped__ == body


def test_a_call_that_is_celerys_own_is_not_wrapped(app: Celery) -> None:
    @app.task(lazy=False)
    async def none() -> None: ...

    class Base(app.Task):  # type: ignore[misc]
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return super().__call__(*args, **kwargs)

    @app.task(base=Base, lazy=False)
    async def own() -> None: ...

    setup_worker_optimizations(app)  # a worker has another one than everybody else
    try:
        prepare(none, "thread")
        prepare(own, "thread")
        assert not hasattr(type(none).__call__, "aio_bridge")
        assert hasattr(type(own).__call__, "aio_bridge")
    finally:
        reset_worker_optimizations(app)


def test_what_cannot_be_done_is_refused(app: Celery) -> None:
    @app.task(aio="fork")
    def elsewhere() -> None: ...

    class Asynchronous(app.Task):  # type: ignore[misc]  # Celery ships no types
        async def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return await super().__call__(*args, **kwargs)

    @app.task(base=Asynchronous, autoretry_for=(ConnectionError,))
    async def retried() -> None: ...

    with pytest.raises(ImproperlyConfigured, match="aio must be one of thread, loop"):
        prepare(app.tasks[elsewhere.name], "thread")
    with pytest.raises(ImproperlyConfigured, match="autoretry_for sees nothing"):
        prepare(app.tasks[retried.name], "thread")


class CallableObject:
    async def __call__(self) -> None: ...


async def _coroutine() -> None: ...


async def _async_generator() -> AsyncIterator[int]:
    yield 1


@functools.wraps(_coroutine)
def _decorated() -> Any:
    return asyncio.run(_coroutine())


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        (_coroutine, True),
        (partial(_coroutine), True),
        (CallableObject(), True),
        (partial(CallableObject()), True),
        (CallableObject().__call__, True),
        (_decorated, False),  # which may do anything; here it blocks
        (_async_generator, False),
        (print, False),
        (CallableObject, False),
    ],
)
def test_only_what_is_sure_to_give_a_coroutine_is_taken_for_one(
    function: Callable[..., Any], wanted: bool
) -> None:
    assert gives_coroutine(function) is wanted


def test_a_value_that_can_be_awaited_is_told_from_one_that_cannot() -> None:
    async def awaits(value: object) -> Any:
        coroutine = as_coroutine(value)
        return "a value" if coroutine is None else await coroutine

    async def check() -> list[Any]:
        future = asyncio.get_running_loop().create_future()
        future.set_result(2)
        values: list[object] = [asyncio.sleep(0, 1), future, asyncio.create_task(asyncio.sleep(0, 3))]
        values += [(number for number in range(3)), [4], None]
        return [await awaits(value) for value in values]

    assert asyncio.run(check()) == [1, 2, 3, "a value", "a value", "a value"]
    with pytest.raises(TypeError, match="an async generator cannot be a task's result"):
        as_coroutine(_async_generator())


def test_a_pydantic_wrapper_that_is_made_otherwise_is_refused(app: Celery) -> None:
    @app.task(pydantic=True)
    async def task() -> None: ...

    registered = app.tasks[task.name]
    registered.run.__wrapped__ = _coroutine  # not the one that the wrapper calls
    with pytest.raises(ImproperlyConfigured, match=r"does not know this Celery's pydantic=True"):
        prepare(registered, "thread")


def test_async_signal_receivers_are_named(caplog: pytest.LogCaptureFixture) -> None:
    async def never_runs(**_: Any) -> None: ...

    class Receiver:
        async def method(self, **_: Any) -> None: ...

        def plain(self, **_: Any) -> None: ...

    receiver = Receiver()
    signals.task_success.connect(never_runs, weak=False)
    signals.task_failure.connect(receiver.method)
    signals.task_failure.connect(receiver.plain)
    try:
        warn_of_async_receivers()
    finally:
        signals.task_success.disconnect(never_runs)
        signals.task_failure.disconnect(receiver.method)
        signals.task_failure.disconnect(receiver.plain)
    assert "never_runs of the signal task_success is `async def`" in caplog.text
    assert "Receiver.method of the signal task_failure is `async def`" in caplog.text
    assert "plain" not in caplog.text.replace("a plain def", "")


def test_hooks_that_a_task_has_are_bridged_and_no_others(app: Celery) -> None:
    class Hooked(app.Task):  # type: ignore[misc]  # Celery ships no types
        async def on_success(self, *_: Any) -> None: ...

    @app.task(base=Hooked)
    def task() -> None: ...

    registered = app.tasks[task.name]
    prepare(registered, "thread")
    assert hasattr(registered.on_success, "aio_bridge")
    assert not hasattr(registered.on_failure, "aio_bridge")


def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    """As some libraries decorate: with the signature in words of its own."""

    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    wrapper.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    return wrapper


async def bare(x: int, y: int = 2) -> int:
    return x + y


async def bound(self: Any, x: int, y: int = 2) -> int:  # noqa: ARG001
    return x + y


@pytest.mark.parametrize("function", [bare, decorated(bare), bound, decorated(bound)])
@pytest.mark.parametrize("autoretry_for", [(), (ConnectionError,)])
@pytest.mark.parametrize("pydantic", [False, True])
def test_a_prepared_task_shows_the_same_signature(
    app: Celery, function: Callable[..., Any], autoretry_for: tuple[type, ...], pydantic: bool
) -> None:
    if pydantic:
        pytest.importorskip("pydantic", reason="pydantic is not installed")
    bind = function.__name__ == "bound"
    app.task(name="task", bind=bind, autoretry_for=autoretry_for, pydantic=pydantic)(function)
    task = app.tasks["task"]
    before = [inspect.signature(task.run), inspect.signature(task)]
    prepare(task, "thread")
    assert [inspect.signature(task.run), inspect.signature(task)] == before
    if not autoretry_for:  # Celery's own wrapper for it shows `self`, where a decorator has set a signature
        assert list(before[0].parameters) == ["x", "y"]


def test_the_arguments_of_a_prepared_task_are_checked(app: Celery) -> None:
    app.task(name="task", bind=True)(bound)
    prepare(app.tasks["task"], "thread")
    app.conf.task_always_eager = True
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        app.tasks["task"].apply_async(kwargs={"y": 2})


def test_a_prepared_class_based_task_shows_the_same_signature(app: Celery) -> None:
    class ClassBased(app.Task):  # type: ignore[misc]  # Celery ships no types
        name = "class_based"
        run = decorated(bound)

    task = app.register_task(ClassBased())
    prepare(task, "thread")
    assert list(inspect.signature(task.run).parameters) == ["x", "y"]


def test_fast_locals_are_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="USE_FAST_LOCALS"):
        keep_stacks_per_execution(threading.local())
