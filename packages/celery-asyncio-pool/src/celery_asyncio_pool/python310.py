"""What Python 3.10 lacks: a task that runs in a given context, and a loop for several runs.

From Python 3.11 on these are asyncio's own.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
from collections.abc import Coroutine
from typing import Any

from celery_asyncio_pool.coroutines import adopt

if sys.version_info >= (3, 11):
    from asyncio import Runner

    def create_task(
        loop: asyncio.AbstractEventLoop,
        coroutine: Coroutine[Any, Any, Any],
        name: str,
        context: contextvars.Context,
    ) -> asyncio.Task[Any]:
        """Start a task that runs `coroutine` in `context`, and leaves its context variables there."""
        return loop.create_task(coroutine, name=name, context=context)

else:

    def create_task(
        loop: asyncio.AbstractEventLoop,
        coroutine: Coroutine[Any, Any, Any],
        name: str,
        context: contextvars.Context,
    ) -> asyncio.Task[Any]:
        """Start a task that runs `coroutine` in a copy of `context`, and copies that back at its end."""
        task = context.run(loop.create_task, _copy_back(coroutine, context), name=name)
        task.add_done_callback(lambda _: coroutine.close())  # it never began if it was cancelled at once
        return task

    async def _copy_back(coroutine: Coroutine[Any, Any, Any], context: contextvars.Context) -> Any:
        try:
            return await coroutine
        finally:
            context.run(adopt, contextvars.copy_context())

    class Runner:
        """An event loop that runs one coroutine after another."""

        def __init__(self) -> None:
            self._loop: asyncio.AbstractEventLoop | None = None

        def run(self, coroutine: Coroutine[Any, Any, Any], *, context: contextvars.Context) -> Any:
            """Run `coroutine` to its end in `context`, and return its value or raise its exception."""
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                asyncio.set_event_loop(self._loop)
            task = create_task(self._loop, coroutine, "celery-aio-eager", context)
            return self._loop.run_until_complete(task)

        def close(self) -> None:
            """Cancel the tasks that are left on the loop, and close it."""
            if self._loop is None:
                return
            loop, self._loop = self._loop, None
            try:
                loop.run_until_complete(_cancel_others(loop))
                loop.run_until_complete(loop.shutdown_asyncgens())
                loop.run_until_complete(loop.shutdown_default_executor())
            finally:
                asyncio.set_event_loop(None)
                loop.close()

    async def _cancel_others(loop: asyncio.AbstractEventLoop) -> None:
        others = asyncio.all_tasks(loop) - {asyncio.current_task(loop)}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


__all__ = ["Runner", "create_task"]
