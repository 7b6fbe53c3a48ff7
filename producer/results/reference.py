"""The answers every contender must give, and what the work itself costs with nothing around it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from producer.ranges import Seconds
from producer.results.columns import pack_seconds, share_texts
from producer.words import counted
from producer.workloads.maker import Check
from worker.records import JobRecord

#: The most characters of an answer or an error that are reported.
MAX_TOLD = 300


@dataclass(frozen=True, slots=True)
class Checked:
    """What is wrong with the records of a run."""

    #: Answers that are not the right ones. A job that failed gave none.
    wrong: int
    problems: list[str]


@dataclass(frozen=True, slots=True)
class Reference:
    """Per job: a fingerprint of the right answer, its wait, and the time of its work, in seconds."""

    fingerprints: tuple[str, ...]
    waits_s: Sequence[Seconds]
    work_s: Sequence[Seconds]
    #: CPU time of all the work.
    cpu_s: Seconds
    #: One line on the answers, where the workload has one.
    summary: str | None = None
    #: What of an answer must be the right one's: all of it, its type, or nothing.
    check: Check = "equal"

    def __post_init__(self) -> None:
        object.__setattr__(self, "fingerprints", share_texts(self.fingerprints))
        for name in ("waits_s", "work_s"):
            object.__setattr__(self, name, pack_seconds(getattr(self, name)))

    def limit_s(self, slots: int, cores: float) -> float:
        """Compute the makespan, in seconds, that `slots` slots on `cores` cores cannot beat.

        Jobs x service time / slots, the longest job, or the CPU time on all cores, whichever binds.
        """
        service = [wait + work for wait, work in zip(self.waits_s, self.work_s, strict=True)]
        return max(sum(service) / slots, max(service), self.cpu_s / cores)

    def differing(self, records: Sequence[JobRecord]) -> list[int]:
        """List the indexes of the records whose answer is not the right one."""
        return [
            record.index
            for record in records
            if record.index >= len(self.fingerprints)
            or fingerprint(record.answer, record.error, self.check) != self.fingerprints[record.index]
        ]

    def checked(self, records: Sequence[JobRecord]) -> Checked:
        """Compare the records of a run with the right answers."""
        differing = set(self.differing(records))
        failed = [record for record in records if record.error is not None]
        alike = [record for record in failed if record.index not in differing]
        only_here = [record for record in failed if record.index in differing]
        wrong = [record for record in records if record.error is None and record.index in differing]
        groups = (
            (alike, "failed, and in serial, too: no run of this workload can be valid"),
            (only_here, "failed"),
            (wrong, "gave an answer that is not serial's"),
        )
        return Checked(len(wrong), [_describe(records, what) for records, what in groups if records])


def _describe(records: Sequence[JobRecord], what: str) -> str:
    first = records[0]
    text = str(first.error or first.answer)
    text = text if len(text) <= MAX_TOLD else text[: MAX_TOLD - 1] + "…"
    return f"{counted(len(records), 'job')} {what}; job {first.index}: {text}"


def fingerprint(answer: dict[str, Any] | None, error: str | None, check: Check = "equal") -> str:
    """Hash an answer or an error: equal answers have equal hashes, whoever gave them.

    With another `check` those are equal that are of one type, or all.
    """
    if answer is not None and check != "equal":
        answer = {"type": answer.get("type")} if check == "type" else {}
    text = json.dumps([answer, error], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
