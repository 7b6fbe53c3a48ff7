"""Says what processes have used: memory in which shared pages count once, and CPU time of whole trees."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import psutil

#: No clock: a machine's may be set meanwhile.
LIFE = uuid.uuid4().hex


def tree(roots: Iterable[psutil.Process]) -> Iterator[psutil.Process]:
    """List the processes and all below them; this reads every process of the machine."""
    for root in roots:
        with contextlib.suppress(psutil.Error):
            yield root
            yield from root.children(recursive=True)


def sum_memory(processes: Iterable[psutil.Process]) -> int:
    """Return the sum of their proportional memory, in bytes; those that have ended count nothing."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            memory = process.memory_full_info()
            total += getattr(memory, "pss", memory.uss)
    return total


def sum_cpu_s(processes: Iterable[psutil.Process]) -> float:
    """Return their user and system time so far, in seconds, and that of their children that have ended.

    It is one sum, because the time of a child that ends passes to its parent.
    """
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            # The last two are of children that have been waited for: prefork replaces its own.
            total += times.user + times.system + times.children_user + times.children_system
    return total


def own() -> dict[str, Any]:
    """Return what the tree of this process has used; `life` tells it from a process that took its place."""
    processes = list(tree([psutil.Process()]))
    return {
        "memory_bytes": sum_memory(processes),
        "cpu_s": sum_cpu_s(processes),
        "life": LIFE,
    }
