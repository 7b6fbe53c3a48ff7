"""Has coroutines write their records in groups, by a thread that blocks where their event loop must not.

What is due in one turn of a loop is handed to the thread at once; what comes while the thread writes is its
next group. There is one thread and one connection, for however many loops.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Sequence

from worker.records import JobRecord
from worker.wire import ANY, Pending, Wire


class Awaited(Pending):
    """A record whose coroutine awaits that it is written."""

    __slots__ = ("written",)

    def __init__(self, run: str, record: JobRecord, entry: str, written: asyncio.Future[bool]) -> None:
        super().__init__(run, record, entry)
        self.written = written


class Collector:
    """Writes records for coroutines."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        #: What is due in this turn of each loop; touched by the loop's own thread.
        self._due: dict[asyncio.AbstractEventLoop, list[Awaited]] = {}
        self._groups = queue.SimpleQueue[list[Awaited]]()
        # Ends with the process: who awaits a record does not live longer.
        threading.Thread(target=self._write_all, name="simul-records", daemon=True).start()

    async def write(self, run: str, record: JobRecord, entry: str = ANY) -> bool:
        """Write the record; False where its run is closed, or has this entry, or a later one.

        Where this is cancelled, the record may be written all the same.

        Raises:
            redis.RedisError: the broker refused it, or was away for longer than a minute.
        """
        loop = asyncio.get_running_loop()
        awaited = Awaited(run, record, entry, loop.create_future())
        if (due := self._due.get(loop)) is None:
            self._due[loop] = [awaited]
            loop.call_soon(self._hand_over, loop)
        else:
            due.append(awaited)
        return await awaited.written

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        self._groups.put(self._due.pop(loop))

    def _write_all(self) -> None:
        while True:
            group = self._groups.get()
            with contextlib.suppress(queue.Empty):
                while True:
                    group += self._groups.get_nowait()
            self._wire.commit(group)
            _tell(group)


def _tell(group: Sequence[Awaited]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[Awaited]] = {}
    for awaited in group:
        by_loop.setdefault(awaited.written.get_loop(), []).append(awaited)
    for loop, its in by_loop.items():
        with contextlib.suppress(RuntimeError):  # it is closed, and nobody awaits anything there
            loop.call_soon_threadsafe(_settle, its)


def _settle(group: Sequence[Awaited]) -> None:
    for awaited in group:
        if awaited.written.done():  # cancelled
            continue
        if awaited.error is None:
            awaited.written.set_result(awaited.is_written)
        else:
            awaited.written.set_exception(awaited.error)
