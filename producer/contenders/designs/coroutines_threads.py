"""Coroutines on one event loop that hand to a thread what computes (asyncio.to_thread).

The loop stays awake; under the GIL the work gets no faster by it. Compare with `coroutines`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from producer.contenders.designs.child import Done, RunJobs
from producer.contenders.designs.coroutines import run_jobs
from worker.answers import Answer
from worker.jobs import Call, ChessMove, Job, Sieve, Trapezoid
from worker.perform import perform, perform_async
from worker.target import function


@contextmanager
def open_slots(slots: int, data_root: Path) -> Iterator[RunJobs]:
    """Start the loop, with a thread for each slot."""

    async def do(job: Job) -> Answer:
        if computes(job):
            return await asyncio.to_thread(perform, job, data_root)
        return await perform_async(job, data_root)

    with ThreadPoolExecutor(slots) as executor, asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(executor)

        def run(jobs: Sequence[Job], done: Done) -> float | None:
            return runner.run(run_jobs(jobs, done, slots, do))

        runner.run(asyncio.sleep(0))
        yield run


def computes(job: Job) -> bool:
    """Whether a job would hold the loop."""
    match job:
        case Call():  # of which nobody knows, unless there is nothing that a thread could call
            found = function()
            return found is not None and not found.is_async
        case ChessMove():
            return job.depth is not None
        case _:
            return isinstance(job, Trapezoid | Sieve)
