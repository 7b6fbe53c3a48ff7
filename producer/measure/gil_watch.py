"""How much of its time some work holds the GIL, as a thread beside it sees it.

The thread sleeps about a millisecond and takes the GIL back, again and again. Where the GIL is free, a sleep
makes the thread give up its core once. Where somebody holds the GIL, the thread has to wait a second time,
and Linux counts that: however busy the machine is, being kept off a core is counted elsewhere. Where nobody
counts, a thread that is later than ever when nothing runs beside it has waited for the GIL.

Whoever holds the GIL may be kept off its core meanwhile, and so may be the thread when it asks for it: Linux
tells how long that was, and it is no part of how long the GIL was kept. Nor does somebody keep the GIL who
lets go of it for an instant and has it back before the thread is there: that wakes the thread more often than
a long wait does.
"""

from __future__ import annotations

import random
import resource
import sys
import threading
from _thread import allocate_lock, start_new_thread  # not as gevent or eventlet may have replaced them
from collections.abc import Callable
from dataclasses import dataclass
from os import O_RDONLY, close, pread
from os import open as open_file
from time import perf_counter, sleep

#: The shortest and the longest sleep between two looks, in seconds: not in step with anything.
NAPS_S = (0.0005, 0.0015)
#: Seconds in which the thread learns how late it is when nothing runs beside it.
QUIET_S = 0.05
#: Where nobody counts: the least lateness that is the GIL's, in seconds, and how much later than ever it is.
LATE_S, TIMES_LATER = 0.001, 2


@dataclass(frozen=True, slots=True)
class Look:
    """What the thread saw when it took the GIL back, in seconds."""

    #: Since the look before, and for how much of that the thread that does the work had no core.
    span_s: float
    work_delay_s: float
    #: How much longer than its sleep it took, and for how much of the span it had no core itself.
    late_s: float
    delay_s: float
    #: How often the thread gave up its core.
    switches: int

    @property
    def kept_s(self) -> float:
        """Seconds for which the GIL was kept at a time: the average where it was let go of in between."""
        waits = max(self.switches - 1, 1)
        one_wait = self.late_s >= (waits - 1) * sys.getswitchinterval()
        off_core_s = max(self.work_delay_s, self.delay_s)  # both at once, mostly: they share few cores
        return max(self.late_s - off_core_s, 0.0) / (1 if one_wait else waits)


def watch(work: Callable[[], object]) -> tuple[float, float]:
    """Watch work in this thread; return its share of time with the GIL, and the longest it kept it (s)."""
    quiet = _looks(lambda: sleep(QUIET_S))
    looks = _looks(work)
    latest_s = max((look.late_s for look in quiet), default=0.0)
    counted = sorted(look.switches for look in quiet)[len(quiet) // 2 : len(quiet) // 2 + 1] == [1]

    def was_held(look: Look) -> bool:
        return look.switches > 1 if counted else look.late_s > max(LATE_S, TIMES_LATER * latest_s)

    held = list(filter(was_held, looks))
    all_s = sum(look.span_s for look in looks)
    share = sum(look.span_s for look in held) / all_s if all_s else 0.0
    return min(share, 1.0), max((look.kept_s for look in held), default=0.0)


def _looks(work: Callable[[], object]) -> list[Look]:
    """Have a thread look while the work is done in this one."""
    looks: list[Look] = []
    worker, going, ended = threading.get_native_id(), True, allocate_lock()

    def look_on() -> None:
        delay, delay_of_work = _Delay(threading.get_native_id()), _Delay(worker)
        naps = random.Random(0)  # numbers of its own: the function's are left alone
        try:
            delays = delay(), delay_of_work()
            last, switches = perf_counter(), _switches()
            while going:
                nap_s = naps.uniform(*NAPS_S)
                before = perf_counter()
                sleep(nap_s)
                now, switches_now = perf_counter(), _switches()
                delays_now = delay(), delay_of_work()
                looks.append(
                    Look(
                        span_s=now - last,
                        work_delay_s=delays_now[1] - delays[1],
                        late_s=now - before - nap_s,
                        delay_s=delays_now[0] - delays[0],
                        switches=switches_now - switches,
                    )
                )
                last, delays, switches = now, delays_now, _switches()
        finally:
            delay.close()
            delay_of_work.close()
            ended.release()

    ended.acquire()
    start_new_thread(look_on, ())
    try:
        work()
    finally:
        going = False
        ended.acquire()
    return looks


class _Delay:
    """The seconds for which a thread has been ready to run, and had no core; 0 where nobody tells."""

    def __init__(self, thread: int) -> None:
        try:
            self._file = open_file(f"/proc/self/task/{thread}/schedstat", O_RDONLY)
        except OSError:
            self._file = -1

    def __call__(self) -> float:
        if self._file < 0:
            return 0.0
        return int(pread(self._file, 100, 0).split()[1]) / 1e9

    def close(self) -> None:
        if self._file >= 0:
            close(self._file)


def _switches() -> int:
    """Count how often this thread has given up its core; 0 where nobody counts."""
    thread: int | None = getattr(resource, "RUSAGE_THREAD", None)
    return resource.getrusage(thread).ru_nvcsw if thread is not None else 0
