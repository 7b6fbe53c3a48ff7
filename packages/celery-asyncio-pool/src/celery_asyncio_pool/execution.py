"""One execution of a task: its tracer in a greenlet or a thread, its body on the event loop.

An execution starts the body and brings its outcome back to the tracer. It knows nothing of slots, queues and
the worker: the pool sees to those.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import queue
import threading
import time
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from typing import Any

from greenlet import getcurrent, greenlet

from celery_asyncio_pool.coroutines import adopt
from celery_asyncio_pool.limits import Ending, Limited, Verdict
from celery_asyncio_pool.old_celery import describe_escape
from celery_asyncio_pool.parts import Part, Thread
from celery_asyncio_pool.python310 import create_task

#: Seconds after which a thread that waits for the loop checks again that the loop still runs.
ALIVE_CHECK_S = 1.0

#: The execution that the current context belongs to: set in its body, its tracer and all that these start.
current_execution: ContextVar[Execution | None] = ContextVar("celery_aio_execution", default=None)

_numbers = itertools.count(1)


@dataclass(eq=False)
class Execution(Limited):
    """One run of Celery's tracer, with the callbacks that Celery passed (any may be None)."""

    target: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    _: KW_ONLY
    callback: Callable[..., Any] | None = None
    error_callback: Callable[..., Any] | None = None
    accept_callback: Callable[..., Any] | None = None
    #: The number that names it, in place of a process id, in `terminate_job` and `inspect active`.
    ident: int = field(default_factory=lambda: next(_numbers))
    #: What to tell the worker once the tracer has ended; None if it has been told already.
    report: Callable[[], object] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        #: The greenlet of the tracer, or the number of its thread.
        self._tracer: object = None
        #: The thread in which the greenlet runs.
        self._thread: Thread | None = None

    def start_clock(self) -> None:
        """Note the time at which it got its slot: its time limits count from now."""
        self.accepted_s = time.monotonic()

    def accept(self) -> None:
        """Tell the worker that the task has started."""
        if self.accept_callback is not None:
            self.accept_callback(self.ident, self.accepted_s)

    def trace_in_greenlet(self, loop: Thread, thread: Thread, done: Callable[[], object]) -> None:
        """Run the tracer in a new greenlet of the calling `thread`, which may be the loop's."""
        self.loop, self._thread = loop, thread
        self._enter_context()
        tracer = greenlet(partial(self._trace, done))
        tracer.gr_context = self.context
        self._tracer = tracer
        tracer.switch()

    def trace_in_thread(self, loop: Thread, done: Callable[[], object]) -> None:
        """Run the tracer, plain body included, in this thread."""
        self.loop, self._tracer = loop, threading.get_ident()
        self._enter_context()
        limited = self.soft_timeout_s or self.timeout_s
        if limited:
            self.tell_loop(self.arm)
        self.context.run(self._trace, done)
        if limited:
            self.tell_loop(self.disarm)

    def is_traced_here(self) -> bool:
        """Whether the caller is the tracer, and not the body or a thread that this has started."""
        return self._tracer is getcurrent() or self._tracer == threading.get_ident()

    def wait_for(self, body: Coroutine[Any, Any, Any], part: Part = Part.BODY) -> Any:
        """Have the loop run `body`, and return its value or raise its exception. Only for the tracer."""
        assert self.loop is not None
        if isinstance(self._tracer, greenlet):
            tracer = self._tracer
            begin = partial(self._begin, body, part, self.context, self._resume)
            if self._thread is self.loop:
                begin()  # a detour over the loop's queue would give up the GIL
            else:
                self.loop.call(begin)
            value, error = tracer.parent.switch()
        else:
            value, error = self._block_for(body, part)
        if error is None:
            return value
        try:
            raise error
        finally:
            del error  # or the traceback and this frame would keep each other alive

    # In the tracer

    def _enter_context(self) -> None:
        self.context = Context()
        self.context.run(current_execution.set, self)

    def _block_for(self, body: Coroutine[Any, Any, Any], part: Part) -> Ending:
        assert self.loop is not None
        box: queue.SimpleQueue[Ending] = queue.SimpleQueue()
        # A copy: this thread is inside the context while it waits, and no two may be.
        context = self.context.copy()
        try:
            self.loop.call(partial(self._begin, body, part, context, box.put))
            ending = _take(box, self.loop)
        except RuntimeError:
            body.close()
            raise
        adopt(context)
        return ending

    def _resume(self, ending: Ending) -> None:
        assert self._thread is not None
        assert isinstance(self._tracer, greenlet)
        self._thread.resume(partial(self._tracer.switch, ending))

    def _trace(self, done: Callable[[], object]) -> None:
        try:
            result = self.target(*self.args, **self.kwargs)
        except BaseException:
            # Celery's tracer catches what a task may raise; what still gets here is a lost task
            # (SystemExit, MemoryError), a Reject from a hook, or our own cancellation.
            if self.error_callback is not None:
                self.report = partial(self.error_callback, describe_escape())
        else:
            if self.callback is not None:
                self.report = partial(self.callback, result)
        if self.verdict > Verdict.SOFT_LIMIT:
            self.report = None
        self._tracer = None
        # It refers back to this object: both, the request and the message would wait for the garbage
        # collector, which stops the whole worker for a tenth of a second every few thousand tasks.
        del self.context
        done()

    # On the loop's thread

    def _begin(
        self,
        body: Coroutine[Any, Any, Any],
        part: Part,
        context: Context,
        answer: Callable[[Ending], object],
    ) -> None:
        loop = asyncio.get_running_loop()
        if self.verdict > Verdict.SOFT_LIMIT:
            body.close()
            loop.call_soon(answer, (None, asyncio.CancelledError()))  # not yet: the tracer is still here
            return
        self.body = create_task(loop, body, str(self), context)
        self.body.add_done_callback(partial(self._end, part, answer))
        if self.soft_timeout_s or self.timeout_s:
            # What comes after the body is called although a limit has passed: to say so, for example.
            self.arm(also_passed=part is not Part.AFTER)

    def _end(self, part: Part, answer: Callable[[Ending], object], body: asyncio.Task[Any]) -> None:
        self.disarm()
        self.body = None
        if not self.on_loop:
            self.arm(also_passed=False)  # its thread goes on
        elif part is not Part.BEFORE:
            self.body_ended = True
        answer(self.judge(body))


def _take(box: queue.SimpleQueue[Ending], loop: Thread) -> Ending:
    """Wait until the loop puts an ending into the box, and return it.

    Raises:
        RuntimeError: the loop has ended without putting one in.
    """
    while True:
        is_alive = loop.is_alive()  # asked first: what it has put in before it ended is there
        with contextlib.suppress(queue.Empty):
            return box.get(timeout=ALIVE_CHECK_S if is_alive else 0)
        if not is_alive:
            raise RuntimeError("the pool has ended, and its event loop with it")
