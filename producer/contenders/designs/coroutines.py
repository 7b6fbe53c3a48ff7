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
from typing import NamedTuple

from producer.contenders.designs.child import Done, RunJobs
from producer.contenders.designs.stalls import HEARTBEAT_S, Stalls, StallWatch
from worker.answers import Answer
from worker.jobs import Job
from worker.perform import perform_async
from worker.records import make_record


class Ended(NamedTuple):
    """What came of a job: an answer or a failure."""

    answer: Answer | None = None
    failure: Exception | None = None
    #: CPU time of the thread that did it; None where that is the loop's, which others share.
    cpu_ns: int | None = None


@contextmanager
def open_slots(slots: int, data_root: Path) -> Iterator[RunJobs]:
    """Start the loop; it stays for all the runs."""
    with asyncio.Runner() as runner:
        do = partial(do_on_loop, data_root=data_root)

        def run(jobs: Sequence[Job], done: Done) -> Stalls:
            return runner.run(run_jobs(jobs, done, slots, do))

        runner.run(asyncio.sleep(0))
        yield run


async def do_on_loop(job: Job, data_root: Path) -> Ended:
    """Do a job on the running loop."""
    try:
        return Ended(await perform_async(job, data_root))
    except Exception as error:
        return Ended(failure=error)


async def run_jobs(
    jobs: Sequence[Job], done: Done, slots: int, do: Callable[[Job], Awaitable[Ended]]
) -> Stalls:
    """Do the jobs, at most `slots` at a time; returns when the loop stood still."""
    enqueued = time.monotonic_ns()
    waiting = iter(enumerate(jobs))
    watch = StallWatch()
    async with asyncio.TaskGroup() as group:
        heartbeat = group.create_task(_beat(watch))
        async with asyncio.TaskGroup() as takers:
            for _ in range(min(slots, len(jobs))):
                takers.create_task(_take(waiting, enqueued, done, do))
        heartbeat.cancel()
    watch.check()
    return watch.found()


async def _beat(watch: StallWatch) -> None:
    """Wake up again and again, and have the watch note how late."""
    while True:
        watch.expect()
        await asyncio.sleep(HEARTBEAT_S)
        watch.check()


async def _take(
    waiting: Iterator[tuple[int, Job]], enqueued: int, done: Done, do: Callable[[Job], Awaitable[Ended]]
) -> None:
    for index, job in waiting:
        started = time.monotonic_ns()
        answer, failure, cpu_ns = await do(job)
        done(make_record(index, enqueued, started, started, answer, failure, cpu_ns))
