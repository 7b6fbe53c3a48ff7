"""One thread for each app that waits for results of any number of tasks, and tells the event loops.

It has a result backend of its own, as every thread of Celery's has, and is the only one to use it: before
Celery 5.7 no two threads may. Where the backend pushes results (Redis), it listens with Celery's own consumer
and looks for itself now and then, so that a message that was lost is not waited for. Elsewhere it looks twice
a second, at all results at once where the backend can.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import queue
import threading
import time
import weakref
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from celery import result as celery_result
from celery.states import READY_STATES

#: Seconds for which it listens before it takes up new waits, which begin as late: when one has just come, and
#: when none came for some time.
LISTEN_S, LISTEN_LONGEST_S = 0.001, 0.02
#: Seconds between two looks at all results: where the backend pushes them, and, as `get()` has it, elsewhere.
LOOK_AGAIN_S, LOOK_S = 10.0, 0.5
#: How often a backend may fail in a row, half a second each, before all that wait are told its error.
TRIES = 4
#: Seconds without anything to wait for after which the thread ends.
IDLE_S = 5.0


class Watch:
    """One wait for the result of one task; `told` is called on the `loop`, once."""

    def __init__(self, task_id: str, loop: AbstractEventLoop, told: Callable[[Any], object]) -> None:
        self.task_id = task_id
        self._loop = loop
        self._told = told

    def tell(self, outcome: dict[str, Any] | Exception) -> None:
        """Tell what has come of the task, or that nobody can know."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._told, outcome)


class Waiter:
    """Waits for results of one app."""

    def __init__(self, app: Any) -> None:
        self._app = weakref.ref(app)
        self._calls: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._is_running = False
        self._watches: dict[str, set[Watch]] = {}
        #: What is not looked at yet.
        self._new: set[str] = set()
        #: What Celery's consumer hands a result to.
        self._subscribed: dict[str, _Subscribed] = {}

    def watch(self, watches: Iterable[Watch]) -> None:
        """Wait for these, too; any thread may ask."""
        self._call(partial(self._watch, watches))

    def forget(self, watches: Iterable[Watch]) -> None:
        """Wait for these no longer; any thread may ask."""
        self._call(partial(self._forget, watches))

    def _call(self, call: Callable[[], object]) -> None:
        with self._lock:
            self._calls.put(call)
            if not self._is_running:
                self._start()

    def _start(self) -> None:
        self._is_running = True
        threading.Thread(target=self._run, name="celery-aio-results", daemon=True).start()

    def _run(self) -> None:
        try:
            self._wait()
        except Exception as error:
            self._fail(error)

    def _wait(self) -> None:
        app: Any = self._app()
        app.set_current()
        backend = app.backend
        look_at_s, listen_s, failures = -math.inf, LISTEN_S, 0
        while self._take_up(look_at_s, backend.is_async):
            listen_s = LISTEN_S if self._new else min(1.2 * listen_s, LISTEN_LONGEST_S)
            if time.monotonic() >= look_at_s:
                look_at_s = time.monotonic() + (LOOK_AGAIN_S if backend.is_async else LOOK_S)
                self._new |= self._watches.keys()
            try:
                self._look(backend)
                if backend.is_async and self._watches:
                    with contextlib.suppress(TimeoutError):  # it heard nothing
                        backend.result_consumer.drain_events(timeout=listen_s)
                failures = 0
            except Exception as error:
                if isinstance(error, NotImplementedError) or (failures := failures + 1) == TRIES:
                    raise
                time.sleep(LOOK_S)
                look_at_s = -math.inf
        if backend.is_async and not backend.thread_safe:
            _close(backend)

    def _take_up(self, look_at_s: float, is_async: bool) -> bool:
        """Take up what is asked for, and return whether to go on; block where nothing else is to be done."""
        with contextlib.suppress(queue.Empty):
            if not self._watches:
                self._calls.get(timeout=IDLE_S)()
            elif not is_async:
                self._calls.get(timeout=max(look_at_s - time.monotonic(), 0))()
            while True:
                self._calls.get_nowait()()
        with self._lock:
            self._is_running = bool(self._watches) or not self._calls.empty()
            return self._is_running

    def _fail(self, error: Exception) -> None:
        """Tell all that wait, and end: the next thread has a new backend, and its connections."""
        for watch in itertools.chain.from_iterable(self._watches.values()):
            watch.tell(error)
        self._watches.clear()
        self._subscribed.clear()
        with self._lock:
            self._is_running = False
            if not self._calls.empty():
                self._start()

    def _watch(self, watches: Iterable[Watch]) -> None:
        for watch in watches:
            self._watches.setdefault(watch.task_id, set()).add(watch)
            self._new.add(watch.task_id)

    def _forget(self, watches: Iterable[Watch]) -> None:
        for watch in watches:
            others = self._watches.get(watch.task_id, set())
            others.discard(watch)
            if not others:
                self._drop(watch.task_id)

    def _look(self, backend: Any) -> None:
        new, self._new = self._new & self._watches.keys(), set()
        for task_id, meta in _look_at(backend, new):
            self._tell(task_id, meta)
        if backend.is_async and (late := (new & self._watches.keys()) - self._subscribed.keys()):
            for task_id in late:
                self._subscribed[task_id] = result = _Subscribed(task_id, backend=backend, app=backend.app)
                result.then(self._arrive)
            for task_id, meta in _look_at(backend, late & self._watches.keys()):  # what came in between
                self._tell(task_id, meta)

    def _arrive(self, result: celery_result.AsyncResult) -> None:
        self._subscribed.pop(result.id, None)  # Celery itself listens no longer
        self._tell(result.id, result._cache)

    def _tell(self, task_id: str, outcome: dict[str, Any] | Exception) -> None:
        for watch in self._watches.get(task_id, ()):
            watch.tell(outcome)
        self._drop(task_id)

    def _drop(self, task_id: str) -> None:
        self._watches.pop(task_id, None)
        if (result := self._subscribed.pop(task_id, None)) is not None:
            result.backend.remove_pending_result(result)


class _Subscribed(celery_result.AsyncResult):  # type: ignore[misc]  # Celery ships no types
    """The result that the consumer of the waiter's own backend knows."""

    def __del__(self) -> None:
        """Do nothing: the garbage collector may call this in any thread, and Celery would use the backend."""

    def _set_cache(self, meta: dict[str, Any]) -> dict[str, Any]:
        # Celery would make results of the children, with this backend, and they would leave this thread.
        self._cache = meta
        return meta


def _close(backend: Any) -> None:
    """Close the connections of a backend that nobody will use any more."""
    backend.result_consumer.stop()
    backend.client.connection_pool.disconnect()


def _look_at(backend: Any, task_ids: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield those that are ready, with what the backend has of them."""
    if task_ids and hasattr(backend, "get_many"):
        yield from backend.get_many(task_ids, max_iterations=1, interval=0)
        return
    for task_id in task_ids:
        meta = backend.get_task_meta(task_id)
        if meta["status"] in READY_STATES:
            yield task_id, meta


_waiters: WeakKeyDictionary[Any, Waiter] = WeakKeyDictionary()
_waiters_lock = threading.Lock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_waiters.clear)  # their threads are the parent's


def waiter_of(app: Any) -> Waiter:
    """Return the waiter of `app`; any thread may ask."""
    with _waiters_lock:
        return _waiters.setdefault(app, Waiter(app))
