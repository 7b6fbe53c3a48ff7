"""One sentence on what the jobs of a workload are like, said only of what was measured.

What bound a contender is another matter, and read from its own records: see `shares`.
"""

from __future__ import annotations

from collections.abc import Sequence

from producer.results import WorkloadResult
from producer.stats.limit import READS_FILES
from producer.stats.summary import Summary
from producer.words import counted, seconds

#: What takes more than this share of the time is what a job mostly does: it waits, computes, or else reads.
MOST = 0.5
#: Jobs are small if a message costs more than this many times the job it carries.
DEAR = 1.0


def describe_jobs(workload: WorkloadResult, rows: Sequence[Summary]) -> str:
    """Say what the jobs do: wait, compute, read files, or so little that a message costs more."""
    reference = workload.reference
    wait, work, cpu = sum(reference.waits_s), sum(reference.work_s), reference.cpu_s
    jobs = workload.jobs
    service_s = (wait + work) / jobs
    if wait > MOST * (wait + work):
        return (
            f"The jobs wait: {seconds(wait)} of waits and only {seconds(work)} of work in "
            f"{counted(jobs, 'job')}. Waits can pass at the same time, on one core, too."
        )
    message_s = _message_cost_s(rows, workload)
    if message_s is not None and message_s > DEAR * service_s:
        how = " (--chunk)" if workload.bound == "disk" else ""
        return (
            f"The jobs are small: beside what each takes, even the thriftiest Celery pool spent "
            f"{seconds(message_s)} of CPU time on it. Larger jobs{how} pay that less often."
        )
    if cpu > MOST * work or workload.bound not in READS_FILES:
        return (
            f"The jobs compute: {seconds(cpu)} of CPU time in {seconds(work)} of work. One core does one of "
            "them at a time."
        )
    return (
        f"The jobs read: {seconds(work)} of work, of which the CPU was busy for only {seconds(cpu)}; the "
        "rest was waiting for files."
    )


def _message_cost_s(rows: Sequence[Summary], workload: WorkloadResult) -> float | None:
    """Estimate the CPU time that Celery spends on a message at its cheapest; None without Celery."""
    through_celery = [row.cpu_s for row in rows if row.contender.is_celery and row.cpu_s]
    if not through_celery:
        return None
    return (min(through_celery) - workload.reference.cpu_s) / workload.jobs
