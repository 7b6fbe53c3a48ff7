"""The records of a run as they are saved: columns of small numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

from producer.ranges import Count, CpuMicroseconds, Distance, Microseconds
from producer.results.columns import pack_integers

#: Stands for a CPU time that is not known.
UNKNOWN = -1


@dataclass(slots=True)
class Records:
    """The records of one run, a column each, in the order of enqueuing; times in whole microseconds.

    Small numbers compress well: `enqueued_us` is the distance from the record before, `received_us`
    that from enqueuing, `started_us` from receiving, `finished_us` from starting.
    """

    index: Sequence[Count] = field(default_factory=list)
    #: Position in `Run.workers`.
    worker: Sequence[Count] = field(default_factory=list)
    enqueued_us: Sequence[Microseconds] = field(default_factory=list)
    received_us: Sequence[Distance] = field(default_factory=list)
    started_us: Sequence[Microseconds] = field(default_factory=list)
    finished_us: Sequence[Microseconds] = field(default_factory=list)
    #: CPU time of the thread that did the job while it did it, `UNKNOWN` where it did others meanwhile; empty
    #: where it is known of none.
    cpu_us: Sequence[CpuMicroseconds] = field(default_factory=list)

    def __post_init__(self) -> None:
        for column in fields(self):
            setattr(self, column.name, pack_integers(getattr(self, column.name)))
