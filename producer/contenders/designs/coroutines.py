"""Coroutines on one event loop, one thread, at most so many jobs in flight.

Reading is by aiofiles, waiting by asyncio.sleep. A job that computes holds the loop until it is done:
that is asyncio's bargain, and the stall that this design reports. `coroutines_threads` is the way out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from producer.contenders.designs.child import Done, RunJobs
from worker.answers import Answer
from worker.jobs import Job
from worker.perform import perform_async
from worker.records import make_record

#: How often the loop is asked whether it still turns, in seconds.
HEARTBEAT_S = 0.005


@contextmanager
def open_slots(slots: int, data_root: Path) -> Iterator[RunJobs]:
    """Start the loop; it stays for all the runs."""
    with asyncio.Runner() as runner:
        do = partial(perform_async, data_root=data_root)

        def run(jobs: Sequence[Job], done: Done) -> float | None:
            return runner.run(run_jobs(jobs, done, slots, do))

        runner.run(asyncio.sleep(0))
        yield run


async def run_jobs(
    jobs: Sequence[Job], done: Done, slots: int, do: Callable[[Job], Awaitable[Answer]]
) -> float:
    """Do the jobs, at most `slots` at a time; returns the longest stall of the loop in seconds."""
    enqueued = time.monotonic_ns()
    waiting = iter(enumerate(jobs))
    watch = StallWatch()
    async with asyncio.TaskGroup() as group:
        heartbeat = group.create_task(watch.beat())
        async with asyncio.TaskGroup() as takers:
            for _ in range(min(slots, len(jobs))):
                takers.create_task(_take(waiting, enqueued, done, do))
        heartbeat.cancel()
    watch.check()
    return watch.longest_s


async def _take(
    waiting: Iterator[tuple[int, Job]], enqueued: int, done: Done, do: Callable[[Job], Awaitable[Answer]]
) -> None:
    for index, job in waiting:
        started = time.monotonic_ns()
        answer, failure = None, None
        try:
            answer = await do(job)
        except Exception as error:
            failure = error
        done(make_record(index, enqueued, started, started, answer, failure))


class StallWatch:
    """Measures for how long the loop ran nothing but one callback."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._due = time.monotonic() + HEARTBEAT_S

    async def beat(self) -> None:
        """Wake up again and again, and note how late."""
        while True:
            self._due = time.monotonic() + HEARTBEAT_S
            await asyncio.sleep(HEARTBEAT_S)
            self.check()

    def check(self) -> None:
        """Note how long the next wake-up is overdue."""
        self.longest_s = max(self.longest_s, time.monotonic() - self._due)
