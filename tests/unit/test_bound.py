"""The sentence on what the jobs are like says only what was measured, and nothing of contenders."""

from __future__ import annotations

from collections.abc import Sequence

from producer.contender_name import ContenderName
from producer.results import WorkloadResult
from producer.stats import bound
from producer.stats.summary import Summary
from producer.words import SPACE
from tests.advised import COMPUTES, SLEEPS
from tests.made import reference, workload


def sentence(work: WorkloadResult, rows: Sequence[Summary]) -> str:
    """With ordinary spaces."""
    return bound.describe_jobs(work, rows).replace(SPACE, " ")


def celery(cpu_s: float | None, name: str = "celery:threads@2") -> Summary:
    """A Celery contender that took so much CPU time."""
    return Summary(ContenderName.parse(name), 2, 1, 1, makespan_s=1.0, cpu_s=cpu_s)


def serial(cpu_s: float) -> Summary:
    """The contender that sends no messages."""
    return Summary(ContenderName("serial"), 1, 1, 1, cpu_s=cpu_s)


def test_jobs_that_mostly_wait() -> None:
    work = workload(jobs=10, reference=reference([0.02] * 10, [0.001] * 10, cpu_s=0.01))
    assert sentence(work, [celery(9.0)]) == (
        "The jobs wait: 200 ms of waits and only 10.0 ms of work in 10 jobs. Waits can pass at the same "
        "time, on one core, too."
    )


def test_jobs_that_are_smaller_than_their_messages() -> None:
    work = workload(jobs=100, bound="disk", reference=reference([0.0] * 100, [0.0001] * 100, cpu_s=0.01))
    rows = [
        celery(0.51, "celery:prefork@2"),
        celery(0.21),
        serial(0.001),
    ]
    # (0.21 - 0.01) s over 100 jobs; the thriftiest counts, and serial sends no messages.
    assert sentence(work, rows) == (
        "The jobs are small: beside what each takes, even the thriftiest Celery pool "
        "spent 2.00 ms of CPU time on it. Larger jobs (--chunk) pay that less often."
    )


def test_chunks_are_only_advised_where_jobs_have_them() -> None:
    work = workload(jobs=100, bound="cores", reference=reference([0.0] * 100, [0.0001] * 100, cpu_s=0.01))
    text = sentence(work, [celery(0.21)])
    assert "Larger jobs pay that less often." in text
    assert "--chunk" not in text


def test_small_jobs_without_celery_have_no_messages_to_pay_for() -> None:
    work = workload(jobs=100, reference=reference([0.0] * 100, [0.0001] * 100, cpu_s=0.009))
    assert sentence(work, [serial(0.5)]).startswith("The jobs compute")
    assert sentence(work, [celery(None)]).startswith("The jobs compute")
    assert sentence(work, []).startswith("The jobs compute")


def test_jobs_that_compute() -> None:
    work = workload(jobs=4, reference=reference([0.0] * 4, [0.5] * 4, cpu_s=1.9))
    assert sentence(work, [celery(2.0)]) == (
        "The jobs compute: 1.90 s of CPU time in 2.00 s of work. One core does one of them at a time."
    )


def test_work_that_leaves_the_cpu_idle_reads() -> None:
    work = workload(jobs=4, bound="disk", reference=reference([0.0] * 4, [0.5] * 4, cpu_s=0.1))
    assert sentence(work, [celery(0.2)]) == (
        "The jobs read: 2.00 s of work, of which the CPU was busy for only 100 ms; the rest was waiting "
        "for files."
    )


def test_half_of_the_time_in_waits_is_not_most_of_it() -> None:
    work = workload(jobs=2, reference=reference([0.5, 0.5], [0.5, 0.5], cpu_s=1.0))
    assert sentence(work, []).startswith("The jobs compute")


def test_no_workload_is_blamed_on_what_it_does_not_use() -> None:
    # The engine never reads a file: on a busy machine its work takes longer than its CPU time, and the
    # rest was waiting for a turn, not for the disk.
    busy = reference([0.0] * 4, [1.0] * 4, cpu_s=1.0)
    search = workload(jobs=4, name="search", bound="cores", reference=busy)
    assert "disk" not in sentence(search, [])


def test_the_waits_of_a_function_of_the_users_are_those_of_its_reference() -> None:
    waits = reference([0.0495] * 10, [0.0005] * 10, cpu_s=0.005)
    assert sentence(workload(jobs=10, reference=waits, facts=SLEEPS), []).startswith(
        "The jobs wait: 495 ms of waits and only 5.00 ms of work in 10 jobs"
    )
    computes = reference([0.0] * 10, [0.05] * 10, cpu_s=0.5)
    said = sentence(workload(jobs=10, reference=computes, facts=COMPUTES), [])
    assert said.startswith("The jobs compute")
