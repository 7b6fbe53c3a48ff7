"""When jobs arrive that are offered at a rate, whether or not anybody is ready for them: an open loop.

Arrivals are a Poisson process, as those of many users who know nothing of each other: the times between two
are independent, and exponential. The same seed makes the same arrivals at a rate.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from producer.ranges import MAX_RECORDS
from worker.errors import InvalidJobError
from worker.jobs import Job

NS = 10**9
#: The fewest jobs that may be expected to arrive: with fewer, a rate is no rate.
FEWEST = 10
#: The longest that jobs may arrive, in seconds.
LONGEST_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Offer:
    """An offered rate, in jobs a second on average, for so many seconds, and a burst besides."""

    rate: float
    for_s: float
    seed: int
    #: Jobs that arrive all at once, and when, in seconds since the arrivals began.
    burst: int = 0
    burst_at_s: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.for_s <= LONGEST_S:
            raise InvalidJobError(f"jobs arrive for up to {LONGEST_S:,} s, not {self.for_s:g} (--for)")
        if not self.rate * self.for_s >= FEWEST:
            raise InvalidJobError(
                f"{self.rate:g} jobs/s for {self.for_s:g} s are fewer than {FEWEST} jobs: offer more "
                "(--rate), or for longer (--for)"
            )
        if self.rate * self.for_s + self.burst > MAX_RECORDS:
            raise InvalidJobError(
                f"{self.rate:,g} jobs/s for {self.for_s:g} s are more than the {MAX_RECORDS:,} records of a "
                "result: offer fewer (--rate), or for less long (--for)"
            )
        if not 0 <= self.burst_at_s < self.for_s:
            raise InvalidJobError(
                f"the burst comes while jobs arrive, in less than {self.for_s:g} s (--for), not after "
                f"{self.burst_at_s:g} s (--burst)"
            )

    def arrivals(self) -> array[int]:
        """Draw when each job arrives, in nanoseconds since the arrivals began, in order."""
        draw = random.Random(f"{self.seed}/{self.rate}/{self.for_s}")
        offsets, at_s = array("q"), 0.0
        while (at_s := at_s + draw.expovariate(self.rate)) < self.for_s:
            offsets.append(int(at_s * NS))
        offsets.extend([int(self.burst_at_s * NS)] * self.burst)
        return array("q", sorted(offsets))


class Repeated(Sequence[Job]):
    """The jobs of a workload over and over, so many of them."""

    def __init__(self, jobs: Sequence[Job], count: int) -> None:
        #: The jobs themselves; the job of an index is the one at its remainder.
        self.jobs = jobs
        self._count = count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Job: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Job]: ...
    def __getitem__(self, index: int | slice) -> Job | Sequence[Job]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(self._count))]
        if not -self._count <= index < self._count:
            raise IndexError(index)
        return self.jobs[index % self._count % len(self.jobs)]
