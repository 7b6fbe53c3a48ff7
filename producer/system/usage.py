"""Measures what a contender's processes use while they run: memory and CPU of whole process trees."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import psutil

from producer.ranges import Bytes, Seconds
from worker.usage import sum_cpu_s, sum_memory, tree

#: How often the processes are looked at during a run, in seconds: half a millisecond for each of them.
INTERVAL_S = 0.2
#: After how many looks new children are looked for: that reads every process of the machine, which takes
#: milliseconds, and on two cores takes them from what is measured.
LOOKS_A_TREE = 5


@dataclass(slots=True)
class WorkerUsage:
    """What one worker that others started says it used over one run; None where it does not say."""

    #: As Celery calls it: "gevent-7@host".
    name: str
    peak_memory_bytes: Bytes | None
    cpu_s: Seconds | None


@dataclass(slots=True)
class Usage:
    """The memory and CPU time of whole process trees, over one run; None where nobody knows."""

    #: The highest sum of the processes' proportional memory seen, in bytes; shared pages count once.
    peak_memory_bytes: int | None = None
    #: User and system time, in seconds.
    cpu_s: float | None = None
    #: Of each worker that others started; empty where none says anything.
    workers: list[WorkerUsage] = field(default_factory=list)

    def see(self, memory: int) -> None:
        """Take down how much memory is used now, in bytes."""
        self.peak_memory_bytes = max(self.peak_memory_bytes or 0, memory)


@contextlib.contextmanager
def watched(roots: Iterable[int]) -> Iterator[Usage]:
    """Measure the process trees below `roots` during this context; the usage is complete at its end."""
    processes = [psutil.Process(pid) for pid in roots if psutil.pid_exists(pid)]
    before = sum_cpu_s(tree(processes))
    usage, stop = Usage(), threading.Event()

    def look() -> None:
        while True:
            everything = list(tree(processes))
            for _ in range(LOOKS_A_TREE):
                usage.see(sum_memory(everything))
                if stop.wait(INTERVAL_S):
                    return

    looker = threading.Thread(target=look, name="usage", daemon=True)
    looker.start()
    try:
        yield usage
    finally:
        after = sum_cpu_s(tree(processes))
        stop.set()
        looker.join()
        usage.see(sum_memory(tree(processes)))
        usage.cpu_s = max(0.0, after - before)


def cpu_s(pid: int | None) -> float:
    """Return the CPU time of one process so far, in seconds; 0 where it cannot be seen."""
    if pid is None:
        return 0.0
    with contextlib.suppress(psutil.Error):
        times = psutil.Process(pid).cpu_times()
        return float(times.user + times.system)
    return 0.0
