"""What this process holds: memory, open sockets and files, threads. It needs the standard library alone."""

from __future__ import annotations

import os
import resource
import stat
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

#: What calls may leave behind before no more are made: they must not take the machine's memory, nor all the
#: descriptors that a process may have.
MOST_BYTES, MOST_DESCRIPTORS, MOST_THREADS = 512 * 2**20, 0.6, 300
#: Where Linux tells a process of its own memory and threads.
_MEMORY, _PAGES, _THREADS = "/proc/self/smaps_rollup", "/proc/self/statm", "/proc/self/task"
#: What ru_maxrss counts in.
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
#: How long threads that are about to end are waited for, in seconds.
SETTLE_S = 0.25
#: How long room is taken for granted after a look, in seconds: a look takes as long as a short call.
TRUSTED_S = 0.002


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a process has open."""

    sockets: int
    #: All else that has a descriptor: files, pipes, event queues.
    files: int
    threads: int


def holdings() -> Holdings:
    """Count what this process holds now; descriptors of which nothing is known are not counted."""
    sockets = files = 0
    for name in _names("/dev/fd"):
        try:
            kind = os.fstat(int(name)).st_mode
        except OSError:  # the directory itself, which is closed by now
            continue
        sockets += stat.S_ISSOCK(kind)
        files += not stat.S_ISSOCK(kind)
    return Holdings(sockets, files, thread_count())


def settled(before: Holdings) -> Holdings:
    """Count as `holdings` does, when threads that were about to end have had the time to."""
    until = monotonic() + SETTLE_S
    while thread_count() > before.threads and monotonic() < until:
        sleep(0.01)
    return holdings()


def thread_count() -> int:
    """Count the threads of this process, those of C code too where Linux tells of them."""
    return len(_names(_THREADS)) or threading.active_count()


def private_bytes() -> int:
    """Return the memory that this process alone has written; where nobody tells, the most it ever used."""
    try:
        lines = Path(_MEMORY).read_text().splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT
    # Not what was only read: that is private as soon as nobody else happens to have mapped the same file.
    ours = ("Private_Dirty:", "Private_Hugetlb:", "Swap:")
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(ours))


class Room:
    """How much calls may still leave behind, from the moment at which this was made."""

    def __init__(self) -> None:
        self._start_bytes, self._start_threads = _resident_bytes(), thread_count()
        self._descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._looked = monotonic()

    def is_left(self, share: float = 1.0) -> bool:
        """Tell whether less than this share of the room is taken."""
        if monotonic() - self._looked < TRUSTED_S:
            return True
        is_left = self._is_left(share)
        self._looked = monotonic()
        return is_left

    def _is_left(self, share: float) -> bool:
        try:
            free = os.dup(2)  # the lowest number that is free
        except OSError:
            return False
        os.close(free)
        return (
            free < share * MOST_DESCRIPTORS * self._descriptors
            and _resident_bytes() - self._start_bytes < share * MOST_BYTES
            and thread_count() - self._start_threads < share * MOST_THREADS
        )


def _resident_bytes() -> int:
    try:
        return int(Path(_PAGES).read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return 0


def _names(directory: str) -> list[str]:
    try:
        return [path.name for path in Path(directory).iterdir()]
    except OSError:
        return []
