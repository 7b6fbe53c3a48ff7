"""Times one run of a queue that was filled before: what sending takes, and what doing takes, each by itself.

The worker is warm, and stands still (SIGSTOP) while the jobs are sent; the clock of doing begins as it goes
on.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Sequence
from typing import cast

import psutil

from producer.contenders.protocol import Contender, QueueContender
from producer.results import run_from
from producer.results.queue_runs import FilledRun
from producer.results.reference import Reference
from producer.system import usage
from producer.system.garbage import collector_off
from producer.workloads import Workload
from worker.jobs import Job


def filled_run(contender: Contender, workload: Workload, reference: Reference, round_: int) -> FilledRun:
    """Send the jobs to a worker that stands still, let it go on, and wait until all are done."""
    filling, began = _Filling(cast(QueueContender, contender)), time.time()
    with collector_off(), usage.watched(contender.processes()) as used:
        outcome = filling.contender.run_sent(filling.publish, workload.jobs, lambda _: None)
    last_ns = max((record.finished_ns for record in outcome.records), default=filling.resumed_ns)
    run = run_from(
        workload.name,
        contender.spec.name,
        round_,
        began,
        outcome,
        reference,
        jobs=len(workload.jobs),
        used=used,
        broker_cpu_s=None,
    )
    return FilledRun(run, filling.sending_s, (last_ns - filling.resumed_ns) / 1e9)


class _Filling:
    """Fills the queue of a contender whose processes stand still."""

    def __init__(self, contender: QueueContender) -> None:
        self.contender = contender
        self.sending_s = 0.0
        self.resumed_ns = time.monotonic_ns()

    def publish(self, jobs: Sequence[Job], run: str) -> Generator[int]:
        self.contender.sender.start()
        stopped: list[psutil.Process] = []
        try:
            for pid in self.contender.processes():
                self._stop(pid, stopped)
            began_ns = time.monotonic_ns()
            yield from self.contender.sender.publish(jobs, run)
            self.sending_s = (time.monotonic_ns() - began_ns) / 1e9
        finally:
            self.resumed_ns = time.monotonic_ns()
            for process in stopped:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.resume()

    def _stop(self, pid: int, stopped: list[psutil.Process]) -> None:
        """Have a worker and its children stand still; one that has just ended stands still already."""
        with contextlib.suppress(psutil.NoSuchProcess):
            root = psutil.Process(pid)
            for process in (root, *root.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.suspend()
                    stopped.append(process)
