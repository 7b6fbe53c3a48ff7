"""Until when a job may run: for its own time limit, and no longer than its worker has when it is stopped.

Celery can end a job that runs on only where it is a process (prefork) or a coroutine that awaits; nobody
can end a thread, a greenlet that computes, or a job of the solo pool. So each job looks at its deadline
itself, between two pieces of its work, which holds alike in every design and every pool. The pieces take
milliseconds, a look a fraction of a microsecond. What this cannot end is a piece that does not come to its
end: a file read from a file system that hangs.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, MutableSequence
from time import monotonic

from worker.errors import StoppedError, TimeLimitError
from worker.settings import Settings

#: The longest sleep without a look at the deadline, in seconds.
NAP_S = 0.5

#: When this process must have ended all its jobs, by the monotonic clock.
_stop_at: MutableSequence[float] | memoryview[float] = [math.inf]


class Deadline:
    """When one job must have ended."""

    __slots__ = ("_ends_at", "_limit_s")

    def __init__(self, limit_s: float = math.inf) -> None:
        self._limit_s = limit_s
        self._ends_at = monotonic() + limit_s

    def check(self) -> None:
        """Return while there is time left.

        Raises:
            TimeLimitError: the job has taken too long.
            StoppedError: the time is up for every job of this process.
        """
        now = monotonic()
        if now > _stop_at[0]:
            raise StoppedError("the worker is being stopped: the job goes back to the queue")
        if now > self._ends_at:
            raise TimeLimitError(
                f"not done within {self._limit_s:g} s, the limit for a job (SIMUL_JOB_LIMIT changes it)"
            )

    def naps(self, seconds: float) -> Iterator[float]:
        """So many seconds in pieces to be slept one by one; between two of them the deadline is looked at."""
        while True:
            nap = min(seconds, NAP_S)
            yield nap
            seconds -= nap
            if seconds <= 0:
                return
            self.check()


#: For work that nobody limits.
UNLIMITED = Deadline()


def begun() -> Deadline:
    """The deadline of a job that begins now.

    Raises:
        StoppedError: nothing begins any more in this process.
    """
    deadline = Deadline(_limit_s())
    deadline.check()
    return deadline


def share_with_children() -> None:
    """Have the processes that are forked from this one hear of `stop_within`, too."""
    import mmap  # not at the top: the designs have no use for it

    global _stop_at
    _stop_at = memoryview(mmap.mmap(-1, 8)).cast("d")
    _stop_at[0] = math.inf


def stop_within(grace_s: float) -> None:
    """Have every job end within so many seconds, whatever its own limit. A signal's handler may call it."""
    _stop_at[0] = min(_stop_at[0], monotonic() + grace_s)


@functools.cache
def _limit_s() -> float:
    return Settings.read().job_limit_s
