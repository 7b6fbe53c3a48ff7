"""One sentence on what bound a workload, said only of what was measured."""

from __future__ import annotations

from collections.abc import Sequence

from producer.results import WorkloadResult
from producer.stats import Summary

#: From this share of the time of the work on, the wait, the CPU or the disk is what it consists of.
MOST = 0.5
#: A message that costs this many times the job it carries is what binds.
DEAR = 1.0


def sentence(workload: WorkloadResult, rows: Sequence[Summary]) -> str:
    """What bound the workload: waiting, the cores, the disk, or the cost of each message."""
    reference = workload.reference
    wait, work, cpu = sum(reference.waits_s), sum(reference.work_s), reference.cpu_s
    jobs = workload.jobs
    service_ms = 1000 * (wait + work) / jobs
    if wait > MOST * (wait + work):
        return (
            f"Bound by waiting: {wait:.2f} s of waits and only {work:.2f} s of work in {jobs} jobs, so "
            "what counts is how many jobs can wait at the same time."
        )
    message_ms = _message_cost_ms(rows, workload)
    if message_ms is not None and message_ms > DEAR * service_ms:
        return (
            f"Bound by the cost of each message: a job is {_ms(service_ms)} of work, and even the thriftiest "
            f"Celery pool spent {_ms(message_ms)} of CPU time more on each. "
            "Larger jobs (--chunk) pay it less often."
        )
    if cpu > MOST * work or workload.bound not in ("disk", "mixed"):
        return (
            f"Bound by the cores: {cpu:.2f} s of CPU time in {work:.2f} s of work, so only more cores, "
            "and what can use them, make it faster."
        )
    return (
        f"Bound by the disk: {work:.2f} s of work, of which the CPU was busy for only {cpu:.2f} s; "
        "the rest was waiting for files."
    )


def _message_cost_ms(rows: Sequence[Summary], workload: WorkloadResult) -> float | None:
    """CPU time that Celery spends on a job beyond the job itself, at its cheapest; None without Celery."""
    through_celery = [row.cpu_s for row in rows if row.contender.startswith("celery:") and row.cpu_s]
    if not through_celery:
        return None
    return 1000 * (min(through_celery) - workload.reference.cpu_s) / workload.jobs


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.2f} ms" if milliseconds < 10 else f"{milliseconds:.0f} ms"
