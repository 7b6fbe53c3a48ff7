"""The process in which a design runs: a child of the lab, so that neither the lab's progress display
nor its memory weighs on what is measured.

The lab sends job lists and reads records over a pair of pipes. They carry pickles: both ends are this
program, and no message of a broker ever comes this way.
"""

from __future__ import annotations

import importlib
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol, TypeAlias

from producer.contenders.designs import DESIGNS
from producer.contenders.designs.stalls import Stalls
from producer.system import gil
from worker import cpu_clock
from worker.answers import Answer
from worker.jobs import Job
from worker.records import JobRecord, make_record

#: The shortest time between two reports of how many jobs are done.
REPORT_NS = 100_000_000
#: Records in one message: neither end holds all of them twice.
BATCH = 1000

#: Called with each record as its job ends, from whichever thread it ends in.
Done: TypeAlias = Callable[[JobRecord], None]
#: Runs a job list; returns when its event loop stood still, or None where it has none.
RunJobs: TypeAlias = Callable[[Sequence[Job], Done], Stalls | None]


class DesignModule(Protocol):
    """Offers what every module of a design has to offer."""

    def open_slots(self, slots: int, data_root: Path) -> AbstractContextManager[RunJobs]:
        """Start the slots, warm each up, yield a function that runs a job list, and end the slots."""


def main(design: str, slots: int, data_root: Path, reading: int, writing: int) -> None:
    """Serve job lists from the pipe `reading` until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the lab, which then closes the pipe
    requests, replies = Connection(reading, writable=False), Connection(writing, readable=False)
    module: DesignModule = importlib.import_module(f"producer.contenders.designs.{DESIGNS[design].module}")
    with module.open_slots(slots, data_root) as run:
        replies.send(("ready", None))
        while True:
            try:
                jobs = requests.recv()
            except EOFError:
                return
            _run_jobs(run, jobs, replies)


def _run_jobs(run: RunJobs, jobs: Sequence[Job], replies: Connection) -> None:
    """Run the jobs; then send their records, the stalls of an event loop, and whether there is a GIL."""
    records: list[JobRecord] = []
    reported = time.monotonic_ns()

    def done(record: JobRecord) -> None:
        nonlocal reported
        records.append(record)
        if record.finished_ns - reported > REPORT_NS:
            reported = record.finished_ns
            replies.send(("progress", len(records)))

    stalls = run(jobs, done)
    for start in range(0, len(records), BATCH):
        replies.send(("records", records[start : start + BATCH]))
    longest_s, worst = stalls or (None, [])
    replies.send(("outcome", (longest_s, gil.is_on(), worst)))


def do_and_record(index: int, job: Job, enqueued_ns: int, do: Callable[[Job], Answer]) -> JobRecord:
    """Do one job here and now, in a thread of its own, and return its record."""
    started = time.monotonic_ns()
    cpu_began = cpu_clock.read_ns()
    answer, failure = None, None
    try:
        answer = do(job)
    except Exception as error:
        failure = error
    cpu_ns = cpu_clock.since_ns(cpu_began)
    return make_record(index, enqueued_ns, started, started, answer, failure, cpu_ns)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
