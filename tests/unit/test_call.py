"""A call of a user's function: its arguments, its answer, its failures and its time."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import billiard.common
import pytest
from celery.apps.worker import on_hard_shutdown

from worker import call as calls
from worker.call import call, call_async, describe
from worker.deadline import UNLIMITED, Deadline
from worker.errors import CallError, InvalidJobError, TimeLimitError
from worker.job_messages import from_message, to_message
from worker.jobs import Call
from worker.target import Function

LIMIT_S = 0.05


@pytest.fixture
def calling(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have this process call a function, under the name `m:f`."""

    def name(plain: Callable[..., Any], on_loop: Callable[..., Any] | None = None) -> None:
        found = Function("m:f", plain, on_loop, asyncio.iscoroutinefunction(plain), is_task=False)
        monkeypatch.setattr(calls, "function", lambda: found)

    return name


@pytest.mark.parametrize(
    ("arguments", "got"),
    [
        ("[1, 2]", ((1, 2), {})),
        ('{"a": 1, "b": [2]}', ((), {"a": 1, "b": [2]})),
        ("7", ((7,), {})),
        ('"x"', (("x",), {})),
        ("null", ((None,), {})),
        ("[]", ((), {})),
        ("{}", ((), {})),
    ],
)
def test_what_a_line_says_is_what_the_function_gets(
    calling: Callable[..., None], arguments: str, got: Any
) -> None:
    seen = []
    calling(lambda *args, **kwargs: seen.append((args, kwargs)))
    call(Call("m:f", arguments))
    assert seen == [got]


def test_another_function_is_not_called(calling: Callable[..., None]) -> None:
    called: list[int] = []
    calling(lambda: called.append(1))
    with pytest.raises(InvalidJobError, match=r"this process calls m:f alone .* and not 'm:g'"):
        call(Call("m:g", "[]"))
    assert called == []


def test_a_process_that_was_started_for_none_calls_none() -> None:
    with pytest.raises(InvalidJobError, match="calls no function"):
        call(Call("os:getpid", "[]"))
    with pytest.raises(InvalidJobError, match="calls no function"):
        asyncio.run(call_async(Call("os:getpid", "[]")))


def test_arguments_that_are_no_json_are_no_job(calling: Callable[..., None]) -> None:
    calling(lambda *_: None)
    with pytest.raises(InvalidJobError, match="no JSON"):
        call(Call("m:f", "{"))
    with pytest.raises(InvalidJobError, match="no JSON"):
        call(Call("m:f", "[" * 500_000))


def test_an_answer_is_its_type_its_json_and_a_digest_of_all_of_it() -> None:
    one, same, other = describe({"b": 1, "a": 2}), describe({"a": 2, "b": 1}), describe({"a": 2})
    assert (one.type, one.text, one.json) == ("dict", '{"a": 2, "b": 1}', True)
    assert one == same
    assert one.digest != other.digest
    long, longer = describe("x" * 1000), describe("x" * 1001)
    assert len(long.text) == calls.SHOWN
    assert long.text == longer.text
    assert long.digest != longer.digest


class _Thing:
    pass


def test_what_is_no_json_is_its_repr_without_addresses() -> None:
    price = describe(Decimal("1.50"))
    assert (price.type, price.text, price.json) == ("decimal.Decimal", "Decimal('1.50')", False)
    assert describe(_Thing()) == describe(_Thing())
    assert describe({"b", "a"}).text == "set('a', 'b')"
    endless: list[Any] = []
    endless.append(endless)
    assert not describe(endless).json
    assert describe("\ud800").text == '"\\ud800"'


def test_an_attempt_to_end_the_process_is_a_failure(calling: Callable[..., None]) -> None:
    def leave() -> None:
        raise SystemExit(3)

    def interrupt() -> None:
        raise KeyboardInterrupt

    calling(leave)
    with pytest.raises(CallError, match=r"sys\.exit\(3\)"):
        call(Call("m:f", "[]"))
    calling(interrupt)
    with pytest.raises(CallError, match="KeyboardInterrupt"):
        call(Call("m:f", "[]"))


async def _leave_async() -> None:
    raise SystemExit(3)


def test_so_it_is_on_a_loop(calling: Callable[..., None]) -> None:
    calling(_leave_async, _leave_async)
    with pytest.raises(CallError, match=r"sys\.exit\(3\)"):
        asyncio.run(call_async(Call("m:f", "[]")))
    with pytest.raises(CallError, match=r"sys\.exit\(3\)"):
        call(Call("m:f", "[]"))


@pytest.mark.parametrize("ends", [billiard.common._shutdown_cleanup, lambda *_: on_hard_shutdown(None)])
def test_a_signal_that_ends_the_worker_is_no_failure_of_its_job(
    calling: Callable[..., None], monkeypatch: pytest.MonkeyPatch, ends: Callable[..., None]
) -> None:
    """It was not done, and is not to be recorded or acknowledged."""
    monkeypatch.setattr(billiard.common, "_should_have_exited", [False])
    before = signal.signal(signal.SIGTERM, ends)
    calling(lambda: signal.raise_signal(signal.SIGTERM))
    try:
        with pytest.raises(SystemExit):
            call(Call("m:f", "[]"))
    finally:
        signal.signal(signal.SIGTERM, before)


class _StopEverything(BaseException):
    pass


