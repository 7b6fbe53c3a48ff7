"""What somebody expected of a workload before it was measured: nobody is asked who, and no name is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

from msgspec import Meta

from producer.contender_name import LONGEST_NAME, ContenderName

#: The longest name of a workload that is predicted: a function of the user's may be one.
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
#: How many times as fast: 1 is no difference, 0.5 is half as fast.
SLOWEST, FASTEST = 0.001, 1_000_000.0
Factor: TypeAlias = Annotated[float, Meta(ge=SLOWEST, le=FASTEST)]
#: The most workloads of a result, and contenders of one of them, that are predicted.
MOST = 100


@dataclass(frozen=True, slots=True)
class ExpectedSpeed:
    """How many times as fast as serial a contender is expected to be."""

    contender: ContenderName
    times: Factor


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was expected of one workload; what nobody answered is None, or is not there."""

    workload: Name
    #: Who has the shortest median makespan.
    fastest: ContenderName | None = None
    #: How many times as fast as serial the fastest is, whoever that is.
    times: Factor | None = None
    #: What is expected of single contenders, whether they win or not.
    speeds: Annotated[list[ExpectedSpeed], Meta(max_length=MOST)] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether every question was skipped."""
        return self.fastest is None and self.times is None and not self.speeds

    @property
    def names(self) -> Iterator[ContenderName]:
        """The contenders that are spoken of."""
        if self.fastest:
            yield self.fastest
        yield from (speed.contender for speed in self.speeds)
