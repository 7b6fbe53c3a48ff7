"""Measures what a contender's processes use while they run: memory and CPU of whole process trees."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import psutil

#: How often the processes are looked at during a run, in seconds: half a millisecond for each of them.
INTERVAL_S = 0.2
#: After how many looks new children are looked for: that reads every process of the machine, which takes
#: milliseconds, and on two cores takes them from what is measured.
LOOKS_A_TREE = 5


@dataclass(slots=True)
class Usage:
    """The memory and CPU time of whole process trees, over one run."""

    #: The highest sum of the processes' proportional memory seen, in bytes; shared pages count once.
    peak_memory_bytes: int = 0
    #: User and system time, in seconds.
    cpu_s: float = 0.0


@contextlib.contextmanager
def watched(roots: Iterable[int]) -> Iterator[Usage]:
    """Measure the process trees below `roots` during this context; the usage is complete at its end."""
    usage = Usage()
    processes = [psutil.Process(pid) for pid in roots if psutil.pid_exists(pid)]
    before = _cpu_times(processes)
    stop = threading.Event()

    def look() -> None:
        while True:
            tree = list(_tree(processes))
            for _ in range(LOOKS_A_TREE):
                usage.peak_memory_bytes = max(usage.peak_memory_bytes, _memory(tree))
                if stop.wait(INTERVAL_S):
                    return

    looker = threading.Thread(target=look, name="usage", daemon=True)
    looker.start()
    try:
        yield usage
    finally:
        after = _cpu_times(processes)
        stop.set()
        looker.join()
        usage.peak_memory_bytes = max(usage.peak_memory_bytes, _memory(_tree(processes)))
        # As sums: the time of a child that ended meanwhile has passed to its parent.
        usage.cpu_s = max(0.0, sum(after.values()) - sum(before.values()))


def cpu_s(pid: int | None) -> float:
    """Return the CPU time of one process so far, in seconds; 0 where it cannot be seen."""
    if pid is None:
        return 0.0
    with contextlib.suppress(psutil.Error):
        times = psutil.Process(pid).cpu_times()
        return float(times.user + times.system)
    return 0.0


def _tree(roots: list[psutil.Process]) -> Iterator[psutil.Process]:
    for root in roots:
        with contextlib.suppress(psutil.Error):
            yield root
            yield from root.children(recursive=True)


def _cpu_times(roots: list[psutil.Process]) -> dict[int, float]:
    seconds = {}
    for process in _tree(roots):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            # The last two are of children that have ended and been waited for: prefork replaces its own.
            seconds[process.pid] = times.user + times.system + times.children_user + times.children_system
    return seconds


def _memory(tree: Iterable[psutil.Process]) -> int:
    total = 0
    for process in tree:
        with contextlib.suppress(psutil.Error):
            memory = process.memory_full_info()
            total += getattr(memory, "pss", memory.uss)
    return total
