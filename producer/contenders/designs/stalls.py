"""Finds out when an event loop stood still: no job on it could go on meanwhile.

The loop is asked to wake the watch every few milliseconds. What it is late is how long it stood still, but
for the little before the wake-up was due.
"""

from __future__ import annotations

import heapq
import time
from typing import NamedTuple, TypeAlias

#: How often the loop is asked whether it still turns, in seconds.
HEARTBEAT_S = 0.005
#: The longest stall that is not worth mentioning, in seconds.
STALL_S = 0.05
#: The most stalls of a run that are kept: the longest.
MAX_STALLS = 100

#: When a stall began, by the monotonic clock, and how long it was, in nanoseconds.
Stall: TypeAlias = tuple[int, int]


class Stalls(NamedTuple):
    """How long an event loop stood still during a run."""

    #: The longest of all stalls, however short, in seconds.
    longest_s: float
    #: Those that are worth mentioning, in the order in which they began.
    worst: list[Stall]


class StallWatch:
    """Measures for how long a loop ran nothing but one callback."""

    def __init__(self) -> None:
        self._longest_ns = 0
        #: A heap of length and beginning, so that the shortest comes first.
        self._worst: list[Stall] = []
        self.expect()

    def expect(self) -> None:
        """Note that the loop is asked to wake the watch in `HEARTBEAT_S`."""
        self._due_ns = time.monotonic_ns() + round(HEARTBEAT_S * 1e9)

    def check(self) -> None:
        """Note how long that is overdue."""
        length_ns = time.monotonic_ns() - self._due_ns
        self._longest_ns = max(self._longest_ns, length_ns)
        if length_ns > STALL_S * 1e9:
            heapq.heappush(self._worst, (length_ns, self._due_ns))
            if len(self._worst) > MAX_STALLS:
                heapq.heappop(self._worst)

    def found(self) -> Stalls:
        """Return all that was found."""
        worst = sorted((began_ns, length_ns) for length_ns, began_ns in self._worst)
        return Stalls(self._longest_ns / 1e9, worst)
