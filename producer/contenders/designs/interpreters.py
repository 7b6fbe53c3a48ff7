"""A pool of interpreters in one process, each with a GIL of its own (Python 3.14 and later)."""

from __future__ import annotations

import concurrent.futures
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from producer.contenders.designs.child import Done, RunJobs, do_and_record
from worker.jobs import Job
from worker.perform import perform


@contextmanager
def open_slots(slots: int, data_root: Path) -> Iterator[RunJobs]:
    """Start all the interpreters and have each import what a job needs."""
    do = partial(perform, data_root=data_root)
    with _executor(slots) as executor:
        # An executor starts an interpreter only when a job finds none idle.
        for future in [executor.submit(_pause) for _ in range(2 * slots)]:
            future.result()

        def run(jobs: Sequence[Job], done: Done) -> None:
            futures = [
                executor.submit(do_and_record, index, job, time.monotonic_ns(), do)
                for index, job in enumerate(jobs)
            ]
            for future in as_completed(futures):
                done(future.result())

        yield run


def _executor(slots: int) -> Executor:
    # mypy looks at an older Python, where there is none.
    make: type[ThreadPoolExecutor] = concurrent.futures.InterpreterPoolExecutor  # type: ignore[attr-defined]
    return make(slots)


def _pause() -> None:
    time.sleep(0.02)
