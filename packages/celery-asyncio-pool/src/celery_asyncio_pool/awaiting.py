"""Results that can be awaited: no thread for each of them, and no call that blocks the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

from celery import result as celery_result
from celery.backends.rpc import RPCBackend
from celery.exceptions import TimeoutError as CeleryTimeoutError
from celery.states import PROPAGATE_STATES

from celery_asyncio_pool.calling import check_loop
from celery_asyncio_pool.waiter import Watch, waiter_of

#: Seconds that the result of a task gets to come once a task before it has failed: Celery records the failure
#: there, too, and more aptly, unless that task was revoked.
GRACE_S = 1.0


def aget(result: Any, timeout: float | None = None, propagate: bool = True) -> Coroutine[Any, Any, Any]:
    """Wait for the result of a task, or for a list with those of a group, as `result.get()` does.

    Arguments:
        result: what a call of a task or of a signature gave, `app.AsyncResult(task_id)`, or a `GroupResult`.
        timeout: seconds; None waits for ever.
        propagate: raise the exception of a task that failed, or of one before it; else give it as the value.

    Raises:
        celery.exceptions.TimeoutError: it has not come in time. The task goes on.
        NotImplementedError: there is no result backend, or it is `rpc://`.
        RuntimeError: no event loop runs in this thread.
        TypeError: `result` is no result.
    """
    check_loop(result, "aget", "get")
    if not isinstance(result, celery_result.ResultBase):
        raise TypeError(
            f"aget takes the result of a task or a group, as `await adelay(...)` gives it, not {result!r}"
        )
    return _get(result, timeout, propagate)


async def _get(result: Any, timeout: float | None, propagate: bool) -> Any:
    wanted = list(_pending(result))
    if wanted:
        await _Wait(wanted, list(_parents(result)) if propagate else [], propagate).end(timeout)
    return _value(result, propagate)


def _pending(result: Any) -> Iterator[Any]:
    """Yield the results of single tasks in `result` that are not known to be ready."""
    if isinstance(result, celery_result.ResultSet):
        for each in result.results:
            yield from _pending(each)
    elif not result.ignored and not result._cache:
        yield result


def _parents(result: Any) -> Iterator[Any]:
    """Yield those results that must be there before `result` can be, if they are not known to be ready."""
    while (result := result.parent) is not None:
        yield from _pending(result)


def _value(result: Any, propagate: bool) -> Any:
    if isinstance(result, celery_result.ResultSet):
        return [_value(each, propagate) for each in result.results]
    return None if result.ignored else result.maybe_throw(propagate=propagate)


class _Wait:
    """Waits for all that is wanted, or for the first failure; stops waiting for the rest at its end."""

    def __init__(self, wanted: list[Any], parents: list[Any], propagate: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._propagate = propagate
        #: What has failed first, if failures are to be raised.
        self._failed: Any = None
        self._left = len(wanted)
        self._watches = [Watch(each.id, self._loop, self._teller(each, True)) for each in wanted]
        self._watches += [Watch(each.id, self._loop, self._teller(each, False)) for each in parents]
        app = wanted[0].app
        if isinstance(app.backend, RPCBackend):
            raise NotImplementedError(
                "the rpc:// backend gives a result only to the thread that has sent the task: "
                "use another result backend for aget(), or asyncio.to_thread around both delay() and get()."
            )
        self._waiter = waiter_of(app)

    async def end(self, timeout: float | None) -> None:
        """Wait for the end.

        Raises:
            TimeoutError: of Celery's; it did not come in time.
        """
        self._waiter.watch(self._watches)
        try:
            await asyncio.wait({self._done}, timeout=timeout)
        finally:
            self._waiter.forget(self._watches)
        if not self._done.done():
            raise CeleryTimeoutError("The operation timed out.")
        self._done.result()
        if self._failed is not None:
            self._failed.maybe_throw()

    def _teller(self, result: Any, is_wanted: bool) -> Any:
        def told(outcome: dict[str, Any] | Exception) -> None:
            if self._done.done():
                return
            if isinstance(outcome, Exception):
                self._done.set_exception(outcome)
                return
            result._maybe_set_cache(dict(outcome))
            failed = self._propagate and outcome["status"] in PROPAGATE_STATES
            self._left -= is_wanted
            if failed and is_wanted:
                self._fail(result)
            elif failed:
                self._loop.call_later(GRACE_S, self._fail, result)
            elif not self._left:
                self._done.set_result(None)

        return told

    def _fail(self, result: Any) -> None:
        if not self._done.done():
            self._failed = result
            self._done.set_result(None)
