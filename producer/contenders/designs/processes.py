"""A pool of processes. They use every core, and each job and answer is pickled there and back."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from producer.contenders.designs.child import Done, RunJobs, do_and_record
from worker.jobs import Job
from worker.perform import perform


@contextmanager
def open_slots(slots: int, data_root: Path) -> Iterator[RunJobs]:
    """Start all the processes, by "spawn": what forking copies would be counted as theirs."""
    do = partial(perform, data_root=data_root)
    with ProcessPoolExecutor(slots, mp_context=multiprocessing.get_context("spawn")) as executor:
        _warm_up(executor, slots)

        def run(jobs: Sequence[Job], done: Done) -> None:
            futures = [
                executor.submit(do_and_record, index, job, time.monotonic_ns(), do)
                for index, job in enumerate(jobs)
            ]
            for future in as_completed(futures):
                done(future.result())

        yield run


def _warm_up(executor: ProcessPoolExecutor, slots: int) -> None:
    # Until each process has answered; the pause keeps a quick one from taking all the turns.
    seen: set[int] = set()
    while len(seen) < slots:
        seen.update(future.result() for future in [executor.submit(_pause) for _ in range(slots)])


def _pause() -> int:
    time.sleep(0.02)
    return os.getpid()
