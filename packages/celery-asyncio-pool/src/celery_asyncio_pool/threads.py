"""The pool's two threads: one runs the event loop, the other the greenlets of Celery's tracers.

What Celery does around a task (store the result, publish the next link of a chain) is blocking code. It
runs in the tracers' thread, so that a slow broker or result backend delays other results, but never a
running coroutine. Only tracers that have nothing to send may run on the loop's thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable

from celery.utils.log import get_logger

from celery_asyncio_pool.callbacks import COALESCE_S
from celery_asyncio_pool.slow import make_timing_factory

logger = get_logger(__name__)

#: Seconds for which tracers are resumed in one turn of the loop, before tasks begin that take their slots.
#: A turn for each tracer would cost a switch between threads for each task.
TURN_S = 0.0005
#: Seconds that tasks left over on the loop get to react to their cancellation when it stops.
LEFTOVER_S = 5.0


class TracerThread:
    """Runs calls one after another; a call may start or resume a greenlet, which stays in this thread."""

    def __init__(self, on_start: Callable[[], object] = lambda: None) -> None:
        self._calls: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._on_start = on_start
        self._thread = threading.Thread(target=self._run, name="celery-aio-tracer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def call(self, call: Callable[[], object]) -> None:
        """Have the thread make `call`; any thread may."""
        self._calls.put(call)

    resume = call

    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Make the calls that wait, then end the thread."""
        self._calls.put(None)
        self._thread.join(LEFTOVER_S)

    def _run(self) -> None:
        self._on_start()
        while (call := self._calls.get()) is not None:
            try:
                call()
            except Exception:  # a defect of the pool: tasks report their own errors
                logger.critical("asyncio pool: tracer call failed: %r", call, exc_info=True)


class LoopThread:
    """Runs one event loop until it is stopped."""

    def __init__(
        self,
        new_loop: Callable[[], asyncio.AbstractEventLoop],
        slow_s: float = 0.0,
        on_start: Callable[[], object] = lambda: None,
    ) -> None:
        self.loop = new_loop()
        self._on_start = on_start
        self._stopping = False
        self._calls: deque[Callable[[], object]] = deque()
        #: Whether the loop has been woken, and will look for calls.
        self._watched = False
        #: Tracers to be resumed in a later turn of the loop, and until when in this one (None as long
        #: as none was).
        self._to_resume: deque[Callable[[], object]] = deque()
        self._turn_ends_s: float | None = None
        self._thread = threading.Thread(target=self._run, name="celery-aio-loop", daemon=True)
        if slow_s:
            self.loop.set_task_factory(make_timing_factory(slow_s))

    def start(self) -> None:
        self._thread.start()

    def call(self, call: Callable[[], object]) -> None:
        """Have the thread make `call`; any thread may.

        Raises:
            RuntimeError: the loop is closed, and nobody will make it.
        """
        if threading.get_ident() == self._thread.ident:
            self.loop.call_soon(call)
            return
        if self.loop.is_closed():
            raise RuntimeError("the event loop is closed")
        self._calls.append(call)
        if not self._watched:
            self._watched = True
            self.loop.call_soon_threadsafe(self._look)

    def resume(self, call: Callable[[], object]) -> None:
        """Make `call`, which resumes a tracer, in this turn or a later one. Only on the loop's thread.

        No more tracers a turn than `TURN_S` has time for: the next task takes the slot of the first tracer
        before the last tracer is resumed. If all were resumed at once, tasks that once begin together would
        always end together, as late as the last.
        """
        if self._turn_ends_s is None:
            self._begin_turn()
        elif self._to_resume or time.monotonic() > self._turn_ends_s:
            self._to_resume.append(call)
            return
        call()

    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Cancel what is left on the loop, close it and end the thread."""
        if not self._thread.is_alive():
            return
        self._stopping = True
        with contextlib.suppress(RuntimeError):  # the loop ended on its own
            self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(2 * LEFTOVER_S)

    def _look(self) -> None:
        self._watched = bool(self._calls)
        if self._calls:  # asked again: who left a call before we stopped watching did not wake us
            self._watched = True
            self.loop.call_later(COALESCE_S, self._look)
            while self._calls:
                self.loop.call_soon(self._calls.popleft())

    def _begin_turn(self) -> float:
        self._turn_ends_s = ends_s = time.monotonic() + TURN_S
        self.loop.call_soon(self._next_turn)
        return ends_s

    def _next_turn(self) -> None:
        self._turn_ends_s = None
        if self._to_resume:
            ends_s = self._begin_turn()
            self._to_resume.popleft()()  # one at least, however short a turn is
            while self._to_resume and time.monotonic() <= ends_s:
                self._to_resume.popleft()()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self._on_start()
        while not self._stopping:
            try:
                self.loop.run_forever()
            except (SystemExit, KeyboardInterrupt) as exc:
                # asyncio lets these two out of the loop. They end the task that raised them, not us.
                logger.error("A task raised %r on the event loop; the loop goes on.", exc)
        try:
            self.loop.run_until_complete(_clean_up(self.loop))
        finally:
            asyncio.set_event_loop(None)
            self.loop.close()


async def _clean_up(loop: asyncio.AbstractEventLoop) -> None:
    left = asyncio.all_tasks(loop) - {asyncio.current_task(loop)}
    for task in left:
        task.cancel()
    if left:
        _, stuck = await asyncio.wait(left, timeout=LEFTOVER_S)
        for task in stuck:
            logger.error("asyncio pool: %r ignored its cancellation and is abandoned.", task)
    await loop.shutdown_asyncgens()
    with contextlib.suppress(asyncio.TimeoutError):  # in Python 3.10 it is not yet TimeoutError
        await asyncio.wait_for(loop.shutdown_default_executor(), LEFTOVER_S)
