"""Each pool that is not recommended has its reason, with the number that shows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from producer.results import Run
from producer.stats.recommendation import Certainty
from producer.stats.ruled_out import RuledOut, Why
from producer.workloads.job_facts import JobFacts
from tests.advised import (
    COMPUTES,
    LEAKS,
    RELEASES,
    SLEEPS,
    advice,
    choice,
    compared,
    ran,
    text,
)
from tests.made import left_out, started

#: What the sleeping function is best at.
THREADS = ran("celery:threads@32", 0.12, 32)


def ruled_out(facts: JobFacts, *contenders: list[Run]) -> dict[str, RuledOut]:
    """Who was ruled out, by name."""
    return {
        str(each.contender): each for each in advice(compared(facts, *contenders)).recommendation.ruled_out
    }


def why(facts: JobFacts, *contenders: list[Run]) -> dict[str, tuple[Why, str]]:
    """Why each was ruled out, and the reason that is given, with ordinary spaces."""
    return {
        name: (each.why, each.reason.replace("\u00a0", " "))
        for name, each in ruled_out(facts, *contenders).items()
    }


def test_a_pool_that_lost_a_job_once_is_ruled_out_however_fast() -> None:
    fast = ran("celery:gevent@32", 0.06, 32)
    fast[2].problems.append("1 of 64 jobs is lost")
    assert why(SLEEPS, fast, THREADS) == {
        "celery:gevent@32": (Why.INVALID, "1 of 5 runs invalid: round 3: 1 of 64 jobs is lost")
    }


def test_what_was_left_out_is_ruled_out_with_the_reason() -> None:
    missing = left_out("celery:eventlet@32", "the package eventlet is not installed for this Python")
    what = compared(SLEEPS, THREADS, contenders=[*started(["celery:threads@32"]), missing])
    assert (
        "Ruled out: celery:eventlet@32: left out, as the package eventlet is not installed for this Python."
        in text(what)
    )


def test_a_function_that_does_not_survive_a_fork_rules_prefork_out_whatever_its_numbers() -> None:
    unsafe = replace(SLEEPS, fork_trouble="after a fork it hung")
    what = compared(unsafe, ran("celery:prefork@32", 0.06, 32, memory_mib=10), THREADS)
    assert str(choice(what).figures.contender) == "celery:threads@32"
    assert "celery:prefork@32: the function does not survive a fork: after a fork it hung." in text(what)


@pytest.mark.parametrize("pool", ["gevent", "eventlet"])
def test_greenlets_that_did_not_overlap_though_the_function_waits_hold_the_loop(pool: str) -> None:
    assert why(SLEEPS, THREADS, ran(f"celery:{pool}@32", 3.2, 1)) == {
        f"celery:{pool}@32": (
            Why.LOOP,
            f"each call holds the loop for 50.0 ms: its waiting is in C code that {pool} cannot switch",
        )
    }


def test_coroutines_that_did_not_overlap_call_what_blocks() -> None:
    twin = replace(SLEEPS, has_async=True)
    assert why(twin, THREADS, ran("celery:asyncio@32", 3.2, 1)) == {
        "celery:asyncio@32": (
            Why.LOOP,
            "each call holds the loop for 50.0 ms: its waiting is in calls that block, and not in an await",
        )
    }


def test_pure_python_takes_processes_and_the_gil_rules_threads_out() -> None:
    what = compared(
        COMPUTES,
        ran("celery:prefork@2", 0.66, 2, memory_mib=90, cpu_ms=20.5),
        ran("celery:threads@8", 1.35, 8, cpu_ms=21),
        ran("celery:gevent@8", 1.31, 1, cpu_ms=20.5),
        ran("celery:asyncio@8", 1.4, 8, cpu_ms=22),
    )
    chosen = choice(what)
    assert str(chosen.figures.contender) == "celery:prefork@2"
    assert chosen.binding.text == "Bound by the cores: 1.99 of 2 were busy"
    assert (
        "celery:threads@8 is 2.05 times slower (2.05–2.05): the function holds the GIL for 97 % of its time"
        in text(what)
    )
    assert "it computes for 20.5 ms at a time, and greenlets do not take turns" in text(what)
    assert "celery:asyncio@8 (2.12 times)" in text(what)
    assert "a Python without a GIL (--python 3.14t)" in text(what)
    assert "more cores" in text(what)


def test_c_code_that_keeps_the_gil_is_told_with_the_time_for_which_it_does() -> None:
    keeps = replace(COMPUTES, gil_longest_s=0.08)
    slow = ran("celery:threads@8", 1.35, 8, cpu_ms=21)
    assert why(keeps, ran("celery:prefork@2", 0.66, 2, cpu_ms=20.5), slow) == {
        "celery:threads@8": (
            Why.GIL,
            "the function holds the GIL for 97 % of its time, for up to 80.0 ms on end",
        )
    }


def test_the_gil_rules_out_nobody_whose_processes_do_one_job_at_a_time() -> None:
    slow = ran("celery:prefork@2/acks=early", 0.72, 2, cpu_ms=20.5)
    assert why(COMPUTES, ran("celery:prefork@2", 0.66, 2, cpu_ms=20.5), slow) == {
        "celery:prefork@2/acks=early": (Why.SLOWER, "")
    }


def test_c_code_that_releases_the_gil_is_as_fast_in_threads_which_take_less_memory() -> None:
    what = compared(
        RELEASES,
        ran("celery:prefork@2", 0.66, 2, memory_mib=90, cpu_ms=20.5),
        ran("celery:threads@2", 0.66, 2, memory_mib=60, cpu_ms=20.5),
        ran("celery:gevent@8", 1.31, 1, cpu_ms=20.5),
    )
    assert (choice(what).certainty, str(choice(what).figures.contender)) == (
        Certainty.ALIKE,
        "celery:threads@2",
    )
    assert "GIL" not in text(what)
    assert "it is the cheaper in memory, 60.0 MiB and not 90.0 MiB" in text(what)


def test_asyncio_without_an_async_def_ran_in_threads() -> None:
    assert why(SLEEPS, THREADS, ran("celery:asyncio@32", 0.14, 32)) == {
        "celery:asyncio@32": (Why.IN_THREADS, "the function is no async def and ran in threads")
    }


def test_too_few_slots_are_told_with_what_they_can_do_at_most() -> None:
    assert why(SLEEPS, THREADS, ran("celery:prefork@2", 1.7, 2), ran("celery:solo", 3.3, 1)) == {
        "celery:prefork@2": (Why.SLOTS, "its 2 slots cannot do more than 40.0 jobs/s"),
        "celery:solo": (Why.SLOTS, "its one slot cannot do more than 20.0 jobs/s"),
    }


def test_a_pool_that_spends_more_on_each_job_is_told_with_both_times() -> None:
    dear = ran("celery:gevent@32", 0.14, 32, cpu_ms=2.0)
    assert why(SLEEPS, THREADS, dear) == {
        "celery:gevent@32": (Why.CPU, "it spends 2.00 ms of CPU time on a job, and not 1.00 ms")
    }


def test_where_no_reason_is_shown_only_the_number_is_given() -> None:
    what = compared(SLEEPS, THREADS, ran("celery:gevent@32", 0.14, 32), ran("celery:prefork@2", 1.7, 2))
    assert (
        "The runner-up, celery:gevent@32 (457 jobs/s, latency p50 105 ms, p99 141 ms), is 1.17 times "
        in text(what)
    )
    assert "slower (1.17–1.17). Bound by" in text(what)


def test_many_that_are_ruled_out_for_one_reason_are_counted() -> None:
    small = [ran(f"celery:threads@{slots}", 4.0 / slots, slots) for slots in (1, 2, 4, 8)]
    more = [ran("celery:prefork@2", 2.1, 2), ran("celery:solo", 4.1, 1)]
    told = text(compared(SLEEPS, THREADS, ran("celery:gevent@32", 0.14, 32), *small, *more))
    assert (
        "Ruled out: celery:threads@8 is 4.17 times slower (4.17–4.17): its 8 slots cannot do more than "
        "160 jobs/s (likewise celery:threads@4 (8.33 times), celery:threads@2 (16.7 times), "
        "celery:prefork@2 (17.5 times), celery:threads@1 (33.3 times) and 1 more)." in told
    )


def test_a_leak_with_prefork_as_fast_is_given_to_prefork_however_much_memory_it_takes() -> None:
    prefork, threads = ran("celery:prefork@8", 0.42, 8, memory_mib=500), ran("celery:threads@8", 0.42, 8)
    chosen = choice(compared(LEAKS, prefork, threads))
    assert str(chosen.figures.contender) == "celery:prefork@8"
    assert ruled_out(LEAKS, prefork, threads)["celery:threads@8"].why is Why.LEAK
