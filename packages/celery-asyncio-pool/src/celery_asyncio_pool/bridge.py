"""The bridge from Celery's synchronous tracer to a coroutine, without patching Celery.

Celery calls `task.run(...)`, or the task's own `__call__` that ends there, and takes what comes back for the
result. `prepare` wraps `run` on the task object: where a task is being traced, a coroutine is handed to the
event loop and its tracer waits (a greenlet by switching away, a thread by blocking); everywhere else the
coroutine is returned as it is, so that `await other_task(x)` is plain Python. The returned value decides, not
how the task is written: a decorator may hide a coroutine.

Why `run`: it is the documented place of a task's body, Celery itself wraps it there (`autoretry_for`),
and it is reached on every path: `fast_trace_task`, `trace_task_ret`, a custom `__call__`, `super()`.
With `autoretry_for`, Celery's wrapper calls `_orig_run`, and that is wrapped instead, so that the
retry sees the coroutine's exception and not the coroutine. The hooks that a task has (`on_success`, ...)
and a `__call__` of its own are wrapped in the same way.

Celery finds `current_task` and `self.request` on stacks that are kept per greenlet. A coroutine runs in
another greenlet than its tracer, so here the stacks are kept per execution: Celery's `LocalManager` accepts a
function that identifies the caller. Here it returns the execution, from a context variable that tasks,
callbacks and `asyncio.to_thread` inherit; outside of an execution, the greenlet, as before.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from celery.app.task import Task
from celery.app.trace import task_has_custom
from celery.exceptions import ImproperlyConfigured
from celery.utils.threads import LocalManager
from greenlet import getcurrent

from celery_asyncio_pool.coroutines import as_coroutine, call_on_loop, gives_coroutine
from celery_asyncio_pool.eager_call import current_eager_call
from celery_asyncio_pool.execution import current_execution
from celery_asyncio_pool.options import PLACES
from celery_asyncio_pool.parts import HOOKS, Part, Waiter
from celery_asyncio_pool.validated import is_validated, rewrap, rewrap_coroutine, unwrap_validated
from celery_asyncio_pool.worker_thread import WorkerThread


def prepare(task: Any, plain: str, worker: WorkerThread | None = None) -> bool:
    """Allow `task` to have coroutines, and return whether its body belongs on the event loop.

    Arguments:
        task: a registered Celery task; preparing it again changes nothing.
        plain: where a plain `def` runs, one of `PLACES`, unless the task has an attribute `aio`.
        worker: the worker's own thread, where Celery calls hooks as well; None where this is no worker.

    Raises:
        ImproperlyConfigured: the task asks for what cannot be done.
    """
    place = getattr(task, "aio", None) or plain
    if place not in PLACES:
        raise ImproperlyConfigured(f"task {task.name}: aio must be one of {', '.join(PLACES)}, not {place!r}")
    attribute = "_orig_run" if hasattr(task, "_orig_run") else "run"
    body = _unwrap(getattr(task, attribute))
    is_coroutine = gives_coroutine(unwrap_validated(body) if is_validated(body) else body)
    called_async = gives_coroutine(_unwrap(type(task).__call__))
    if called_async and attribute == "_orig_run":
        raise ImproperlyConfigured(
            f"task {task.name}: autoretry_for sees nothing of what an `async def __call__` raises; "
            "write it as a plain def that returns super().__call__(...)"
        )
    setattr(task, attribute, _bridge(body, Part.BODY, worker, on_loop=place == "loop"))
    for hook, part in HOOKS.items():
        if task_has_custom(task, hook):
            setattr(task, hook, _bridge(_unwrap(getattr(task, hook)), part, worker))
    if type(task).__call__ is not Task.__call__:  # `task_has_custom`, in a worker, takes Celery's for one
        type(task).__call__ = _bridge(_unwrap(type(task).__call__), Part.BODY, worker)
    return place == "loop" or is_coroutine or called_async


def is_prepared(task: Any) -> bool:
    """Whether `task` has been prepared."""
    return hasattr(getattr(task, "_orig_run", task.run), "aio_bridge")


def find_waiter(part: Part = Part.BODY, worker: WorkerThread | None = None) -> Waiter | None:
    """Return what waits for a coroutine here; None where the caller awaits it."""
    if (execution := current_execution.get()) is not None and execution.is_traced_here():
        return execution
    if (call := current_eager_call.get()) is not None and call.is_traced_here():
        return call
    return worker if worker is not None and worker.calls(part) else None


def keep_stacks_per_execution(*stacks: Any) -> None:
    """Have Celery keep its stacks per execution, and not per greenlet.

    Raises:
        ImproperlyConfigured: USE_FAST_LOCALS makes them thread-locals, which cannot be kept per execution.
    """
    if not all(hasattr(stack, "__ident_func__") for stack in stacks):
        raise ImproperlyConfigured(
            "USE_FAST_LOCALS keeps Celery's task stacks per thread, but the asyncio pool runs all tasks "
            "in one. Unset it for this pool."
        )
    LocalManager(list(stacks), ident_func=_identify)


def _identify() -> object:
    return current_execution.get() or getcurrent()


def _bridge(
    function: Callable[..., Any], part: Part, worker: WorkerThread | None, *, on_loop: bool = False
) -> Callable[..., Any]:
    alone = traced = function
    if is_validated(function):
        inner = unwrap_validated(function)
        if gives_coroutine(inner):
            alone = traced = rewrap_coroutine(function)
        else:
            traced = rewrap(function, _bridge(inner, part, worker, on_loop=on_loop))
    elif on_loop and not gives_coroutine(function):
        traced = call_on_loop(function)

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        waiter: Waiter | None
        execution = current_execution.get()
        if execution is not None and execution.is_traced_here():
            waiter = execution  # what is most often so is asked first
        elif (waiter := find_waiter(part, worker)) is None:
            return alone(*args, **kwargs)
        value = traced(*args, **kwargs)
        coroutine = as_coroutine(value)
        return value if coroutine is None else waiter.wait_for(coroutine, part)

    # `wraps` copies it; where a decorator has set one, that of a bound method's function begins with `self`.
    vars(run).pop("__signature__", None)
    run.aio_bridge = True  # type: ignore[attr-defined]  # tells our wrapper from anyone else's
    return run


def _unwrap(function: Callable[..., Any]) -> Callable[..., Any]:
    original: Callable[..., Any] = inspect.unwrap(
        function, stop=lambda wrapper: not hasattr(wrapper, "aio_bridge")
    )
    return original
