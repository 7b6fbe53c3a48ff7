"""What the lab asks of a sender's process, and what that answers."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from worker.jobs import Job


@dataclass(frozen=True, slots=True)
class Request:
    """Jobs to send for a run."""

    run: str
    jobs: Sequence[Job]
    #: When each is due, in nanoseconds since the beginning, in order; None where all are at once.
    arrivals: array[int] | None = None
    #: The index of the first job of a burst: until all of it is sent, no job counts as late.
    burst: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a request that had arrivals: by how much the sender was late.

    That is the time from when a job was due to when the broker had it: for one in a hundred at least so much,
    and at most so much.
    """

    late_p99_s: float = 0.0
    late_max_s: float = 0.0
