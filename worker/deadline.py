"""Limits how long a job may run: to the time limit for a job, and to the grace of a worker that stops.

Celery can end a job that runs on only where it is a process (prefork) or a coroutine that awaits; nobody
can end a thread, a greenlet that computes, or a job of the solo pool. So each job checks its deadline itself,
between two pieces of its work, in every design and every pool. A piece takes milliseconds, a check a fraction
of a microsecond. This cannot end a piece that itself never ends: a read from a file system that hangs.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, MutableSequence
from time import monotonic

from worker.errors import StoppedError, TimeLimitError
from worker.settings import Settings

#: The longest sleep without a check of the deadline, in seconds.
NAP_S = 0.5

#: When this process must have ended all jobs, by the monotonic clock.
_stop_at: MutableSequence[float] | memoryview[float] = [math.inf]


class Deadline:
    """The time by which one job must have ended."""

    __slots__ = ("_ends_at", "_limit_s")

    def __init__(self, limit_s: float = math.inf) -> None:
        self._limit_s = limit_s
        self._ends_at = monotonic() + limit_s

    def check(self) -> None:
        """Raise an error where the time is up.

        Raises:
            TimeLimitError: the job has taken too long.
            StoppedError: the time is up for every job of this process.
        """
        now = monotonic()
        if now > _stop_at[0]:
            raise StoppedError("the worker is being stopped: the job goes back to the queue")
        if now > self._ends_at:
            raise self.too_late()

    def left_s(self) -> float:
        """Return how many seconds are left: below 0 where the time is up, infinite where nobody limits it."""
        return self._ends_at - monotonic()

    def too_late(self) -> TimeLimitError:
        """Make the error that says that the time was up."""
        return TimeLimitError(
            f"not done within {self._limit_s:g} s, the limit for a job (--time-limit, SIMUL_JOB_LIMIT)"
        )

    def naps(self, seconds: float) -> Iterator[float]:
        """Divide a sleep into naps, and check the deadline between two of them."""
        while True:
            nap = min(seconds, NAP_S)
            yield nap
            seconds -= nap
            if seconds <= 0:
                return
            self.check()


#: The deadline of work that nobody limits.
UNLIMITED = Deadline()


def start() -> Deadline:
    """Start the time of a job that begins now.

    Raises:
        StoppedError: this process begins no more jobs.
    """
    deadline = Deadline(_limit_s())
    deadline.check()
    return deadline


def share_with_children() -> None:
    """Share the time to stop with the processes that are forked from this one."""
    import mmap  # not at the top: the designs have no use for it

    global _stop_at
    _stop_at = memoryview(mmap.mmap(-1, 8)).cast("d")
    _stop_at[0] = math.inf


def stop_within(grace_s: float) -> None:
    """Give every job `grace_s` seconds at most. A signal's handler may call this."""
    _stop_at[0] = min(_stop_at[0], monotonic() + grace_s)


@functools.cache
def _limit_s() -> float:
    return Settings.read().job_limit_s
