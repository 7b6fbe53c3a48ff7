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
from producer.contenders.designs.coroutines import Ended, do_on_loop, run_jobs
from producer.contenders.designs.stalls import Stalls
from worker import cpu_clock
from worker.jobs import Call, ChessMove, Job, Sieve, Trapezoid
from worker.perform import perform
from worker.target import function


@contextmanager
def open_slots(slots: int, data_root: Path) -> Iterator[RunJobs]:
    """Start the loop, with a thread for each slot."""

    async def do(job: Job) -> Ended:
        if computes(job):
            return await asyncio.to_thread(_do_in_thread, job, data_root)
        return await do_on_loop(job, data_root)

    with ThreadPoolExecutor(slots) as executor, asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(executor)

        def run(jobs: Sequence[Job], done: Done) -> Stalls:
            return runner.run(run_jobs(jobs, done, slots, do))

        runner.run(asyncio.sleep(0))
        yield run


def _do_in_thread(job: Job, data_root: Path) -> Ended:
    cpu_began = cpu_clock.read_ns()
    answer, failure = None, None
    try:
        answer = perform(job, data_root)
    except Exception as error:
        failure = error
    return Ended(answer, failure, cpu_clock.since_ns(cpu_began))


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
