"""A pool of threads. They overlap what waits; under the GIL they take turns at everything else."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from producer.contenders.designs.child import Done, RunJobs, do_and_record
from worker.jobs import Job
from worker.perform import perform


@contextmanager
def open_slots(slots: int, data_root: Path) -> Iterator[RunJobs]:
    """Start all the threads: an executor would start each only when a job finds none idle."""
    do = partial(perform, data_root=data_root)
    with ThreadPoolExecutor(slots) as executor:
        barrier = threading.Barrier(slots)
        wait([executor.submit(barrier.wait) for _ in range(slots)])

        def run_job(index: int, job: Job, enqueued: int, done: Done) -> None:
            done(do_and_record(index, job, enqueued, do))

        def run(jobs: Sequence[Job], done: Done) -> None:
            futures = [
                executor.submit(run_job, index, job, time.monotonic_ns(), done)
                for index, job in enumerate(jobs)
            ]
            for future in futures:
                future.result()

        yield run
