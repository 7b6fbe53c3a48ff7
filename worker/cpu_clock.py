"""Reads the CPU time of the thread that does a job: how much of the job's time it really ran.

The system counts it for each thread, and tells it without any rights. What a job has other threads do is
not in it. Greenlets and coroutines share a thread with other jobs, whose time would be in it, too.
"""

from __future__ import annotations

import time

from worker.time_up import green_timeout


def read_ns() -> int | None:
    """Return the CPU time of this thread in nanoseconds; None where greenlets stand in for threads."""
    return None if green_timeout() else time.thread_time_ns()


def since_ns(began_ns: int | None) -> int | None:
    """Return the CPU time of this thread since it was read; None where that is not known."""
    return None if began_ns is None else time.thread_time_ns() - began_ns
