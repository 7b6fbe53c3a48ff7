"""Accounts for the jobs of one run: the first record of each, and the records that cannot be true.

Records come from workers, and whoever can write to the broker can write some: a record is checked in all that
can be checked. What is refused is counted, the first refusal is reported with its sender's name, and the run
is invalid; nothing that anybody sends ends the lab.
"""

from __future__ import annotations

import time
from dataclasses import replace

from producer.contenders.record_file import RecordFile
from producer.ranges import most_cpu
from producer.words import counted
from worker.records import MAX_ERROR, JobRecord

#: How far the clocks of two machines may be apart after correction.
SLACK_NS = 1_000_000_000
#: The most characters of a worker's name, and how many of a foreign name are quoted.
MAX_NAME, SHOWN = 300, 100


class Ledger:
    """The records of one run, which begins when this is made."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self.records = RecordFile(jobs)
        #: Who did jobs: "host/pid".
        self.names: set[str] = set()
        self.duplicates = 0
        self.refused = 0
        self._first_refused = ""
        self._began_ns = time.monotonic_ns()

    def take(self, record: JobRecord, shift_ns: int | None = None) -> None:
        """Account for a record; `shift_ns` is how far the clock of another machine is behind ours."""
        slack_ns = 0
        if shift_ns is not None:
            record, slack_ns = _shift(record, shift_ns), SLACK_NS
        if why := self._unbelievable(record, slack_ns):
            self.refuse(why, record.worker)
        elif record.index in self.records:
            self.duplicates += 1
        else:
            self.records.add(record)
            self.names.add(record.worker)

    def refuse(self, why: str, who: str | None = None) -> None:
        """Count what is no record of this run."""
        self.refused += 1
        self._first_refused = self._first_refused or f"by {quote(who) if who else 'somebody'}: {why[:300]}"

    def complete(self) -> bool:
        """Whether every job has a record."""
        return len(self.records) >= self.jobs

    def missing(self) -> list[int]:
        """List the indexes of the jobs that have no record."""
        return [index for index in range(self.jobs) if index not in self.records]

    def problems(self) -> list[str]:
        """Describe in one line what was refused; the list is empty where nothing was."""
        if not self.refused:
            return []
        return [
            f"{counted(self.refused, 'record')} cannot be true (collect), the first {self._first_refused}; "
            "stop who sends it"
        ]

    def _unbelievable(self, record: JobRecord, slack_ns: int) -> str | None:
        if not 0 <= record.index < self.jobs:
            return f"there is no such job among {self.jobs}"
        if not 0 < len(record.worker) <= MAX_NAME or not record.worker.isprintable():
            return f"a worker's name has 1 to {MAX_NAME} characters, all printable"
        if (record.answer is None) == (record.error is None):
            return "a job has either an answer or an error"
        if record.error is not None and len(record.error) > MAX_ERROR:
            return f"an error is told in {MAX_ERROR:,} characters"
        if not (
            self._began_ns <= record.enqueued_ns <= record.received_ns + slack_ns
            and record.received_ns <= record.started_ns <= record.finished_ns
            and record.finished_ns <= time.monotonic_ns() + slack_ns
        ):
            return f"the times of job {record.index} are not in their order, or outside of the run"
        took_ns = record.finished_ns - record.started_ns
        if record.cpu_ns is not None and not 0 <= record.cpu_ns <= most_cpu(took_ns, 10**9):
            return f"the CPU time of job {record.index} is not one that its thread can have had"
        return None


def quote(name: str) -> str:
    """Make a name that somebody sent fit to be printed on one line."""
    return ascii(name if len(name) <= SHOWN else name[: SHOWN - 3] + "...")


def _shift(record: JobRecord, shift_ns: int) -> JobRecord:
    return replace(
        record,
        received_ns=record.received_ns + shift_ns,
        started_ns=record.started_ns + shift_ns,
        finished_ns=record.finished_ns + shift_ns,
    )
