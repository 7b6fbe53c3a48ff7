"""What bounds the recommended pool, and what would change the answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from producer.stats.binding import Bound
from tests.advised import (
    COMPUTES,
    JOBS,
    RELEASES,
    SLEEPS,
    choice,
    compared,
    ran,
    text,
)

#: What the sleeping function is best at.
THREADS = ran("celery:threads@32", 0.12, 32)


def test_more_slots_are_advised_only_where_none_were_measured() -> None:
    assert "more slots" in text(compared(SLEEPS, THREADS))
    more = ran("celery:threads@64", 0.125, 32, slots=64, memory_mib=70)
    assert "more slots" not in text(compared(SLEEPS, THREADS, more))


def test_an_async_def_is_advised_only_where_the_function_waits_and_has_none() -> None:
    assert "--async-job" in text(compared(SLEEPS, THREADS))
    assert "--async-job" not in text(compared(replace(SLEEPS, has_async=True), THREADS))
    assert "--async-job" not in text(compared(RELEASES, ran("celery:threads@2", 0.7, 2, cpu_ms=20)))


def test_who_needs_less_memory_is_named_with_what_it_costs() -> None:
    what = compared(
        replace(SLEEPS, has_async=True),
        ran("celery:prefork@32", 0.12, 32, memory_mib=700),
        ran("celery:threads@16", 0.24, 16, memory_mib=60),
    )
    assert (
        "less memory: celery:threads@16 needs 60.0 MiB, where this needs 700 MiB, and takes 2.00 times as "
        "long" in text(what)
    )


def test_what_bounds_it_is_read_from_the_facts_and_the_records() -> None:
    few_jobs = ran("celery:threads@100", 0.055, JOBS)
    stretched = ran("celery:threads@8", 0.8, 8)
    idle = ran("celery:threads@64", 0.2, 16, slots=32)
    tiny = replace(SLEEPS, service_s=0.0001, waiting=0.0, cpu_s=0.0001)
    half = ran("celery:prefork@1", 1.3, 1, cpu_ms=20)
    assert [
        choice(compared(facts, runs)).binding.bound
        for facts, runs in (
            (SLEEPS, THREADS),
            (COMPUTES, ran("celery:threads@8", 1.3, 8, cpu_ms=20.5)),
            (COMPUTES, ran("celery:prefork@2", 0.66, 2, cpu_ms=20.5)),
            (COMPUTES, half),
            (tiny, ran("celery:threads@2", 0.05, 1, slots=2)),
            (SLEEPS, few_jobs),
            (SLEEPS, stretched),
            (SLEEPS, idle),
        )
    ] == [
        Bound.WAITING,
        Bound.GIL,
        Bound.CORES,
        Bound.SLOTS,
        Bound.MESSAGES,
        Bound.JOBS,
        Bound.UNKNOWN,
        Bound.UNKNOWN,
    ]


@pytest.mark.parametrize(
    ("broker_cpu_s", "who"), [(None, "and the pool spends "), (0.0, "and the pool and the broker spend ")]
)
def test_whose_cpu_time_a_message_costs_is_said_as_it_was_seen(broker_cpu_s: float | None, who: str) -> None:
    tiny = replace(SLEEPS, service_s=0.0001, waiting=0.0, cpu_s=0.0001)
    runs = ran("celery:threads@2", 0.05, 1, slots=2, broker_cpu_s=broker_cpu_s)
    assert who in choice(compared(tiny, runs)).binding.text


def test_a_pool_that_waited_for_its_jobs_is_bound_by_the_sending() -> None:
    runs = ran("celery:threads@32", 0.2, 1)
    for each in runs:  # each is sent when the one before it has ended
        took_us = each.records.finished_us[0]
        each.records.enqueued_us = [0] + [took_us] * (JOBS - 1)
        each.records.started_us = [0] * JOBS
    chosen = choice(compared(SLEEPS, runs))
    assert chosen.binding.bound is Bound.SENDING
    assert chosen.binding.text.startswith("Bound by the sending: for 98")
    assert chosen.changes[0].startswith("jobs that take longer")


def test_prefork_is_advised_against_the_gil_only_where_it_was_not_compared() -> None:
    threads = ran("celery:threads@8", 1.3, 8, cpu_ms=20.5)
    assert "processes: compare celery:prefork" in text(compared(COMPUTES, threads))
    slow = ran("celery:prefork@2", 1.5, 2, cpu_ms=20.5)
    assert "processes: compare" not in text(compared(COMPUTES, threads, slow))
    assert "more workers, each with a GIL of its own" in text(compared(COMPUTES, threads, slow))
