"""Runs `simul` in this process, and says at its end what the process itself has taken; see `test_growth`.

With CANNED=1 every contender is one that hands over records at once, so that the lab has nothing to wait for.
"""

from __future__ import annotations

import atexit
import json
import os
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from producer.cli import main
from producer.contenders.ledger import Ledger
from producer.contenders.protocol import Outcome, Progress
from producer.contenders.spec import Spec
from producer.measure import rounds
from producer.measure.contender_factory import ContenderFactory
from producer.measure.reference_run import work_out
from producer.results.reference import Reference
from worker.answers import Answer
from worker.jobs import Job
from worker.records import JobRecord

#: The answers of the workload, as they come from a worker.
ANSWERS: list[dict[str, Any]] = []


class Canned:
    """A contender that has all the answers before it is asked."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.queue = None
        self._started = False

    def start(self) -> None:
        """There is nothing to start: it is alive from now on."""
        self._started = True

    def break_off(self) -> None:
        """A start takes no time."""

    def run(self, jobs: Sequence[Job], progress: Progress) -> Outcome:
        """Account for a record of each job, as if it had come from a worker."""
        ledger = Ledger(len(jobs))
        for index in range(len(jobs)):
            now = time.monotonic_ns()
            ledger.take(JobRecord(index, "canned/1", now, now + 1, now + 2, now + 3, dict(ANSWERS[index])))
        progress(len(jobs))
        return Outcome([*ledger.records.values()], self.spec.slots, problems=ledger.problems())

    def processes(self) -> list[int]:
        """None."""
        return []

    def alive(self) -> bool:
        """From its start on."""
        return self._started

    def stop(self) -> None:
        """There is nothing to stop."""


def make_canned(_: ContenderFactory, spec: Spec) -> Canned:
    """Make a contender that only has its name from the one that was asked for."""
    return Canned(spec)


def remember(jobs: Sequence[Job], data_root: Path, *more: Any, **_: Any) -> tuple[Reference, list[Answer]]:
    """Work out the right answers, and keep those that differ once."""
    reference, answers = work_out(jobs, data_root, *more)
    known: dict[Answer, dict[str, Any]] = {}
    ANSWERS[:] = [known.get(answer) or known.setdefault(answer, asdict(answer)) for answer in answers]
    return reference, answers


def tell() -> None:
    """Say what this process has taken: seconds, and bytes at its peak; and its children together."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    status = Path("/proc/self/status").read_text()
    peak = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))
    taken = {
        "elapsed_s": time.monotonic() - BEGAN,
        "lab_cpu_s": own.ru_utime + own.ru_stime,
        "children_cpu_s": children.ru_utime + children.ru_stime,
        "peak_bytes": peak,
    }
    Path(sys.argv[-1]).with_suffix(".taken").write_text(json.dumps(taken))


if __name__ == "__main__":
    BEGAN = time.monotonic()
    atexit.register(tell)
    if os.environ.get("CANNED"):
        ContenderFactory.make = make_canned  # type: ignore[assignment,method-assign]
        rounds.work_out = remember  # type: ignore[attr-defined]
    main()
