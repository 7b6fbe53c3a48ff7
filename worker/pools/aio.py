"""A Celery pool that runs `async def` tasks on one event loop, in a thread of the worker.

    CELERY_CUSTOM_WORKER_POOL=worker.pools.aio:TaskPool celery -A app worker --pool=custom -c 100

It works for any Celery app, and patches nothing. Three threads take part:

- the worker's own (kombu's hub) receives messages, hands out slots here, and acknowledges;
- the tracers' thread runs what Celery does around a task, one greenlet for each job. When the body
  turns out to be a coroutine its greenlet switches away, and is switched back to with the outcome;
- the loop's thread runs the coroutines, and nothing that blocks.

The greenlet is SQLAlchemy's way between synchronous code and asyncio. There it runs on the loop's
thread. Here it does so only for a task that ignores its result and has no links: otherwise Celery's
tracer talks to the broker and the result backend, which takes a round trip on a good day and minutes on
a bad one, and all coroutines would stand still.

Plain `def` tasks run in threads, tracer and all, exactly as in Celery's threads pool, or on the loop
where that is asked for. What the pool refuses: to interrupt a plain `def`, and to start a job without a slot.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from celery._state import _task_stack
from celery.app.trace import build_tracer
from celery.concurrency.base import BasePool
from celery.concurrency.prefork import _run_ready_callbacks
from celery.utils.log import get_logger
from celery.worker import state as worker_state

from worker.pools.aio_bridge import keep_stacks_per_job, prepare
from worker.pools.aio_desk import Desk
from worker.pools.aio_job import Job, Verdict
from worker.pools.aio_options import Options
from worker.pools.aio_request import has_nothing_to_send, may_be_revoked, request_of
from worker.pools.aio_slots import Slots
from worker.pools.aio_threads import LoopThread, TracerThread

logger = get_logger(__name__)

#: Seconds that cancelled jobs get to clean up before the pool stops without them.
GRACE_S = 5.0
#: Seconds between two looks at the running jobs while the pool drains.
DRAIN_TICK_S = 0.01


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
        self._desk = Desk()
        self._hub: Any = None
        self._slots = Slots(self.limit)
        #: For each task seen: whether its body belongs on the loop.
        self._on_loop: dict[str, bool] = {}
        self._threads: ThreadPoolExecutor | None = None

    # Life

    def on_start(self) -> None:
        keep_stacks_per_job(_task_stack)
        for name, task in self.app.tasks.items():
            self._on_loop[name] = prepare(task, self.aio.plain)
        # New threads have no current app; without this, code in them would find the default one.
        self._tracer = TracerThread(self.app.set_current)
        self._loop = LoopThread(self._new_loop, self.aio.slow_s, self.app.set_current)
        # Slots bound the threads, so that growing the pool needs no new executor.
        self._threads = ThreadPoolExecutor(100_000, "celery-aio-def", self.app.set_current)
        self._tracer.start()
        self._loop.start()

    def register_with_event_loop(self, hub: Any) -> None:
        self._hub = hub
        self._desk.move_to(hub)

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
            post=self._desk.post,
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
            if job.soft_timeout_s or job.timeout_s:
                logger.warning("Task %s runs in a thread: its time limits cannot be enforced.", job)
            assert self._threads is not None
            self._threads.submit(job.trace_in_thread, self._loop, done)

    def _end(self, job: Job) -> None:
        if job.report is not None:
            self._desk.post(job.report)
        self._slots.free(job)
        self._fill()

    def _fill(self) -> None:
        """Give free slots to jobs that wait.

        At once and in whichever thread freed one: the worker's thread hears of it when it comes to it,
        for it may be busy with a row of acknowledgements, and the slot would stand empty meanwhile.
        """
        while job := self._slots.next():
            if may_be_revoked(job):
                self._desk.post(partial(self._run_unless_revoked, job))
            else:
                job.start_clock()
                self._desk.post(job.accept)
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
            self._on_loop[name] = prepare(task, self.aio.plain)
            task.__trace__ = build_tracer(name, task, app=self.app)
        return self._on_loop[name]

    def terminate_job(self, pid: int, signal: object = None) -> None:
        """Cancel the job that `pid` names (see `Job.ident`); not this process."""
        job = self._slots.running.get(pid)
        if job is None:
            return
        if not job.on_loop:
            logger.warning("Task %s runs in a thread and cannot be interrupted: it runs on.", job)
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
        """Wait until no job runs, at most `limit_s`; whether that is so.

        The main thread is here and not in the hub, so the hub's part is done here: callbacks,
        heartbeats, and the acknowledgements that callbacks leave to it.
        """
        deadline = None if limit_s is None else time.monotonic() + limit_s
        while True:
            ended = not self._slots.running  # before the desk is cleared: what ends later leaves word later
            self._desk.clear()
            if self._hub is not None:
                self._hub.fire_timers()
                _run_ready_callbacks(self._hub)
            if ended or (deadline is not None and time.monotonic() > deadline):
                return ended
            time.sleep(DRAIN_TICK_S)

    def _cancel_running(self) -> None:
        for job in tuple(self._slots.running.values()):
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
        self._desk.close()
