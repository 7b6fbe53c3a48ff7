"""One message on its way through the pool: traced in a greenlet or a thread, its body on the loop.

A job knows how its body is started, limited in time, cancelled, and how the outcome gets back to the
tracer. It refuses to know about slots, queues and the worker: the pool sees to those.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
import itertools
import queue
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial
from typing import Any, Protocol

from billiard.einfo import ExceptionInfo
from celery.exceptions import SoftTimeLimitExceeded
from celery.utils.log import get_logger
from greenlet import getcurrent, greenlet

from celery_asyncio_pool.bridge import enter_job
from celery_asyncio_pool.coroutines import AWAITED_CANCELLED, adopt
from celery_asyncio_pool.parts import Part

logger = get_logger(__name__)

#: Seconds after which a coroutine that runs on despite its cancellation is reported.
STUBBORN_S = 10.0

#: A thread that waits for the loop looks so often, in seconds, whether it is still there.
LOOK_S = 1.0

_numbers = itertools.count(1)

#: What a body came to: its value, or the exception it ended with.
Outcome = tuple[Any, BaseException | None]


class Thread(Protocol):
    """A thread that makes the calls it is given; some of them let a tracer go on."""

    def call(self, call: Callable[[], object]) -> None: ...

    def resume(self, call: Callable[[], object]) -> None: ...

    def is_alive(self) -> bool: ...


class Verdict(IntEnum):
    """Why a body is cancelled; a higher one overrules a lower one."""

    NONE = 0
    SOFT_LIMIT = 1
    HARD_LIMIT = 2
    TERMINATED = 3


@dataclass(eq=False)
class Job:
    """One call of a tracer, with the callbacks that Celery gave along (any may be None)."""

    target: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    callback: Callable[..., Any] | None = None
    error_callback: Callable[..., Any] | None = None
    accept_callback: Callable[..., Any] | None = None
    timeout_callback: Callable[..., Any] | None = None
    soft_timeout_s: float | None = None
    timeout_s: float | None = None
    task_name: str = "?"
    task_id: str = "?"
    #: Posts a call to the worker's thread.
    post: Callable[[Callable[[], object]], object] = lambda call: call()

    #: Stands where Celery expects a process id: names the job in `terminate_job` and `inspect active`.
    ident: int = field(default_factory=lambda: next(_numbers))
    verdict: Verdict = Verdict.NONE
    on_loop: bool = True
    #: What to tell the worker once the job has ended; None if it has been told already.
    report: Callable[[], object] | None = None

    def __post_init__(self) -> None:
        self._accepted = 0.0
        self._loop: Thread | None = None
        self._body: asyncio.Task[Any] | None = None
        self._ended = False
        self._timers: list[asyncio.TimerHandle] = []
        self._host: object = None
        self._here: Thread | None = None

    def __str__(self) -> str:
        return f"{self.task_name}[{self.task_id}]"

    def start_clock(self) -> None:
        """From now on the job has its slot, and its time limits run."""
        self._accepted = time.monotonic()

    def accept(self) -> None:
        """Tell the worker that the job has started."""
        if self.accept_callback is not None:
            self.accept_callback(self.ident, self._accepted)

    # In the worker's thread

    def terminate(self, signal: object = None) -> None:  # noqa: ARG002  (Celery passes it; we have no process to signal)
        """Cancel the job, running or not: it ends with nothing recorded and nothing reported."""
        if self._loop is None:
            self.verdict = Verdict.TERMINATED
        else:
            self._tell_loop(self._terminate)

    def insist(self) -> None:
        """Cancel a terminated job once more: libraries are known to swallow a CancelledError."""
        if self._body is not None:
            self._tell_loop(self._body.cancel)

    def _tell_loop(self, call: Callable[[], object]) -> None:
        assert self._loop is not None
        with contextlib.suppress(RuntimeError):  # the loop is closed: there is nothing left to cancel
            self._loop.call(call)

    # In the tracer

    def trace_in_greenlet(self, loop: Thread, here: Thread, done: Callable[[], object]) -> None:
        """Run the tracer in a new greenlet of `here`, the thread that calls this; it may be the loop's."""
        self._loop, self._here = loop, here
        self._enter_context()
        host = greenlet(partial(self._trace, done))
        host.gr_context = self.context
        self._host = host
        host.switch()

    def trace_in_thread(self, loop: Thread, done: Callable[[], object]) -> None:
        """Run the tracer, plain body included, in this thread."""
        self._loop, self._host = loop, threading.get_ident()
        self._enter_context()
        limited = self.soft_timeout_s or self.timeout_s
        if limited:
            self._tell_loop(self._arm)
        self.context.run(self._trace, done)
        if limited:
            self._tell_loop(self._disarm)

    def is_traced_here(self) -> bool:
        """Whether the caller is this job's tracer, and not its body or a thread that this started."""
        return self._host is getcurrent() or self._host == threading.get_ident()

    def wait_for(self, body: Coroutine[Any, Any, Any], part: Part = Part.BODY) -> Any:
        """Have the loop run `body`, and return or raise what it comes to. Only for the tracer."""
        assert self._loop is not None
        if isinstance(self._host, greenlet):
            host = self._host
            begin = partial(self._begin, body, part, self.context, self._resume)
            if self._here is self._loop:
                begin()  # a detour over the loop's queue would give up the GIL
            else:
                self._loop.call(begin)
            value, error = host.parent.switch()
        else:
            box: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
            # A copy: this thread is inside the context while it waits, and no two may be.
            context = self.context.copy()
            try:
                self._loop.call(partial(self._begin, body, part, context, box.put))
                value, error = _taken(box, self._loop)
            except RuntimeError:
                body.close()
                raise
            adopt(context)
        if error is None:
            return value
        try:
            raise error
        finally:
            del error  # or the traceback and this frame would keep each other alive

    def _enter_context(self) -> None:
        self.context = contextvars.Context()
        self.context.run(enter_job, self)

    def _resume(self, outcome: Outcome) -> None:
        assert self._here is not None
        assert isinstance(self._host, greenlet)
        self._here.resume(partial(self._host.switch, outcome))

    def _trace(self, done: Callable[[], object]) -> None:
        try:
            result = self.target(*self.args, **self.kwargs)
        except BaseException:
            # Celery's tracer catches what a task may raise; what still gets here is a lost job
            # (SystemExit, MemoryError), a Reject from a hook, or our own cancellation.
            if self.error_callback is not None:
                self.report = partial(self.error_callback, ExceptionInfo())
        else:
            if self.callback is not None:
                self.report = partial(self.callback, result)
        if self.verdict > Verdict.SOFT_LIMIT:
            self.report = None
        self._host = None
        # It refers back to this job: both, the request and the message would stay until the garbage collector
        # finds them, which stops the whole worker for a tenth of a second every few thousand jobs.
        del self.context
        done()

    # On the loop's thread

    def _begin(
        self,
        body: Coroutine[Any, Any, Any],
        part: Part,
        context: contextvars.Context,
        answer: Callable[[Outcome], object],
    ) -> None:
        loop = asyncio.get_running_loop()
        if self.verdict > Verdict.SOFT_LIMIT:
            body.close()
            loop.call_soon(answer, (None, asyncio.CancelledError()))  # not yet: the tracer is still here
            return
        self._body = loop.create_task(body, name=str(self), context=context)
        self._body.add_done_callback(partial(self._end, part, answer))
        if self.soft_timeout_s or self.timeout_s:
            # What comes after the body is called although a limit has passed: to say so, for one.
            self._arm(also_passed=part is not Part.AFTER)

    def _end(self, part: Part, answer: Callable[[Outcome], object], body: asyncio.Task[Any]) -> None:
        self._disarm()
        self._body = None
        if not self.on_loop:
            self._arm(also_passed=False)  # its thread goes on
        elif part is not Part.BEFORE:
            self._ended = True
        answer(self._outcome(body))

    def _arm(self, also_passed: bool = True) -> None:
        """Set an alarm for each time limit, in place of those that are set."""
        self._disarm()
        for limit_s, verdict in (
            (self.soft_timeout_s, Verdict.SOFT_LIMIT),
            (self.timeout_s, Verdict.HARD_LIMIT),
        ):
            if limit_s:
                left_s = self._accepted + limit_s - time.monotonic()
                if left_s > 0 or also_passed:
                    loop = asyncio.get_running_loop()
                    self._timers.append(loop.call_later(max(left_s, 0), self._time_out, verdict))

    def _disarm(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def _outcome(self, body: asyncio.Task[Any]) -> Outcome:
        if self.verdict > Verdict.SOFT_LIMIT:
            return None, asyncio.CancelledError()
        if body.cancelled():
            if self.verdict is Verdict.SOFT_LIMIT:
                return None, SoftTimeLimitExceeded(self.soft_timeout_s)
            # Nobody cancelled this job: it awaited something that was.
            return None, concurrent.futures.CancelledError(AWAITED_CANCELLED)
        error = body.exception()
        return (None, error) if error is not None else (body.result(), None)

    def _time_out(self, verdict: Verdict) -> None:
        soft = verdict is Verdict.SOFT_LIMIT
        limit_s = self.soft_timeout_s if soft else self.timeout_s
        if self._body is None:  # only in a thread: elsewhere no alarm is set
            logger.warning(
                "Task %s is past its %s time limit (%ss) and runs on: it is in a thread, "
                "where it cannot be interrupted.",
                self,
                "soft" if soft else "hard",
                limit_s,
            )
        elif self._cancel(verdict) and self.timeout_callback is not None:
            self.post(partial(self.timeout_callback, soft, limit_s))

    def _terminate(self) -> None:
        if self.verdict is Verdict.TERMINATED:
            return  # Celery tells the pool and the job
        if self._body is None and not self._ended:
            self.verdict = Verdict.TERMINATED  # its body has not begun, and now it never will
            if not self.on_loop:
                logger.warning(
                    "Task %s runs in a thread, where it cannot be interrupted: it runs on until it returns.",
                    self,
                )
        elif self._cancel(Verdict.TERMINATED):
            logger.info("Task %s cancelled: terminated.", self)

    def _cancel(self, verdict: Verdict) -> bool:
        if self._body is None or self._body.done() or self.verdict >= verdict:
            return False
        self.verdict = verdict
        self._body.cancel()
        if verdict > Verdict.SOFT_LIMIT:
            self._timers.append(asyncio.get_running_loop().call_later(STUBBORN_S, self._complain))
        return True

    def _complain(self) -> None:
        logger.error(
            "Task %s was cancelled and runs on: it swallows CancelledError. It keeps its slot.", self
        )


def _taken(box: queue.SimpleQueue[Outcome], loop: Thread) -> Outcome:
    """What the loop puts into the box.

    Raises:
        RuntimeError: it has ended, and puts nothing in any more.
    """
    while True:
        is_alive = loop.is_alive()  # asked first: what it has put in before it ended is there
        with contextlib.suppress(queue.Empty):
            return box.get(timeout=LOOK_S if is_alive else 0)
        if not is_alive:
            raise RuntimeError("the pool has ended, and its event loop with it")
