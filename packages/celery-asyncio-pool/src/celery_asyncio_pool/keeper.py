"""Keeps an app's lifespans open along with one event loop.

All are opened and closed by a single asyncio task: what a library opens in one task (a task group, a cancel
scope) is often not to be closed in another.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from contextlib import AbstractAsyncContextManager
from typing import Any

from celery.platforms import EX_FAILURE
from celery.utils.log import get_logger
from celery.worker import state as worker_state

from celery_asyncio_pool.lifespan import Lifespan, lifespans_of

logger = get_logger(__name__)

#: Seconds that each lifespan gets to close before it is cancelled, and as long again for its reaction.
CLOSE_S = 5.0
#: Seconds between two looks at whether the worker has been told to stop while lifespans open.
LOOK_S = 0.1


class LifespanError(Exception):
    """A lifespan could not be opened; its `__cause__` says why."""


class Keeper:
    """Opens lifespans on the running loop, and closes them in the reverse order."""

    def __init__(self, app: Any) -> None:
        self._lifespans = lifespans_of(app)
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._in_worker = False

    async def open(self) -> None:
        """Open all of them.

        Raises:
            LifespanError: one of them failed. Those before it are closed again.
        """
        if not self._lifespans:
            return
        opened = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._keep(opened), name="celery-aio-lifespans")
        try:
            await opened
        except asyncio.CancelledError:
            self._stop.set()
            self._task.cancel()
            raise
        except LifespanError:
            await self.close()
            raise

    async def close(self) -> None:
        """Close all of them. Errors are logged: one that fails does not keep the others open."""
        if self._task is not None:
            self._stop.set()
            await asyncio.wait({self._task})

    def open_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Open all of them on a `loop` of another thread, in the worker's own.

        Raises:
            SystemExit: one of them failed. The log says which, and why: the worker is not to start.
            WorkerShutdown, WorkerTerminate: the worker has been told to stop meanwhile.
        """
        self._in_worker = True
        opening = asyncio.run_coroutine_threadsafe(self.open(), loop)
        while not concurrent.futures.wait([opening], LOOK_S).done:
            try:
                worker_state.maybe_shutdown()
            except BaseException:
                opening.cancel()
                self.close_on(loop)  # Celery stops no pool that has not started
                raise
        try:
            opening.result()
        except LifespanError as error:
            logger.critical("The worker does not start: %s", error, exc_info=error.__cause__)
            raise SystemExit(EX_FAILURE) from None

    def close_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close all of them on a `loop` of another thread; wait for as long as they may take, no longer."""
        if self._task is None or loop.is_closed():
            return
        closing = asyncio.run_coroutine_threadsafe(self.close(), loop)
        if not concurrent.futures.wait([closing], 2 * CLOSE_S * len(self._lifespans)).done:
            logger.error("asyncio pool: a lifespan ignored its cancellation; the pool stops without it.")

    async def _keep(self, opened: asyncio.Future[None]) -> None:
        open_ones: list[tuple[Lifespan[Any], AbstractAsyncContextManager[Any]]] = []
        try:
            for lifespan in self._lifespans:
                context = lifespan.open()
                try:
                    await context.__aenter__()
                except BaseException as error:  # a CancelledError, too: else it would be waited for in vain
                    raise LifespanError(f"lifespan {lifespan.name} failed to open: {error!r}") from error
                open_ones.append((lifespan, context))
            if not opened.done():  # else nobody waits any more
                opened.set_result(None)
            await self._stop.wait()
        except LifespanError as error:
            if not opened.done():
                opened.set_exception(error)
        except asyncio.CancelledError:
            # By a task group or a cancel scope in one of them, whose close tells its error.
            if self._in_worker and not self._stop.is_set():
                logger.critical("The worker stops: one of its lifespans has failed while it was open.")
                worker_state.should_stop = EX_FAILURE
        finally:
            while open_ones:
                await _close(*open_ones.pop())


async def _close(lifespan: Lifespan[Any], context: AbstractAsyncContextManager[Any]) -> None:
    task = asyncio.current_task()
    assert task is not None
    # Not asyncio.wait_for: before Python 3.12 it would close in another task what was opened in this one.
    alarm = asyncio.get_running_loop().call_later(CLOSE_S, task.cancel)
    try:
        await context.__aexit__(None, None, None)
    except asyncio.CancelledError:
        logger.error(
            "asyncio pool: lifespan %s was cancelled: it gets %.0f s to close.", lifespan.name, CLOSE_S
        )
        if hasattr(
            task, "uncancel"
        ):  # from Python 3.11 on: else those that are closed next could not set timeouts
            task.uncancel()
    except BaseException as error:  # as one that is no Exception would keep the others open
        logger.error("asyncio pool: lifespan %s failed to close: %r", lifespan.name, error, exc_info=error)
    finally:
        alarm.cancel()
