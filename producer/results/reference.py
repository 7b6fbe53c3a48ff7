"""The answers every contender must give, and what the work itself costs with nothing around it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from producer.ranges import Seconds
from producer.results.columns import pack_hashes, pack_seconds
from producer.words import counted
from producer.workloads.maker import Check
from worker.records import JobRecord

#: The most characters of an answer or an error that are reported.
MAX_TOLD = 300


@dataclass(frozen=True, slots=True)
class Reference:
    """Per job: a fingerprint of the right answer, its wait, and the time of its work, in seconds."""

    fingerprints: Sequence[str]
    waits_s: Sequence[Seconds]
    work_s: Sequence[Seconds]
    #: CPU time of all the work.
    cpu_s: Seconds
    #: One line on the answers, where the workload has one.
    summary: str | None = None
    #: What of an answer must be the right one's: all of it, its type, or nothing.
    check: Check = "equal"

    def __post_init__(self) -> None:
        object.__setattr__(self, "fingerprints", pack_hashes(self.fingerprints))
        for name in ("waits_s", "work_s"):
            object.__setattr__(self, name, pack_seconds(getattr(self, name)))

    def is_right(self, record: JobRecord) -> bool:
        """Tell whether a record's answer, or its error, is the right one."""
        if not self.fingerprints:
            return False
        # Jobs that arrive at a rate are those of the workload over and over.
        right = self.fingerprints[record.index % len(self.fingerprints)]
        return fingerprint(record.answer, record.error, self.check) == right

    def differing(self, records: Iterable[JobRecord]) -> list[int]:
        """List the indexes of the records whose answer is not the right one."""
        return [record.index for record in records if not self.is_right(record)]


class Judge:
    """Compares the records of a run with the right answers, one by one; keeps the first of each kind."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self._alike = _Faults("failed, and in serial, too: no run of this workload can be valid")
        self._only_here = _Faults("failed")
        self._wrong = _Faults("gave an answer that is not serial's")

    def add(self, record: JobRecord) -> None:
        """Judge a record."""
        right = self._reference.is_right(record)
        if record.error is not None:
            (self._alike if right else self._only_here).add(record)
        elif not right:
            self._wrong.add(record)

    @property
    def wrong(self) -> int:
        """How many answers are not the right ones. A job that failed gave none."""
        return self._wrong.count

    def problems(self) -> list[str]:
        """Say what is wrong, in a line for each kind of fault."""
        return [kind.describe() for kind in (self._alike, self._only_here, self._wrong) if kind.count]


class _Faults:
    def __init__(self, what: str) -> None:
        self.what = what
        self.count = 0
        self._first = ""

    def add(self, record: JobRecord) -> None:
        self.count += 1
        if self.count == 1:
            text = str(record.error or record.answer)
            text = text if len(text) <= MAX_TOLD else text[: MAX_TOLD - 1] + "…"
            self._first = f"job {record.index}: {text}"

    def describe(self) -> str:
        return f"{counted(self.count, 'job')} {self.what}; {self._first}"


def fingerprint(answer: dict[str, Any] | None, error: str | None, check: Check = "equal") -> str:
    """Hash an answer or an error: equal answers have equal hashes, whoever gave them.

    With another `check` those are equal that are of one type, or all.
    """
    if answer is not None and check != "equal":
        answer = {"type": answer.get("type")} if check == "type" else {}
    text = json.dumps([answer, error], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
