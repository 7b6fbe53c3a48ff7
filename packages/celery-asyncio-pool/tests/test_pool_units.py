"""The parts of the asyncio pool that need no worker: options, the callbacks, the bridge, one job."""

# mypy: disable-error-code="untyped-decorator"
# (Celery ships no types.)

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import select
import selectors
import socket
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

import pytest
from celery import Celery, signals
from celery.app.trace import reset_worker_optimizations, setup_worker_optimizations
from celery.exceptions import ImproperlyConfigured, SoftTimeLimitExceeded

from celery_asyncio_pool import options
from celery_asyncio_pool.bridge import current_job, keep_stacks_per_job, prepare
from celery_asyncio_pool.callbacks import CallbackQueue
from celery_asyncio_pool.coroutines import coroutine_of, gives_coroutine
from celery_asyncio_pool.job import Job
from celery_asyncio_pool.options import Options
from celery_asyncio_pool.parts import Part
from celery_asyncio_pool.receivers import warn_of_async_receivers
from celery_asyncio_pool.threads import LoopThread, TracerThread
from pool_private_app import PrivateApp

PATIENCE_S = 30.0


# Options


def test_options_have_defaults() -> None:
    assert Options.read({}) == Options(uvloop=False, plain="thread", slow_s=0.05, drain_s=None)


def test_options_come_from_the_environment() -> None:
    environ = {
        "CELERY_AIO_UVLOOP": "1",
        "CELERY_AIO_PLAIN": "loop",
        "CELERY_AIO_SLOW_MS": "0",
        "CELERY_AIO_DRAIN_S": "2.5",
    }
    assert Options.read(environ) == Options(uvloop=True, plain="loop", slow_s=0.0, drain_s=2.5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CELERY_AIO_PLAIN", "fork"),
        ("CELERY_AIO_SLOW_MS", "soon"),
        ("CELERY_AIO_SLOW_MS", "-1"),
        ("CELERY_AIO_DRAIN_S", "inf"),
        ("CELERY_AIO_DRAIN_S", "nan"),
    ],
)
def test_a_senseless_option_is_named(name: str, value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"{name}.*{value}"):
        Options.read({name: value})


def test_uvloop_is_not_replaced_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(options, "import_module", missing)
    with pytest.raises(ImproperlyConfigured, match="uvloop is not installed"):
        Options(uvloop=True).loop_factory()
    loop = Options().loop_factory()()
    assert isinstance(loop, asyncio.SelectorEventLoop)
    loop.close()


@pytest.mark.skipif(not hasattr(selectors, "EpollSelector"), reason="only Linux has epoll")
def test_the_precise_selector_selects() -> None:
    from celery_asyncio_pool.selector import PreciseSelector

    one, other = socket.socketpair()
    with one, other, PreciseSelector() as selector:
        selector.register(one, selectors.EVENT_READ, "one")
        for timeout in (0.0002, 0, -1):
            assert selector.select(timeout) == []
        other.send(b"!")
        for patience in (PATIENCE_S, 0, None):
            [(key, events)] = selector.select(patience)
            assert (key.data, events) == ("one", selectors.EVENT_READ)


# Callbacks


class FakeHub:
    """Calls a reader when it is told to, as kombu's hub does."""

    def __init__(self) -> None:
        self.reader: Callable[[], object] = lambda: None

    def add_reader(self, _fd: object, callback: Callable[[], object]) -> None:
        self.reader = callback

    def remove_reader(self, _fd: object) -> None:
        del self.reader

    def call_later(self, _delay_s: float, callback: Callable[[], object]) -> None:
        self.timer = callback


def test_without_a_hub_calls_are_made_at_once() -> None:
    made: list[int] = []
    CallbackQueue().post(lambda: made.append(1))
    assert made == [1]


def test_with_a_hub_calls_wait_for_it_and_keep_their_order() -> None:
    callbacks, hub, made = CallbackQueue(), FakeHub(), list[int]()
    callbacks.move_to(hub)
    for number in range(5):
        callbacks.post(lambda number=number: made.append(number))  # type: ignore[misc]  # mypy: lambda default
    assert made == []
    hub.reader()
    assert made == [0, 1, 2, 3, 4]
    callbacks.close()


def test_a_call_may_post_another() -> None:
    callbacks, hub, made = CallbackQueue(), FakeHub(), list[int]()
    callbacks.move_to(hub)
    callbacks.post(lambda: callbacks.post(lambda: made.append(1)))
    hub.reader()
    assert made == [1]
    callbacks.close()


