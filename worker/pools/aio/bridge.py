"""The bridge from Celery's synchronous tracer to a coroutine, without patching Celery.

Celery calls `task.run(...)`, or the task's own `__call__` that ends there, and takes what comes back
for the result. `prepare` wraps `run` on the task object: where a job is being traced, a coroutine is
handed to the event loop and its tracer waits (a greenlet by switching away, a thread by blocking);
everywhere else the coroutine is returned as it is, so that `await other_task(x)` is plain Python.

Why `run`: it is the documented place of a task's body, Celery itself wraps it there (`autoretry_for`),
and it is reached on every path: `fast_trace_task`, `trace_task_ret`, a custom `__call__`, `super()`.
With `autoretry_for`, Celery's wrapper calls `_orig_run`, and that is wrapped instead, so that the
retry sees the coroutine's exception and not the coroutine.

Celery finds `current_task` and `self.request` on stacks that are kept per greenlet. A coroutine runs in
another greenlet than its tracer, so here the stacks are kept per job: Celery's `LocalManager` takes the
function that says who asks. The answer is in a context variable, which tasks, callbacks and
`asyncio.to_thread` inherit; outside of a job it is the greenlet, as before.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from celery._state import _task_stack
from celery.exceptions import ImproperlyConfigured
from celery.utils.threads import LocalManager
from greenlet import getcurrent

from worker.pools.aio.options import PLACES

if TYPE_CHECKING:
    from worker.pools.aio.job import Job

_job: ContextVar[Job | None] = ContextVar("celery_aio_job", default=None)


def enter_job(job: Job) -> None:
    """Make `job` the one that the current context works for."""
    _job.set(job)


def current_job() -> Job | None:
    """The job that the current context works for: in its body, its tracer, and in what they started."""
    return _job.get()


def prepare(task: Any, plain: str) -> bool:
    """Let `task` run on this pool; whether its body belongs on the event loop.

    Arguments:
        task: a registered Celery task; preparing it again changes nothing.
        plain: where a plain `def` runs, one of `PLACES`, unless the task has an attribute `aio`.

    Raises:
        ImproperlyConfigured: the task asks for what cannot be done.
    """
    if inspect.iscoroutinefunction(type(task).__call__):
        raise ImproperlyConfigured(
            f"task {task.name}: __call__ is `async def`; "
            "write it as a plain def that returns super().__call__(...)"
        )
    place = getattr(task, "aio", None) or plain
    if place not in PLACES:
        raise ImproperlyConfigured(f"task {task.name}: aio must be one of {', '.join(PLACES)}, not {place!r}")
    keep_stacks_per_job(_task_stack, task.request_stack)
    attribute = "_orig_run" if hasattr(task, "_orig_run") else "run"
    body = inspect.unwrap(getattr(task, attribute), stop=lambda function: not hasattr(function, "aio_bridge"))
    on_loop = place == "loop" or inspect.iscoroutinefunction(body)
    setattr(task, attribute, _bridged(body, on_loop))
    return on_loop


def keep_stacks_per_job(*stacks: Any) -> None:
    """Have Celery's stacks tell jobs apart, where they would tell greenlets apart.

    Raises:
        ImproperlyConfigured: USE_FAST_LOCALS makes them thread-locals, which cannot.
    """
    if not all(hasattr(stack, "__ident_func__") for stack in stacks):
        raise ImproperlyConfigured(
            "USE_FAST_LOCALS keeps Celery's task stacks per thread, but the asyncio pool runs all tasks "
            "in one. Unset it for this pool."
        )
    LocalManager(list(stacks), ident_func=_identity)


def _identity() -> object:
    return _job.get() or getcurrent()


def _bridged(body: Callable[..., Any], on_loop: bool) -> Callable[..., Any]:
    call_on_loop = on_loop and not inspect.iscoroutinefunction(body)

    @functools.wraps(body)
    def run(*args: Any, **kwargs: Any) -> Any:
        job = _job.get()
        if job is None or not job.is_traced_here():
            return body(*args, **kwargs)
        result = _call(body, args, kwargs) if call_on_loop else body(*args, **kwargs)
        return job.wait_for(result) if asyncio.iscoroutine(result) else result

    run.aio_bridge = True  # type: ignore[attr-defined]  # tells our wrapper from anyone else's
    return run


async def _call(body: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    result = body(*args, **kwargs)
    return await result if asyncio.iscoroutine(result) else result
