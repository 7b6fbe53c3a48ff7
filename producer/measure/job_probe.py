"""stub until merged"""

from typing import Any

from producer.workloads.job_facts import JobFacts


def probe(calls: Any, target: Any, *, executable: str, job_limit_s: float | None) -> JobFacts:
    return JobFacts(
        runs=10,
        service_s=0.02,
        longest_s=0.021,
        cpu_s=0.001,
        waiting=0.97,
        gil=True,
        gil_held=0.0,
        gil_longest_s=0.0002,
        growth_runs=1000,
        growth_bytes=0,
        growth_late_bytes=0,
        sockets_left=0,
        files_left=0,
        threads_left=0,
        fork_trouble="",
        printed_bytes=0,
        failed=0,
        failure=None,
        is_async=False,
        has_async=False,
        is_task=False,
        json=True,
        import_s=0.01,
    )