def test_a_call_left_while_the_hub_is_awake_wakes_it_again() -> None:
    callbacks, hub, made = CallbackQueue(), FakeHub(), list[int]()
    callbacks.move_to(hub)
    callbacks.post(lambda: made.append(1))
    hub.reader()
    callbacks.post(lambda: made.append(2))
    assert not is_readable(callbacks._ear)
    hub.timer()
    assert made == [1]
    assert is_readable(callbacks._ear)
    hub.reader()
    assert made == [1, 2]
    callbacks.close()


def is_readable(ear: socket.socket) -> bool:
    return bool(select.select([ear], [], [], 0)[0])


def test_a_failing_call_does_not_hold_up_the_next(caplog: pytest.LogCaptureFixture) -> None:
    callbacks, made = CallbackQueue(), list[int]()
    callbacks.post(lambda: 1 / 0)
    callbacks.post(lambda: made.append(1))
    assert made == [1]
    assert "Pool callback failed" in caplog.text


def test_a_closed_queue_calls_at_once() -> None:
    callbacks, made = CallbackQueue(), list[int]()
    callbacks.move_to(FakeHub())
    callbacks.close()
    callbacks.post(lambda: made.append(1))
    assert made == [1]


# The bridge


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


def test_outside_of_a_job_a_coroutine_task_is_plain_python(app: Celery) -> None:
    @app.task
    async def double(x: int) -> int:
        return 2 * x

    prepare(double, "thread")
    assert asyncio.run(double(2)) == 4
    assert current_job() is None


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
        coroutine = coroutine_of(value)
        return "a value" if coroutine is None else await coroutine

    async def check() -> list[Any]:
        future = asyncio.get_running_loop().create_future()
        future.set_result(2)
        values: list[object] = [asyncio.sleep(0, 1), future, asyncio.create_task(asyncio.sleep(0, 3))]
        values += [(number for number in range(3)), [4], None]
        return [await awaits(value) for value in values]

    assert asyncio.run(check()) == [1, 2, 3, "a value", "a value", "a value"]
    with pytest.raises(TypeError, match="an async generator cannot be a task's result"):
        coroutine_of(_async_generator())


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


def test_fast_locals_are_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="USE_FAST_LOCALS"):
        keep_stacks_per_job(threading.local())


# One job


class Stage:
    """The two threads, and what a job reported to them."""

    def __init__(self) -> None:
        self.tracer = TracerThread()
        self.loop = LoopThread(asyncio.new_event_loop, slow_s=0.02)
        self.tracer.start()
        self.loop.start()

    def run(self, target: Callable[..., Any], *, on_loop: bool = False, **options: Any) -> Any:
        """Trace `target` as a job does, and return what the job would tell the worker."""
        ended = threading.Event()
        told: list[Any] = []
        job = Job(
            target,
            (),
            {},
            callback=lambda value: told.append(("success", value)),
            error_callback=lambda info: told.append(("error", info.exception)),
            timeout_callback=lambda soft, limit_s: told.append(("timeout", soft, limit_s)),
            **options,
        )
        job.start_clock()
        thread = self.loop if on_loop else self.tracer
        thread.call(lambda: job.trace_in_greenlet(self.loop, thread, ended.set))
        assert ended.wait(PATIENCE_S)
        if job.report is not None:
            job.report()
        return told

    def close(self) -> None:
        self.loop.stop()
        self.tracer.stop()


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.close()


def waits_for(body: Callable[[], Any]) -> Callable[[], Any]:
    def target() -> Any:
        job = current_job()
        assert job is not None
        assert job.is_traced_here()
        return job.wait_for(body())

    return target


@pytest.mark.parametrize("on_loop", [False, True])
def test_a_job_returns_what_its_body_returns(stage: Stage, on_loop: bool) -> None:
    async def body() -> str:
        await asyncio.sleep(0)
        return threading.current_thread().name

    assert stage.run(waits_for(body), on_loop=on_loop) == [("success", "celery-aio-loop")]


def test_a_job_may_wait_for_two_bodies(stage: Stage) -> None:
    async def body() -> int:
        return 1

    assert stage.run(lambda: waits_for(body)() + waits_for(body)()) == [("success", 2)]


def test_nothing_of_a_job_is_left_to_the_garbage_collector(stage: Stage) -> None:
    async def body() -> None:
        await asyncio.sleep(0)

    class Left:
        """Of which the job has the only reference."""

    left = Left()
    dead = threading.Event()
    weakref.finalize(left, dead.set)
    target = partial(lambda _left: waits_for(body)(), left)
    del left
    gc.disable()
    try:
        stage.run(target)
        del target
        stage.run(waits_for(body))  # the loop and the tracer have let go of the first
        assert dead.wait(PATIENCE_S)
    finally:
        gc.enable()


def test_nothing_of_a_job_that_never_begins_is_left_either() -> None:
    gc.disable()
    try:
        dead = weakref.ref(Job(print, (), {}))
        assert dead() is None
    finally:
        gc.enable()


