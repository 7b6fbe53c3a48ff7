"""One execution: a tracer, its body, its time limits and its end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sysconfig
import threading
import weakref
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded, WorkerLostError

from celery_asyncio_pool import threads
from celery_asyncio_pool.execution import Execution, current_execution
from celery_asyncio_pool.old_celery import CELERY
from celery_asyncio_pool.parts import Part
from celery_asyncio_pool.request import decoded
from celery_asyncio_pool.threads import LoopThread, TracerThread

PATIENCE_S = 30.0


class Stage:
    """The two threads, and what an execution reported to them."""

    def __init__(self) -> None:
        self.tracer = TracerThread()
        self.loop = LoopThread(asyncio.new_event_loop, slow_s=0.02)
        self.tracer.start()
        self.loop.start()

    def run(self, target: Callable[..., Any], *, on_loop: bool = False, **options: Any) -> Any:
        """Trace `target` as an execution does, and return what the execution would tell the worker."""
        ended = threading.Event()
        told: list[Any] = []
        execution = Execution(
            target,
            (),
            {},
            callback=lambda value: told.append(("success", value)),
            error_callback=lambda info: told.append(("error", info.exception)),
            timeout_callback=lambda soft, limit_s: told.append(("timeout", soft, limit_s)),
            **options,
        )
        execution.start_clock()
        thread = self.loop if on_loop else self.tracer
        thread.call(lambda: execution.trace_in_greenlet(self.loop, thread, ended.set))
        assert ended.wait(PATIENCE_S)
        if execution.report is not None:
            execution.report()
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
        execution = current_execution.get()
        assert execution is not None
        assert execution.is_traced_here()
        return execution.wait_for(body())

    return target


@pytest.mark.parametrize("on_loop", [False, True])
def test_an_execution_returns_what_its_body_returns(stage: Stage, on_loop: bool) -> None:
    async def body() -> str:
        await asyncio.sleep(0)
        return threading.current_thread().name

    assert stage.run(waits_for(body), on_loop=on_loop) == [("success", "celery-aio-loop")]


def test_an_execution_may_wait_for_two_bodies(stage: Stage) -> None:
    async def body() -> int:
        return 1

    assert stage.run(lambda: waits_for(body)() + waits_for(body)()) == [("success", 2)]


@pytest.mark.skipif(
    bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    reason="a free-threaded Python itself leaves some objects to its garbage collector",
)
def test_nothing_of_an_execution_is_left_to_the_garbage_collector(stage: Stage) -> None:
    async def body() -> None:
        await asyncio.sleep(0)

    class Left:
        """Of which the execution has the only reference."""

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


def test_nothing_of_an_execution_that_never_begins_is_left_either() -> None:
    gc.disable()
    try:
        dead = weakref.ref(Execution(print, (), {}))
        assert dead() is None
    finally:
        gc.enable()


def test_of_executions_that_end_together_the_first_is_followed_before_the_last_goes_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "TURN_S", 0.0)  # as if each tracer took that long
    executions, order, all_ended = 10, list[str](), threading.Event()
    release = asyncio.Event()

    async def body() -> None:
        await release.wait()

    async def next_body() -> None:
        order.append("begun")

    def follow() -> None:
        order.append("ended")
        follower = Execution(waits_for(next_body), (), {})
        stage.loop.call(lambda: follower.trace_in_greenlet(stage.loop, stage.loop, count))

    def count() -> None:
        if order.count("begun") == executions:
            all_ended.set()

    for _ in range(executions):
        execution = Execution(waits_for(body), (), {})
        stage.loop.call(partial(execution.trace_in_greenlet, stage.loop, stage.loop, follow))
    stage.loop.call(release.set)
    assert all_ended.wait(PATIENCE_S)
    assert order[: order.index("begun")].count("ended") < executions


def test_an_escaped_exception_is_reported(stage: Stage) -> None:
    async def body() -> None:
        raise KeyboardInterrupt

    [(kind, error)] = stage.run(waits_for(body))
    assert kind == "error"
    error = getattr(error, "exc", error)
    if CELERY >= (5, 7):
        assert isinstance(error, KeyboardInterrupt)
    else:  # Celery could not store it
        assert isinstance(error, WorkerLostError)
        assert "exited prematurely: KeyboardInterrupt()" in str(error)


def test_a_hard_limit_is_told_once_and_nothing_after_it(stage: Stage) -> None:
    async def body() -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            return  # swallowed: too late for a result all the same

    assert stage.run(waits_for(body), timeout_s=0.01) == [("timeout", False, 0.01)]


def test_a_terminated_execution_never_begins_its_body(stage: Stage) -> None:
    begun = threading.Event()

    async def body() -> None:
        begun.set()

    def target() -> Any:
        execution = current_execution.get()
        assert execution is not None
        execution.terminate()
        return execution.wait_for(body())

    assert stage.run(target) == []
    assert not begun.is_set()


def test_an_execution_terminated_between_a_hook_and_its_body_never_begins(stage: Stage) -> None:
    begun: list[str] = []

    async def part(name: str) -> None:
        begun.append(name)

    def target() -> Any:
        execution = current_execution.get()
        assert execution is not None
        execution.wait_for(part("before_start"), Part.BEFORE)
        execution.terminate()
        return execution.wait_for(part("body"))

    assert stage.run(target) == []
    assert begun == ["before_start"]


def test_an_execution_terminated_after_its_body_has_ended_is_told_all_the_same(stage: Stage) -> None:
    async def part() -> int:
        return 1

    def target() -> Any:
        execution = current_execution.get()
        assert execution is not None
        value = execution.wait_for(part())
        execution.terminate()
        execution.wait_for(part(), Part.AFTER)
        return value

    assert stage.run(target) == [("success", 1)]


def test_a_hook_after_the_body_is_not_cut_short_by_a_limit_that_has_passed(stage: Stage) -> None:
    async def holds() -> None:
        await asyncio.sleep(3600)

    async def hook() -> str:
        await asyncio.sleep(0.01)
        return "told"

    def target() -> Any:
        execution = current_execution.get()
        assert execution is not None
        try:
            return execution.wait_for(holds())
        except SoftTimeLimitExceeded:
            return execution.wait_for(hook(), Part.AFTER)

    assert stage.run(target, soft_timeout_s=0.01) == [("timeout", True, 0.01), ("success", "told")]


@pytest.mark.parametrize("begun", [False, True])
def test_a_plain_execution_that_outlives_the_pool_does_not_wait_for_its_loop(begun: bool) -> None:
    stage = Stage()
    began, ended = threading.Event(), threading.Event()
    errors: list[BaseException] = []

    async def body() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            began.set()
            await asyncio.sleep(PATIENCE_S)

    def target() -> None:
        execution = current_execution.get()
        assert execution is not None
        if not begun:
            stage.close()
        for _ in range(2):  # it was the first call alone that was refused
            try:
                execution.wait_for(body())
            except BaseException as error:
                errors.append(error)

    execution = Execution(target, (), {})
    execution.start_clock()
    thread = threading.Thread(target=lambda: execution.trace_in_thread(stage.loop, ended.set), daemon=True)
    thread.start()
    if begun:
        assert began.wait(PATIENCE_S)
        stage.close()
    assert ended.wait(PATIENCE_S)
    thread.join()
    assert {type(error) for error in errors} == {RuntimeError}
    assert len(errors) == (1 if begun else 2)


def test_the_loop_outlives_a_task_that_exits(stage: Stage) -> None:
    async def exits() -> None:
        raise SystemExit

    async def body() -> int:
        return 1

    stage.run(waits_for(exits))
    assert stage.run(waits_for(body)) == [("success", 1)]


def test_a_blocking_step_is_logged_with_the_execution(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        await asyncio.sleep(0)
        threading.Event().wait(0.05)

    stage.run(waits_for(body), task_name="blocking", task_id="7")
    assert "Task blocking[7] held the event loop for" in caplog.text


def test_a_blocking_step_is_logged_with_its_own_task_whoever_woke_the_loop(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    go, asked, ended = threading.Event(), threading.Event(), threading.Event()

    async def body() -> None:
        threading.Event().wait(0.05)

    execution = Execution(waits_for(body), (), {}, task_name="blocking", task_id="8")
    stage.loop.call(go.wait)  # what is asked of it meanwhile is begun in the context of this call
    stage.tracer.call(lambda: execution.trace_in_greenlet(stage.loop, stage.tracer, ended.set))
    stage.tracer.call(asked.set)
    assert asked.wait(PATIENCE_S)
    go.set()
    assert ended.wait(PATIENCE_S)
    assert "Task blocking[8] held the event loop for" in caplog.text


def test_a_body_leaves_its_context_variables_to_its_tracer(stage: Stage) -> None:
    seen: ContextVar[str] = ContextVar("seen", default="nothing")

    async def body() -> str:
        before = seen.get()
        seen.set("set in the body")
        await asyncio.sleep(0)
        return before

    def target() -> list[str]:
        seen.set("set in the tracer")
        return [waits_for(body)(), seen.get()]

    assert stage.run(target) == [("success", ["set in the tracer", "set in the body"])]


def test_a_body_that_is_cancelled_before_it_has_begun_leaves_nothing_to_await(stage: Stage) -> None:
    begun = threading.Event()

    async def body() -> None:
        begun.set()

    def target() -> Any:
        execution = current_execution.get()
        assert execution is not None
        stage.loop.loop.call_soon_threadsafe(execution.terminate)
        execution.terminate()
        return execution.wait_for(body())

    assert stage.run(target, on_loop=True) == []
    assert not begun.is_set()


@pytest.mark.parametrize(("turn_s", "together"), [(0.0, 1), (60.0, 5)])
def test_as_many_tracers_are_resumed_in_a_turn_as_there_is_time_for(
    monkeypatch: pytest.MonkeyPatch, turn_s: float, together: int
) -> None:
    monkeypatch.setattr(threads, "TURN_S", turn_s)
    loop = LoopThread(asyncio.new_event_loop)
    ended = threading.Event()
    turns: list[list[int]] = []

    def next_turn() -> None:
        turns.append([])
        if sum(map(len, turns)) < 5:
            loop.loop.call_soon(next_turn)
        else:
            ended.set()

    def resume_all() -> None:
        next_turn()
        for number in range(5):
            loop.resume(lambda number=number: turns[-1].append(number))  # type: ignore[misc]

    loop.start()
    try:
        loop.call(resume_all)
        assert ended.wait(PATIENCE_S)
    finally:
        loop.stop()
    assert [number for turn in turns for number in turn] == [0, 1, 2, 3, 4]
    assert max(map(len, turns)) == together


class Request:
    """A request that decodes its message, as Celery's does."""

    def __init__(self) -> None:
        self.message = SimpleNamespace(payload=[[1], {"a": 2}, {}])

    def on_accepted(self) -> None: ...


def test_the_tracer_is_given_the_body_that_the_request_has_decoded() -> None:
    request = Request()
    args: tuple[Any, ...] = ("task", "id", {}, b"[[1], {}, {}]", "application/json", "utf-8")
    assert decoded(args, request.on_accepted) == ("task", "id", {}, request.message.payload, None, None)
    assert decoded(args, None) == args
    assert decoded(args, lambda: None) == args
    already = (*args[:3], [[1], {}, {}], None, None)
    assert decoded(already, request.on_accepted) == already