@pytest.mark.parametrize("kind", [_StopEverything, asyncio.CancelledError, GeneratorExit])
def test_what_is_no_exception_is_a_failure_of_its_job_alone(
    calling: Callable[..., None], kind: type[BaseException]
) -> None:
    def stop() -> None:
        raise kind("now")

    async def stop_async() -> None:
        raise kind("now")

    calling(stop, stop_async)
    text = f"the function raised {kind.__name__}: now, which is no Exception"
    with pytest.raises(CallError, match=text):
        call(Call("m:f", "[]"))
    if kind is not GeneratorExit:  # on a loop it is how a coroutine is told to close
        with pytest.raises(CallError, match=text):
            asyncio.run(call_async(Call("m:f", "[]")))
    calling(stop)
    with pytest.raises(CallError, match=text):
        asyncio.run(call_async(Call("m:f", "[]")))


def test_the_end_of_an_iteration_is_a_failure_also_in_the_threads_of_a_loop(
    calling: Callable[..., None],
) -> None:
    def stop() -> None:
        next(iter([]))

    calling(stop)
    with pytest.raises(CallError, match="raised StopIteration"):
        call(Call("m:f", "[]"))
    with pytest.raises(CallError, match="raised StopIteration"):
        asyncio.run(asyncio.wait_for(call_async(Call("m:f", "[]")), 30))


def test_a_process_that_a_function_forks_of_this_one_goes_on_with_no_job(
    calling: Callable[..., None],
) -> None:
    ours, theirs = os.pipe()

    def fork() -> int:
        if os.fork():
            return 1
        return 2

    calling(fork)
    returned = call(Call("m:f", "[]"))
    os.write(theirs, returned.text.encode())
    os.wait()
    assert os.read(ours, 10) == b"1"
    os.close(ours)
    os.close(theirs)


def test_a_job_that_somebody_cancels_is_cancelled(calling: Callable[..., None]) -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    async def cancel() -> None:
        task = asyncio.create_task(call_async(Call("m:f", "[]")))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    calling(wait, wait)
    asyncio.run(cancel())


class _Untold:
    def __repr__(self) -> str:
        raise SystemExit(3)


class _Unread(dict[str, int]):
    def items(self) -> Any:
        raise OSError


def test_an_answer_that_ends_the_process_as_it_is_read_is_a_failure_of_its_job(
    calling: Callable[..., None],
) -> None:
    calling(_Untold)
    with pytest.raises(CallError, match=r"sys\.exit\(3\)"):
        call(Call("m:f", "[]"))
    assert not describe(_Unread(a=1)).json


def test_a_main_thread_ends_what_catches_every_exception(calling: Callable[..., None]) -> None:
    released = threading.Event()
    rounds: list[int] = []

    def stubborn() -> None:
        while not rounds:
            try:
                released.wait()
            except Exception:  # pragma: no cover  the time limit is none
                rounds.append(1)

    calling(stubborn)
    with pytest.raises(TimeLimitError, match=r"not done within 0\.05 s"):
        call(Call("m:f", "[]"), Deadline(LIMIT_S))
    assert rounds == []


def test_the_alarm_is_off_afterwards(calling: Callable[..., None]) -> None:
    before = signal.getsignal(signal.SIGALRM)
    calling(lambda: None)
    call(Call("m:f", "[]"), Deadline(60))
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) == before


def test_in_a_thread_it_has_failed_when_it_ends(calling: Callable[..., None]) -> None:
    deadline = Deadline(LIMIT_S)
    failures = []

    def outlast() -> None:
        while deadline.left_s() > 0:
            threading.Event().wait(deadline.left_s())

    def run() -> None:
        try:
            call(Call("m:f", "[]"), deadline)
        except TimeLimitError as error:
            failures.append(error)

    calling(outlast)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert len(failures) == 1


async def _never() -> None:
    await asyncio.Event().wait()


async def _own_timeout() -> None:
    raise TimeoutError("of the function itself")


def test_a_loop_ends_what_awaits(calling: Callable[..., None]) -> None:
    calling(_never, _never)
    with pytest.raises(TimeLimitError):
        asyncio.run(call_async(Call("m:f", "[]"), Deadline(LIMIT_S)))
    with pytest.raises(TimeLimitError):  # by a signal, here
        call(Call("m:f", "[]"), Deadline(LIMIT_S))


def test_a_timeout_of_the_functions_own_is_its_failure(calling: Callable[..., None]) -> None:
    calling(_own_timeout, _own_timeout)
    with pytest.raises(TimeoutError, match="of the function itself"):
        asyncio.run(call_async(Call("m:f", "[]"), Deadline(60)))


def test_a_loop_has_a_thread_call_what_is_not_async(calling: Callable[..., None]) -> None:
    calling(threading.get_ident)

    async def both() -> list[Any]:
        return [await call_async(Call("m:f", "[]"), UNLIMITED) for _ in range(2)]

    for answer in asyncio.run(both()):
        assert answer.text != str(threading.get_ident())


def test_a_plain_function_may_return_a_coroutine(calling: Callable[..., None]) -> None:
    async def seven() -> int:
        return 7

    calling(lambda: seven())
    assert call(Call("m:f", "[]")).text == "7"


def test_a_call_travels_as_every_job() -> None:
    job = Call("shop.tasks:nap", '{"ms": 5}')
    assert to_message(job) == {"kind": "call", "target": "shop.tasks:nap", "arguments": '{"ms": 5}'}
    assert from_message(to_message(job)) == job


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "call", "target": "", "arguments": "[]"},
        {"kind": "call", "target": "x" * 301, "arguments": "[]"},
        {"kind": "call", "target": "a:b", "arguments": [1]},
        {"kind": "call", "target": "a:b", "arguments": "x" * (2**20 + 1)},
        {"kind": "call", "target": "a:b", "arguments": "\ud800"},
        {"kind": "call", "target": "a:b"},
    ],
)
def test_what_is_no_call_is_refused(message: Any) -> None:
    with pytest.raises(InvalidJobError):
        from_message(message)