def test_of_jobs_that_end_together_the_first_is_followed_before_the_last_goes_on(stage: Stage) -> None:
    jobs, order, all_ended = 10, list[str](), threading.Event()
    release = asyncio.Event()

    async def body() -> None:
        await release.wait()

    async def next_body() -> None:
        order.append("begun")

    def follow() -> None:
        order.append("ended")
        follower = Job(waits_for(next_body), (), {})
        stage.loop.call(lambda: follower.trace_in_greenlet(stage.loop, stage.loop, count))

    def count() -> None:
        if order.count("begun") == jobs:
            all_ended.set()

    for _ in range(jobs):
        job = Job(waits_for(body), (), {})
        stage.loop.call(partial(job.trace_in_greenlet, stage.loop, stage.loop, follow))
    stage.loop.call(release.set)
    assert all_ended.wait(PATIENCE_S)
    assert order[: order.index("begun")].count("ended") < jobs


def test_an_escaped_exception_is_reported(stage: Stage) -> None:
    async def body() -> None:
        raise KeyboardInterrupt

    [(kind, error)] = stage.run(waits_for(body))
    assert kind == "error"
    assert isinstance(getattr(error, "exc", error), KeyboardInterrupt)


def test_a_hard_limit_is_told_once_and_nothing_after_it(stage: Stage) -> None:
    async def body() -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            return  # swallowed: too late for a result all the same

    assert stage.run(waits_for(body), timeout_s=0.01) == [("timeout", False, 0.01)]


def test_a_terminated_job_never_begins_its_body(stage: Stage) -> None:
    begun = threading.Event()

    async def body() -> None:
        begun.set()

    def target() -> Any:
        job = current_job()
        assert job is not None
        job.terminate()
        return job.wait_for(body())

    assert stage.run(target) == []
    assert not begun.is_set()


def test_a_job_terminated_between_a_hook_and_its_body_never_begins(stage: Stage) -> None:
    begun: list[str] = []

    async def part(name: str) -> None:
        begun.append(name)

    def target() -> Any:
        job = current_job()
        assert job is not None
        job.wait_for(part("before_start"), Part.BEFORE)
        job.terminate()
        return job.wait_for(part("body"))

    assert stage.run(target) == []
    assert begun == ["before_start"]


def test_a_job_terminated_after_its_body_has_ended_is_told_all_the_same(stage: Stage) -> None:
    async def part() -> int:
        return 1

    def target() -> Any:
        job = current_job()
        assert job is not None
        value = job.wait_for(part())
        job.terminate()
        job.wait_for(part(), Part.AFTER)
        return value

    assert stage.run(target) == [("success", 1)]


def test_a_hook_after_the_body_is_not_cut_short_by_a_limit_that_has_passed(stage: Stage) -> None:
    async def holds() -> None:
        await asyncio.sleep(3600)

    async def hook() -> str:
        await asyncio.sleep(0.01)
        return "told"

    def target() -> Any:
        job = current_job()
        assert job is not None
        try:
            return job.wait_for(holds())
        except SoftTimeLimitExceeded:
            return job.wait_for(hook(), Part.AFTER)

    assert stage.run(target, soft_timeout_s=0.01) == [("timeout", True, 0.01), ("success", "told")]


@pytest.mark.parametrize("begun", [False, True])
def test_a_plain_job_that_outlives_the_pool_does_not_wait_for_its_loop(begun: bool) -> None:
    stage = Stage()
    began, ended = threading.Event(), threading.Event()
    said: list[BaseException] = []

    async def body() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            began.set()
            await asyncio.sleep(PATIENCE_S)

    def target() -> None:
        job = current_job()
        assert job is not None
        if not begun:
            stage.close()
        for _ in range(2):  # it was the first call alone that was refused
            try:
                job.wait_for(body())
            except BaseException as error:
                said.append(error)

    job = Job(target, (), {})
    job.start_clock()
    thread = threading.Thread(target=lambda: job.trace_in_thread(stage.loop, ended.set), daemon=True)
    thread.start()
    if begun:
        assert began.wait(PATIENCE_S)
        stage.close()
    assert ended.wait(PATIENCE_S)
    thread.join()
    assert {type(error) for error in said} == {RuntimeError}
    assert len(said) == (1 if begun else 2)


def test_the_loop_outlives_a_task_that_exits(stage: Stage) -> None:
    async def exits() -> None:
        raise SystemExit

    async def body() -> int:
        return 1

    stage.run(waits_for(exits))
    assert stage.run(waits_for(body)) == [("success", 1)]


def test_a_blocking_step_is_logged_with_the_job(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        await asyncio.sleep(0)
        threading.Event().wait(0.05)

    stage.run(waits_for(body), task_name="blocking", task_id="7")
    assert "Task blocking[7] held the event loop for" in caplog.text
