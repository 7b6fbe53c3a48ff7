"""Eager calls of coroutine tasks: `task.apply()`, and `task.delay()` where `task_always_eager` is set."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from celery_asyncio_pool.bridge import find_waiter, is_prepared, prepare
from celery_asyncio_pool.eager_call import open_eager_call


class Eager:
    """An entry of Celery's `task_annotations` that has eager calls of an app's tasks wait for coroutines.

        app.conf.task_annotations = ["celery_asyncio_pool:Eager"]

    Celery uses the first entry of that list that returns something for a task. List this one first: it
    returns nothing, so the others still apply.
    """

    def annotate(self, task: Any) -> None:
        """Prepare `task`, a class that Celery is about to bind to its app."""
        wait_in_apply(task)


def wait_in_apply(task_class: Any) -> None:
    """Have `apply` of this class of tasks wait for coroutines; doing so again changes nothing."""
    if not hasattr(task_class.apply, "aio_bridge"):
        task_class.apply = _make_waiting(task_class.apply)


def _make_waiting(apply: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(apply)
    def waiting_apply(self: Any, *args: Any, **kwargs: Any) -> Any:
        for task in tuple(self.app.tasks.values()):  # this one may call any other
            if not is_prepared(task):
                prepare(task, "thread")
        if find_waiter() is not None:  # a plain task's thread, or an eager call that calls another
            return apply(self, *args, **kwargs)
        with open_eager_call(self.app):
            return apply(self, *args, **kwargs)

    waiting_apply.aio_bridge = True  # type: ignore[attr-defined]  # tells ours from anyone else's
    return waiting_apply
