"""What a function of a user's is like, measured alone before anything is compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from msgspec import Meta

from producer.ranges import Bytes, Count, Positive, Seconds
from producer.workloads.maker import Bound

Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]

#: A function that waits for more than the first share of its time is bound by waiting; one that waits for
#: less than the second, by the cores.
WAITS, COMPUTES = 0.5, 0.1
#: Memory that grows by less than this a call is no leak worth a word, in bytes...
LEAK_BYTES = 1024
#: ... and nor is what all the calls together have not left behind: allocators take memory in such pieces.
LEAK_TOTAL = 256 * 1024
#: The interpreter takes the GIL from Python code every 5 ms: who keeps it for longer than this is C code.
KEPT_S = 0.012


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What the calls of one function cost, one after the other in a process of their own."""

    #: Calls whose times were taken.
    runs: Positive
    #: Seconds of a call: the median of all, and the longest.
    service_s: Seconds
    longest_s: Seconds
    #: CPU seconds of a call, of all its threads and of the processes that it waited for: the mean.
    cpu_s: Seconds
    #: The share of its time in which it computed nothing: it slept, or waited for a disk or a network.
    waiting: Share
    #: Whether there is a GIL, the share of its time in which it held it, and the seconds for which it kept
    #: another thread from it, at most; None where there is none.
    gil: bool
    gil_held: Share | None
    gil_longest_s: Seconds | None
    #: Calls whose memory was watched, and the bytes by which it grew: in all, and in their second half.
    growth_runs: Count
    growth_bytes: Bytes
    growth_late_bytes: Bytes
    #: What all those calls have left open.
    sockets_left: Count
    files_left: Count
    threads_left: Count
    #: Why it does not survive a fork after its module was imported; empty where it does, None where no
    #: process can be forked.
    fork_trouble: str | None
    #: Bytes that it wrote to stdout and stderr, which nobody reads, in `runs` calls.
    printed_bytes: Count
    #: Calls that failed, of `runs`, and the first failure.
    failed: Count
    failure: str | None
    #: Whether it is an `async def`, whether event loops have one to await, whether it was found in a task.
    is_async: bool
    has_async: bool
    is_task: bool
    #: Whether all its answers were JSON.
    json: bool
    #: Seconds that importing its module took.
    import_s: Seconds

    @property
    def bound(self) -> Bound:
        """What limits whoever does everything right with it."""
        if self.waiting > WAITS:
            return "waiting"
        return "cores" if self.waiting < COMPUTES else "mixed"

    @property
    def growth_per_run_bytes(self) -> float:
        """Bytes by which memory grows with each call, where it goes on growing; 0 where it does not."""
        steady = self.growth_late_bytes >= self.growth_bytes / 4 and self.growth_bytes >= LEAK_TOTAL
        each = self.growth_bytes / self.growth_runs if self.growth_runs else 0.0
        return each if steady and each >= LEAK_BYTES else 0.0

    @property
    def keeps_gil(self) -> bool:
        """Whether it keeps the GIL for longer at a time than Python code can."""
        return (self.gil_longest_s or 0.0) > KEPT_S and (self.gil_held or 0.0) > 0.1
