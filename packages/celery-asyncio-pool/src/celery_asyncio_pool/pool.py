"""The pool that Celery sees: it gives jobs their slots, and sends each to the thread it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from celery._state import _task_stack
from celery.app.trace import build_tracer
from celery.concurrency.base import BasePool
from celery.utils.log import get_logger
from celery.worker import state as worker_state

from celery_asyncio_pool.bridge import keep_stacks_per_job, prepare
from celery_asyncio_pool.callbacks import CallbackQueue
from celery_asyncio_pool.drain import drain
from celery_asyncio_pool.eager import wait_in_apply
from celery_asyncio_pool.job import Job, Verdict
from celery_asyncio_pool.options import Options
from celery_asyncio_pool.receivers import warn_of_async_receivers
from celery_asyncio_pool.request import has_nothing_to_send, may_be_revoked, request_of
from celery_asyncio_pool.slots import Slots
from celery_asyncio_pool.threads import LoopThread, TracerThread
from celery_asyncio_pool.worker_thread import WorkerThread

logger = get_logger(__name__)

#: Seconds that cancelled jobs get to clean up before the pool stops without them.
GRACE_S = 5.0


class TaskPool(BasePool):  # type: ignore[misc]  # Celery ships no types
    """The pool: slots, the jobs that have one, and the jobs that wait for one."""

    #: How many jobs may run; Celery reads it.
    limit: int
    body_can_be_buffer = True
    # Not to be shut down inside of a signal handler: jobs end through the worker's thread.
    signal_safe = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.aio = Options.read()
        self._new_loop = self.aio.loop_factory()
        self._callbacks = CallbackQueue()
        self._hub: Any = None
        self._slots = Slots(self.limit)
        #: For each task seen: whether its body belongs on the loop.
        self._on_loop: dict[str, bool] = {}
        self._threads: ThreadPoolExecutor | None = None

    # Life

    def on_start(self) -> None:
        keep_stacks_per_job(_task_stack)
        # New threads have no current app; without this, code in them would find the default one.
        self._tracer = TracerThread(self.app.set_current)
        self._loop = LoopThread(self._new_loop, self.aio.slow_s, self.app.set_current)
        self._worker_thread = WorkerThread(self._loop.loop, self._callbacks)
        for name, task in self.app.tasks.items():
            self._on_loop[name] = self._prepare(task)
        warn_of_async_receivers()
        # Slots bound the threads, so that growing the pool needs no new executor.
        self._threads = ThreadPoolExecutor(100_000, "celery-aio-def", self.app.set_current)
        self._tracer.start()
        self._loop.start()

    def register_with_event_loop(self, hub: Any) -> None:
        self._hub = hub
        self._callbacks.move_to(hub)

    def on_close(self) -> None:
        self._slots.forget_waiting()

    def on_stop(self) -> None:
        """Let running jobs end, or cancel them where the worker or the drain limit says so.

        Also called from the signal handler of a cold shutdown, after Celery has cancelled the jobs.
        """
        self.on_close()
        if self._slots.running:
            logger.info(
                "asyncio pool: %d running jobs to end; no more are started.", len(self._slots.running)
            )
        drain_s = GRACE_S if worker_state.should_terminate else self.aio.drain_s
        if not self._drain(drain_s):
            self._cancel_running()
        self._end_threads()

    def on_terminate(self) -> None:
        self.on_close()
        self._cancel_running()
        self._end_threads()

    # Jobs

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
    ) -> Job:
        """Start a job if there is a slot, or let it wait; never block, for this is the worker's thread."""
        job = Job(
            target,
            tuple(args),
            kwargs or {},
            callback=callback,
            error_callback=error_callback,
            accept_callback=accept_callback,
            timeout_callback=timeout_callback,
            soft_timeout_s=soft_timeout or self.options.get("soft_timeout"),
            timeout_s=timeout or self.options.get("timeout"),
            task_name=args[0] if args else "?",
            task_id=correlation_id,
            post=self._callbacks.post,
        )
        if self._slots.take_or_wait(job):
            job.start_clock()
            job.accept()
            self._run(job)
        return job

    def _run(self, job: Job) -> None:
        """Hand a job that has its slot to the thread that it belongs to; any thread may."""
        job.on_loop = self._belongs_on_loop(job.task_name)
        done = partial(self._end, job)
        if job.verdict is Verdict.TERMINATED:  # revoked while it waited; Celery says so on acceptance
            done()
        elif job.on_loop:
            thread = self._loop if has_nothing_to_send(job) else self._tracer
            thread.call(partial(job.trace_in_greenlet, self._loop, thread, done))
        else:
            assert self._threads is not None
            self._threads.submit(job.trace_in_thread, self._loop, done)

    def _end(self, job: Job) -> None:
        if job.report is not None:
            self._callbacks.post(job.report)
        self._slots.free(job)
        self._fill()

    def _fill(self) -> None:
        """Give free slots to jobs that wait.

        At once and in whichever thread freed one: the worker's thread hears of it when it comes to it,
        for it may be busy with a row of acknowledgements, and the slot would stand empty meanwhile.
        """
        while job := self._slots.next():
            if may_be_revoked(job):
                self._callbacks.post(partial(self._run_unless_revoked, job))
            else:
                job.start_clock()
                self._callbacks.post(job.accept)
                self._run(job)

    def _run_unless_revoked(self, job: Job) -> None:
        if request_of(job).revoked():  # which tells the broker and the backend: in the worker's thread only
            self._end(job)
        else:
            job.start_clock()
            job.accept()
            self._run(job)

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
        """Let `task` run on this pool; whether its body belongs on the loop."""
        keep_stacks_per_job(task.request_stack)
        wait_in_apply(type(task))
        return prepare(task, self.aio.plain, self._worker_thread)

    def terminate_job(self, pid: int, signal: object = None) -> None:
        """Cancel the job that `pid` names (see `Job.ident`); not this process."""
        job = self._slots.running.get(pid)
        if job is not None:
            job.terminate(signal)

    # Size

    def grow(self, n: int = 1) -> None:
        self.limit = self._slots.resize(n)
        self._fill()

    def shrink(self, n: int = 1) -> None:
        self.limit = self._slots.resize(-n)

    def _get_info(self) -> dict[str, Any]:
        info: dict[str, Any] = super()._get_info()
        info.update(
            {
                "loop": f"{type(self._loop.loop).__module__}.{type(self._loop.loop).__qualname__}",
                "running": len(self._slots.running),
                "waiting": self._slots.waiting,
                "threads": len(self._threads._threads) if self._threads else 0,
                "plain-def": self.aio.plain,
                "timeouts": (self.options.get("soft_timeout") or 0, self.options.get("timeout") or 0),
            }
        )
        return info

    # Shutdown

    def _drain(self, limit_s: float | None) -> bool:
        return drain(self._slots, self._callbacks, self._hub, limit_s)

    def _cancel_running(self) -> None:
        for job in tuple(self._slots.running.values()):
            if job.verdict is Verdict.TERMINATED:
                job.insist()
            else:
                self.terminate_job(job.ident)
        if not self._drain(GRACE_S):
            for job in tuple(self._slots.running.values()):
                logger.error("Task %s did not end when cancelled; the pool stops without it.", job)

    def _end_threads(self) -> None:
        if self._threads is None:
            return
        threads, self._threads = self._threads, None
        self._loop.stop()
        self._tracer.stop()
        threads.shutdown(wait=not self._slots.running)
        self._callbacks.close()
