"""What was measured of a queue on one workload: runs of a full queue, and one at half of its capacity."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from producer.contender_name import ContenderName
from producer.results.model import Run
from producer.workloads import Workload


@dataclass(frozen=True, slots=True)
class FilledRun:
    """A run whose jobs were all in the queue before the first was taken."""

    run: Run
    #: From the first job sent to the last, and from when the worker went on to the last job done.
    sending_s: float
    doing_s: float


@dataclass(slots=True)
class QueueRuns:
    """What was measured of one contender on one workload."""

    workload: Workload
    contender: ContenderName
    filled: list[FilledRun] = field(default_factory=list)
    #: The run at half of its capacity; None where it has none.
    half: Run | None = None
    #: Why it is not there, or not to the end.
    left_out: str | None = None

    @property
    def capacity(self) -> float | None:
        """Jobs a second that it did of a full queue, the median of its valid runs; None without one."""
        rates = [each.run.jobs / each.doing_s for each in self.filled if each.run.valid and each.doing_s]
        return statistics.median(rates) if rates else None
