"""The answers every contender must give, and what the work itself costs with nothing around it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from worker.records import JobRecord


@dataclass(frozen=True, slots=True)
class Reference:
    """Per job: a fingerprint of the right answer, its wait, and the time of its work, in seconds."""

    fingerprints: tuple[str, ...]
    waits_s: tuple[float, ...]
    work_s: tuple[float, ...]
    #: CPU time of all the work.
    cpu_s: float
    #: One line on the answers, where the workload has one.
    summary: str | None = None

    def limit_s(self, slots: int, cores: float) -> float:
        """The makespan that so many slots on so many cores cannot beat, in seconds.

        Jobs x service time / slots, the longest job, or the CPU time on all cores, whichever binds.
        """
        service = [wait + work for wait, work in zip(self.waits_s, self.work_s, strict=True)]
        return max(sum(service) / slots, max(service), self.cpu_s / cores)

    def differing(self, records: Sequence[JobRecord]) -> list[int]:
        """The indexes of the records whose answer is not the right one."""
        return [
            record.index
            for record in records
            if record.index >= len(self.fingerprints)
            or fingerprint(record.answer, record.error) != self.fingerprints[record.index]
        ]


def fingerprint(answer: dict[str, Any] | None, error: str | None) -> str:
    """The same for the same answer, whatever way it came."""
    text = json.dumps([answer, error], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
