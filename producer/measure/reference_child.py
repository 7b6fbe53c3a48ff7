"""The process in which the right answers are worked out (see `reference_run`).

It reads jobs from stdin, and writes to what was stdout, as pickles, what became of each, some at a time, and
then the times: what a user's function prints goes nowhere. It imports `worker` and nothing else that is not
standard: it runs under Pythons that lack what the lab has.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import time
from array import array
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, TypeAlias

from worker.answers import Answer
from worker.jobs import Job
from worker.perform import perform
from worker.records import failure_text

#: Jobs done before the clock starts, so that imports and caches are not in the numbers, and the seconds after
#: which no further one is.
WARM_UP, WARM_UP_S = 10, 1.0
#: The most passes over the jobs, and the seconds after which no further one begins.
PASSES, PASSES_S = 3, 2.0

#: What became of a job: its answer, or the text of its error.
JobOutcome: TypeAlias = tuple[Answer | None, str | None]
#: The seconds that the work of each job took: by the clock, and of CPU time.
Times: TypeAlias = "tuple[array[float], array[float]]"

#: Outcomes in one pickle: neither end holds all of them as objects.
BATCH = 1000


def main() -> None:
    """Answer the one request on stdin; end as soon as nobody waits for the answer."""
    with os.fdopen(os.dup(1), "wb") as answer:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        jobs, data_root = pickle.load(sys.stdin.buffer)
        threading.Thread(target=_end_with_stdin, daemon=True).start()
        _work_out(jobs, data_root, answer)


def _end_with_stdin() -> None:
    os.read(0, 1)
    signal.raise_signal(signal.SIGKILL)


def _work_out(jobs: Sequence[Job], data_root: Path, answer: BinaryIO) -> None:
    began = time.perf_counter()
    for job in jobs[:WARM_UP]:
        _do(job, data_root)
        if time.perf_counter() - began > WARM_UP_S:
            break
    began = time.perf_counter()
    outcomes = _Outcomes()
    passes = [_pass(jobs, data_root, outcomes.append)]
    # What else the machine does makes a job slower, never faster: the fastest is nearest to what it takes.
    while len(passes) < PASSES and time.perf_counter() - began < PASSES_S:
        passes.append(_pass(jobs, data_root, lambda _: None))
    for pickled in outcomes.pickled():
        answer.write(pickled)
    all_work_s, all_cpu_s = zip(*passes, strict=True)
    times: Times = _least(all_work_s), _least(all_cpu_s)
    pickle.dump(times, answer)


class _Outcomes:
    """What became of the jobs, kept as it is sent: it is sent when no clock runs any more."""

    def __init__(self) -> None:
        self._pickled: list[bytes] = []
        self._last: list[JobOutcome] = []

    def append(self, outcome: JobOutcome) -> None:
        self._last.append(outcome)
        if len(self._last) == BATCH:
            self._pack()

    def pickled(self) -> list[bytes]:
        if self._last:
            self._pack()
        return self._pickled

    def _pack(self) -> None:
        self._pickled.append(pickle.dumps(self._last))
        self._last.clear()


def _pass(jobs: Sequence[Job], data_root: Path, ended: Callable[[JobOutcome], None]) -> Times:
    work_s, cpu_s = array("d"), array("d")
    for job in jobs:
        before, cpu_before = time.perf_counter(), time.process_time()
        outcome = _do(job, data_root)
        cpu_s.append(time.process_time() - cpu_before)
        work_s.append(time.perf_counter() - before)
        ended(outcome)
    return work_s, cpu_s


def _least(passes: Iterable[Sequence[float]]) -> array[float]:
    """Choose for each job the least of its passes."""
    return array("d", map(min, zip(*passes, strict=True)))


def _do(job: Job, data_root: Path) -> JobOutcome:
    try:
        return perform(job, data_root, sleep=lambda _: None), None
    except Exception as error:
        return None, failure_text(error)


if __name__ == "__main__":
    main()
