"""A Celery app whose calls and results can be awaited. Nothing else about it is changed."""

from __future__ import annotations

from collections.abc import Coroutine
from functools import cached_property
from typing import Any

import celery
from celery import result

from celery_asyncio_pool import awaiting, calling
from celery_asyncio_pool.eager import wait_in_apply


class Celery(celery.Celery):  # type: ignore[misc]  # Celery ships no types
    """Celery's app, with `adelay` and `aapply_async` for its tasks and `aget` for its results.

    Eager calls of its coroutine tasks run, too: its annotations need no `celery_asyncio_pool:Eager`.
    """

    task_cls = "celery_asyncio_pool:Task"

    @cached_property
    def AsyncResult(self) -> Any:  # noqa: N802  (Celery's name)
        """Celery's class of the same name, which can be awaited, for this app."""
        return self.subclass_with_self(AsyncResult)

    @cached_property
    def ResultSet(self) -> Any:  # noqa: N802  (Celery's name)
        """The same, of a set of results."""
        return self.subclass_with_self(ResultSet)

    @cached_property
    def GroupResult(self) -> Any:  # noqa: N802  (Celery's name)
        """The same, of the results of a group."""
        return self.subclass_with_self(GroupResult)


class Task(celery.Task):  # type: ignore[misc]  # Celery ships no types
    """Celery's task, with calls that can be awaited: the base of the tasks of this package's `Celery`."""

    abstract = True

    def aapply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Coroutine[Any, Any, Any]:
        """Send the task as `apply_async` does, without holding up the loop; gives its result object."""
        return calling.aapply_async(self, args, kwargs, **options)

    def adelay(self, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, Any]:
        """Send the task as `delay` does, without holding up the loop; gives its result object."""
        return calling.adelay(self, *args, **kwargs)

    def apply(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task here, as Celery's `apply` does, and give a result that can be awaited as well."""
        return EagerResult(*super().apply(*args, **kwargs).__reduce_args__())


wait_in_apply(Task)


class _Awaitable:
    def aget(self, timeout: float | None = None, propagate: bool = True) -> Coroutine[Any, Any, Any]:
        """Wait as `get` does, without holding up the loop; see `celery_asyncio_pool.aget`."""
        return awaiting.aget(self, timeout, propagate)


class AsyncResult(_Awaitable, result.AsyncResult):  # type: ignore[misc]  # Celery ships no types
    """Celery's result of a task, which can be awaited."""


class ResultSet(_Awaitable, result.ResultSet):  # type: ignore[misc]  # Celery ships no types
    """Celery's set of results, which can be awaited."""


class GroupResult(_Awaitable, result.GroupResult):  # type: ignore[misc]  # Celery ships no types
    """Celery's result of a group, which can be awaited."""


class EagerResult(_Awaitable, result.EagerResult):  # type: ignore[misc]  # Celery ships no types
    """Celery's result of an eager call, which can be awaited."""
