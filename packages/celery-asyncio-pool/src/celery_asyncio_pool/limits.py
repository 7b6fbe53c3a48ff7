"""Time limits and termination: the three reasons for which the body of a task is cancelled.

A soft limit is overruled by a hard one, and both by a termination. A plain `def` in a thread cannot be
interrupted: there a limit is logged, and a termination takes effect once the function returns a coroutine.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from celery.utils.log import get_logger

from celery_asyncio_pool.coroutines import AWAITED_CANCELLED
from celery_asyncio_pool.old_celery import give_back_at_hard_limit
from celery_asyncio_pool.parts import Thread

logger = get_logger(__name__)

#: Seconds after which a coroutine that runs on despite its cancellation is reported.
STUBBORN_S = 10.0

#: The outcome of a body: its value, or the exception that ended it.
Ending = tuple[Any, BaseException | None]


class Verdict(IntEnum):
    """Why a body is cancelled; a higher one overrules a lower one."""

    NONE = 0
    SOFT_LIMIT = 1
    HARD_LIMIT = 2
    TERMINATED = 3


@dataclass(eq=False, kw_only=True)
class Limited:
    """A task whose body is cancelled at its time limits, or by `terminate`."""

    task_name: str = "?"
    task_id: str = "?"
    soft_timeout_s: float | None = None
    timeout_s: float | None = None
    #: Tells Celery's request that a limit has passed: whether it is the soft one, and how many seconds it is.
    timeout_callback: Callable[..., Any] | None = None
    #: Posts a call to the worker's thread.
    post: Callable[[Callable[[], object]], object] = lambda call: call()
    verdict: Verdict = Verdict.NONE
    #: Whether the task runs on the loop, with its tracer in a greenlet, or in a thread.
    on_loop: bool = True

    def __post_init__(self) -> None:
        #: When it got its slot, by the monotonic clock: its limits count from then.
        self.accepted_s = 0.0
        self.loop: Thread | None = None
        self.body: asyncio.Task[Any] | None = None
        #: Whether it has been told to end; the loop sets the verdict later.
        self.is_terminating = False
        #: Whether its body has ended on the loop: what follows must run, even if the task is terminated.
        self.body_ended = False
        self._timers: list[asyncio.TimerHandle] = []

    def __str__(self) -> str:
        return f"{self.task_name}[{self.task_id}]"

    # In the worker's thread

    def terminate(self, signal: object = None) -> None:  # noqa: ARG002  (Celery passes it; we have no process to signal)
        """Cancel the task, running or not: it ends with nothing recorded and nothing reported."""
        self.is_terminating = True
        if self.loop is None:
            self.verdict = Verdict.TERMINATED
        else:
            self.tell_loop(self._terminate)

    def insist(self) -> None:
        """Cancel a terminated task once more: libraries are known to swallow a CancelledError."""
        if self.body is not None:
            self.tell_loop(self.body.cancel)

    def tell_loop(self, call: Callable[[], object]) -> None:
        """Have the loop make `call`, unless it is closed: then there is nothing left to cancel."""
        assert self.loop is not None
        with contextlib.suppress(RuntimeError):
            self.loop.call(call)

    # On the loop's thread

    def arm(self, also_passed: bool = True) -> None:
        """Set an alarm for each time limit, in place of those that are set."""
        self.disarm()
        for limit_s, verdict in (
            (self.soft_timeout_s, Verdict.SOFT_LIMIT),
            (self.timeout_s, Verdict.HARD_LIMIT),
        ):
            if limit_s:
                left_s = self.accepted_s + limit_s - time.monotonic()
                if left_s > 0 or also_passed:
                    loop = asyncio.get_running_loop()
                    self._timers.append(loop.call_later(max(left_s, 0), self._time_out, verdict))

    def disarm(self) -> None:
        """Cancel all alarms."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def judge(self, body: asyncio.Task[Any]) -> Ending:
        """Return the outcome of the finished `body`; a verdict above the soft limit overrules it."""
        if self.verdict > Verdict.SOFT_LIMIT:
            return None, asyncio.CancelledError()
        if body.cancelled():
            if self.verdict is Verdict.SOFT_LIMIT:
                return None, SoftTimeLimitExceeded(self.soft_timeout_s)
            # Nobody cancelled this task: it awaited something that was.
            return None, concurrent.futures.CancelledError(AWAITED_CANCELLED)
        error = body.exception()
        return (None, error) if error is not None else (body.result(), None)

    def _time_out(self, verdict: Verdict) -> None:
        soft = verdict is Verdict.SOFT_LIMIT
        limit_s = self.soft_timeout_s if soft else self.timeout_s
        if self.body is None:  # only in a thread: elsewhere no alarm is set
            logger.warning(
                "Task %s is past its %s time limit (%ss) and runs on: it is in a thread, "
                "where it cannot be interrupted.",
                self,
                "soft" if soft else "hard",
                limit_s,
            )
        elif self._cancel(verdict) and self.timeout_callback is not None:
            self.post(partial(self.timeout_callback, soft, limit_s))
            if not soft:
                self.post(partial(give_back_at_hard_limit, getattr(self.timeout_callback, "__self__", None)))

    def _terminate(self) -> None:
        if self.verdict is Verdict.TERMINATED:
            return  # Celery tells the pool and the request
        if self.body is None and not self.body_ended:
            self.verdict = Verdict.TERMINATED  # its body has not begun, and now it never will
            if not self.on_loop:
                logger.warning(
                    "Task %s runs in a thread, where it cannot be interrupted: it runs on until it returns.",
                    self,
                )
        elif self._cancel(Verdict.TERMINATED):
            logger.info("Task %s cancelled: terminated.", self)

    def _cancel(self, verdict: Verdict) -> bool:
        if self.body is None or self.body.done() or self.verdict >= verdict:
            return False
        self.verdict = verdict
        self.body.cancel()
        if verdict > Verdict.SOFT_LIMIT:
            self._timers.append(asyncio.get_running_loop().call_later(STUBBORN_S, self._complain))
        return True

    def _complain(self) -> None:
        logger.error(
            "Task %s was cancelled and runs on: it swallows CancelledError. It keeps its slot.", self
        )
