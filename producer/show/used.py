"""What is said of memory and CPU, in the terminal and the page alike: whose they are, and of each worker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from producer.show.columns import TICK_S, write_cpu
from producer.stats.each_worker import EachWorker
from producer.stats.summary import Summary
from producer.words import mebibytes

#: The most workers of a contender that are named; JSON has all.
MANY = 8
#: Stands wherever CPU time is told of Celery's contenders on a broker that cannot be looked at.
WITHOUT_BROKER = "without the broker's, which is out of sight"


def lacks_broker(rows: Sequence[Summary]) -> bool:
    """Tell whether CPU time is known of a contender with a broker, but not that of the broker."""
    return any(
        row.contender.through_broker and row.cpu_s is not None and not row.cpu_has_broker for row in rows
    )


def cpu_per_job_s(row: Summary, jobs: int) -> float | None:
    """Compute the CPU time of one of so many jobs, in seconds; None where it was out of sight.

    A mean below a tick of the system's clock says no more than that: serial can seem to compute for longer
    than it ran.
    """
    return None if row.cpu_s is None or row.cpu_s < TICK_S else row.cpu_s / jobs


def describe_used(rows: Sequence[Summary], workers: Sequence[EachWorker]) -> Iterator[str]:
    """Say where the broker's CPU time is missing, and what each of several workers used."""
    if lacks_broker(rows):
        yield f"CPU is {WITHOUT_BROKER}."
    for each in workers:
        named = [
            f"{used.name} {mebibytes(used.peak_memory_bytes)}, {write_cpu(used.cpu_s)}"
            for used in each.workers[:MANY]
        ]
        more = f"; and {rest} more" if (rest := len(each.workers) - MANY) > 0 else ""
        yield f"Memory and CPU of each worker of {each.contender}: {'; '.join(named)}{more}."
