"""The records of a run as they are saved: columns of small numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from producer.ranges import Count, Distance, Microseconds


@dataclass(slots=True)
class Records:
    """The records of one run, a column each, in the order of enqueuing; times in whole microseconds.

    Small numbers compress well: `enqueued_us` is the distance from the record before, `received_us`
    that from enqueuing, `started_us` from receiving, `finished_us` from starting.
    """

    index: list[Count] = field(default_factory=list)
    #: Position in `Run.workers`.
    worker: list[Count] = field(default_factory=list)
    enqueued_us: list[Microseconds] = field(default_factory=list)
    received_us: list[Distance] = field(default_factory=list)
    started_us: list[Microseconds] = field(default_factory=list)
    finished_us: list[Microseconds] = field(default_factory=list)
