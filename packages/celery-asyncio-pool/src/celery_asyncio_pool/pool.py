"""The pool that Celery sees: it gives tasks their slots, and sends each to the thread it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from celery._state import _task_stack
from celery.app.trace import build_tracer
from celery.concurrency.base import BasePool
from celery.utils.log import get_logger

from celery_asyncio_pool.bridge import keep_stacks_per_execution, prepare
from celery_asyncio_pool.callbacks import CallbackQueue
from celery_asyncio_pool.drain import CLEAN_UP_S, cancel_running, drain, is_cold
from celery_asyncio_pool.eager import wait_in_apply
from celery_asyncio_pool.execution import Execution
from celery_asyncio_pool.keeper import Keeper
from celery_asyncio_pool.limits import Verdict
from celery_asyncio_pool.options import Options
from celery_asyncio_pool.receivers import warn_of_async_receivers
from celery_asyncio_pool.request import decoded, get_request, has_nothing_to_send, may_be_revoked
from celery_asyncio_pool.slots import Slots
from celery_asyncio_pool.threads import LoopThread, TracerThread
from celery_asyncio_pool.worker_thread import WorkerThread

logger = get_logger(__name__)


class TaskPool(BasePool):  # type: ignore[misc]  # Celery ships no types
    """Runs coroutine tasks on one event loop, and plain ones in threads."""

    #: How many tasks may run; Celery reads it.
    limit: int
    body_can_be_buffer = True
    # Not to be shut down inside of a signal handler: tasks end through the worker's thread.
    signal_safe = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.aio = Options.read()
        self._new_loop = self.aio.choose_loop()
        self._callbacks = CallbackQueue()
        self._hub: Any = None
        self._slots = Slots(self.limit)
        #: For each task seen: whether its body belongs on the loop.
        self._on_loop: dict[str, bool] = {}
        self._threads: ThreadPoolExecutor | None = None
        self._keeper = Keeper(self.app)

    def on_start(self) -> None:
        keep_stacks_per_execution(_task_stack)
        # New threads have no current app; without this, code in them would find the default one.
        self._tracer = TracerThread(self.app.set_current)
        self._loop = LoopThread(self._new_loop, self.aio.slow_s, self.app.set_current)
        self._worker_thread = WorkerThread(self._loop.loop, self._callbacks)
        self._on_loop |= {name: self._prepare(task) for name, task in self.app.tasks.items()}
        warn_of_async_receivers()
        # Slots bound the threads, so that growing the pool needs no new executor.
        self._threads = ThreadPoolExecutor(100_000, "celery-aio-def", self.app.set_current)
        self._tracer.start()
        self._loop.start()
        self._keeper.open_on(self._loop.loop)

    def register_with_event_loop(self, hub: Any) -> None:
        self._hub = hub
        self._callbacks.move_to(hub)

    def on_close(self) -> None:
        self._slots.forget_waiting()

    def on_stop(self) -> None:
        """Let running tasks end, or cancel them where the worker or the drain limit says so.

        Also called from the signal handler of a cold shutdown, after Celery has cancelled the tasks.
        """
        self.on_close()
        if running := len(self._slots.running):
            logger.info("asyncio pool: %d running tasks to end; no more are started.", running)
        drain_s = CLEAN_UP_S if is_cold(self._slots) else self.aio.drain_s
        if not drain(self._slots, self._callbacks, self._hub, drain_s):
            cancel_running(self._slots, self._callbacks, self._hub)
        self._end_threads()

    def on_terminate(self) -> None:
        self.on_close()
        cancel_running(self._slots, self._callbacks, self._hub)
        self._end_threads()

    def grow(self, n: int = 1) -> None:
        self.limit = self._slots.resize(n)
        self._fill()

    def shrink(self, n: int = 1) -> None:
        self.limit = self._slots.resize(-n)

    def _end_threads(self) -> None:
        if self._threads is None:
            return
        threads, self._threads = self._threads, None
        self._keeper.close_on(self._loop.loop)
        self._loop.stop()
        self._tracer.stop()
        threads.shutdown(wait=not self._slots.running)
        self._callbacks.close()

    # Executions

    def on_apply(
        self,
        target: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        *,
        callback: Callable[..., Any] | None = None,
        error_callback: Callable[..., Any] | None = None,
        accept_callback: Callable[..., Any] | None = None,
        timeout_callback: Callable[..., Any] | None = None,
        soft_timeout: float | None = None,
        timeout: float | None = None,
        correlation_id: str = "?",
        **_: Any,
    ) -> Execution:
        """Start a task if there is a slot, or let it wait; never block, for this is the worker's thread."""
        task_name = args[0] if args else "?"
        execution = Execution(
            target,
            decoded(tuple(args), accept_callback),
            kwargs or {},
            callback=callback,
            error_callback=error_callback,
            accept_callback=accept_callback,
            timeout_callback=timeout_callback,
            soft_timeout_s=soft_timeout or self.options.get("soft_timeout"),
            timeout_s=timeout or self.options.get("timeout"),
            task_name=task_name,
            task_id=correlation_id,
            post=self._callbacks.post,
            on_loop=self._belongs_on_loop(task_name),
        )
        if self._slots.take_or_wait(execution):
            execution.start_clock()
            execution.accept()
            self._run(execution)
        return execution

    def _run(self, execution: Execution) -> None:
        """Hand an execution that has a slot to the thread in which it belongs; any thread may."""
        done = partial(self._end, execution)
        if execution.verdict is Verdict.TERMINATED:  # revoked while it waited; Celery says so on acceptance
            done()
        elif execution.on_loop:
            thread = self._loop if has_nothing_to_send(execution) else self._tracer
            thread.call(partial(execution.trace_in_greenlet, self._loop, thread, done))
        else:
            assert self._threads is not None
            self._threads.submit(execution.trace_in_thread, self._loop, done)

    def _end(self, execution: Execution) -> None:
        if execution.report is not None:
            self._callbacks.post(execution.report)
        self._slots.free(execution)
        self._fill()

    def _fill(self) -> None:
        """Give free slots to waiting executions, and run them.

        The thread that freed a slot does so at once: the worker's thread may be busy with acknowledgements,
        and the slot would stand empty meanwhile.
        """
        while execution := self._slots.next():
            if may_be_revoked(execution):
                self._callbacks.post(partial(self._run_unless_revoked, execution))
            else:
                execution.start_clock()
                self._callbacks.post(execution.accept)
                self._run(execution)

    def _run_unless_revoked(self, execution: Execution) -> None:
        if get_request(execution).revoked():  # which tells broker and backend: in the worker's thread only
            self._end(execution)
        else:
            execution.start_clock()
            execution.accept()
            self._run(execution)

    def _belongs_on_loop(self, name: str) -> bool:
        if name not in self._on_loop:
            task = self.app.tasks.get(name)
            if task is None:
                return True  # let the tracer fail as it does elsewhere
            # Registered after the start: its tracer has been built around the unprepared body.
            self._on_loop[name] = self._prepare(task)
            task.__trace__ = build_tracer(name, task, app=self.app)
        return self._on_loop[name]

    def _prepare(self, task: Any) -> bool:
        """Let `task` run on this pool, and return whether its body belongs on the loop."""
        keep_stacks_per_execution(task.request_stack)
        wait_in_apply(type(task))
        return prepare(task, self.aio.plain, self._worker_thread)

    def terminate_job(self, pid: int, signal: object = None) -> None:
        """Cancel the task that `pid` names (see `Execution.ident`); not this process."""
        if execution := self._slots.running.get(pid):
            execution.terminate(signal)

    def _get_info(self) -> dict[str, Any]:
        return {
            **super()._get_info(),
            "loop": "{0.__module__}.{0.__qualname__}".format(type(self._loop.loop)),
            "running": len(self._slots.running),
            "waiting": self._slots.waiting,
            "threads": len(self._threads._threads) if self._threads else 0,
            "plain-def": self.aio.plain,
            "timeouts": (self.options.get("soft_timeout") or 0, self.options.get("timeout") or 0),
        }
