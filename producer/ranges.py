"""The ranges of what a result holds: wider than any lab needs, so narrow that nothing derived overflows.

Numbers are checked where a result is loaded, and their ranges stand in its JSON Schema; a comparison that
would leave a result outside of them is not begun.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

#: The most records in a result. Loaded, they take 0.2 GB.
MAX_RECORDS = 5_000_000
#: The most contenders of one workload: their table alone takes half a minute.
MAX_CONTENDERS = 1000
#: The most slots that one worker or design is asked for.
MAX_SLOTS = 10_000
#: The most workers that are started for one contender.
MAX_WORKERS = 64
#: The most jobs, slots, cores or rounds.
MAX_COUNT = 10**9
#: Eleven days and a half. As many such times as a file can hold add up to less than 2**63 microseconds.
MAX_S = 10**6
#: By how much a thread's CPU time may be longer than the time of its job, in seconds and as a share: the
#: system counts it by a clock of its own, on some kernels in ticks.
CPU_SLACK_S, CPU_SLACK_SHARE = 0.02, 0.01
#: The largest integer that JSON and a column of numbers can carry.
MAX_INTEGER = 2**63 - 1

Count: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_COUNT)]
Positive: TypeAlias = Annotated[int, Meta(ge=1, le=MAX_COUNT)]
Integer: TypeAlias = Annotated[int, Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)]
Bytes: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=MAX_S)]
#: Seconds since 1970.
Moment: TypeAlias = Annotated[float, Meta(ge=0, le=10**12)]
Microseconds: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_S * 10**6)]
#: Microseconds, or -1 where they are not known.
CpuMicroseconds: TypeAlias = Annotated[int, Meta(ge=-1, le=MAX_S * 10**6)]
#: Microseconds between the clocks of two hosts, which agree to half a round trip.
Distance: TypeAlias = Annotated[int, Meta(ge=-MAX_S * 10**6, le=MAX_S * 10**6)]
#: Cores, not always whole: a control group has at least a thousandth of one.
Cores: TypeAlias = Annotated[float, Meta(ge=0.001, le=MAX_COUNT)]
#: Processes that wait to run.
Load: TypeAlias = Annotated[float, Meta(ge=0, le=MAX_COUNT)]


def most_cpu(took: float, second: int) -> float:
    """Return the most CPU time of a thread while a job took so long; `second` is a second in that unit."""
    return took * (1 + CPU_SLACK_SHARE) + CPU_SLACK_S * second
