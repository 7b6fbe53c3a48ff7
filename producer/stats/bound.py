"""One sentence on what bound a workload, said only of what was measured."""

from __future__ import annotations

from collections.abc import Sequence

from producer.results import WorkloadResult
from producer.stats.limit import READS_FILES
from producer.stats.summary import Summary
from producer.words import counted, seconds

#: What takes more than this share of the time is what bound a workload: the waits, the CPU, or else the disk.
MOST = 0.5
#: Messages are what bound a workload if one costs more than this many times the job it carries.
DEAR = 1.0


def describe_bound(workload: WorkloadResult, rows: Sequence[Summary]) -> str:
    """Say what bound the workload: waiting, the cores, the disk, or the cost of each message."""
    reference = workload.reference
    wait, work, cpu = sum(reference.waits_s), sum(reference.work_s), reference.cpu_s
    jobs = workload.jobs
    service_s = (wait + work) / jobs
    if wait > MOST * (wait + work):
        return (
            f"Bound by waiting: {seconds(wait)} of waits and only {seconds(work)} of work in "
            f"{counted(jobs, 'job')}, so what counts is how many jobs can wait at the same time."
        )
    message_s = _message_cost_s(rows, workload)
    if message_s is not None and message_s > DEAR * service_s:
        how = " (--chunk)" if workload.bound == "disk" else ""
        return (
            f"Bound by the cost of each message: a job is {seconds(service_s)} of work, and even the "
            f"thriftiest Celery pool spent {seconds(message_s)} of CPU time more on each. Larger jobs{how} "
            "pay it less often."
        )
    if cpu > MOST * work or workload.bound not in READS_FILES:
        return (
            f"Bound by the cores: {seconds(cpu)} of CPU time in {seconds(work)} of work, so only more cores, "
            "and what can use them, make it faster."
        )
    return (
        f"Bound by the disk: {seconds(work)} of work, of which the CPU was busy for only {seconds(cpu)}; "
        "the rest was waiting for files."
    )


def _message_cost_s(rows: Sequence[Summary], workload: WorkloadResult) -> float | None:
    """Estimate the CPU time that Celery spends on a message at its cheapest; None without Celery."""
    through_celery = [row.cpu_s for row in rows if row.contender.is_celery and row.cpu_s]
    if not through_celery:
        return None
    return (min(through_celery) - workload.reference.cpu_s) / workload.jobs
