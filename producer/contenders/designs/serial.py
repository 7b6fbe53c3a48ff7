"""One job after the other. What every other contender is compared with."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from producer.contenders.designs.child import Done, RunJobs, do_and_record
from worker.jobs import Job
from worker.perform import perform


@contextmanager
def open_slots(slots: int, data_root: Path) -> Iterator[RunJobs]:
    """Start nothing: the process itself is the slot."""
    assert slots == 1, "serial has one slot"
    do = partial(perform, data_root=data_root)

    def run(jobs: Sequence[Job], done: Done) -> None:
        enqueued = time.monotonic_ns()
        for index, job in enumerate(jobs):
            done(do_and_record(index, job, enqueued, do))

    yield run
