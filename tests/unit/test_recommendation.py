"""Which pool is recommended, by which number, and what is said where none can be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from producer.contender_name import ContenderName
from producer.show.advice import give_advice
from producer.stats.recommendation import Certainty
from producer.stats.summary import summaries
from tests.advised import (
    JOBS,
    LEAKS,
    ROUNDS,
    SLEEPS,
    advice,
    choice,
    compared,
    ran,
    text,
)

#: What the sleeping function is best at, and what makes greenlets wait for each other.
THREADS = ran("celery:threads@32", 0.12, 32)
HELD = ran("celery:gevent@32", 3.2, 1)


def test_the_answer_is_in_the_first_ten_words() -> None:
    what = compared(SLEEPS, THREADS, HELD, ran("celery:prefork@2", 1.6, 2, memory_mib=90))
    assert (
        " ".join(text(what).split()[:10]) == "Use celery:threads@32: 533 jobs/s, latency p50 89.7 ms, p99 121"
    )


def test_the_whole_paragraph_of_a_function_that_sleeps() -> None:
    what = compared(
        SLEEPS,
        *(THREADS, HELD, ran("celery:eventlet@32", 3.3, 1)),
        *(ran("celery:prefork@2", 1.7, 2, memory_mib=90), ran("celery:solo", 3.3, 1)),
    )
    assert text(what) == (
        "Use celery:threads@32: 533 jobs/s, latency p50 89.7 ms, p99 121 ms. The runner-up, "
        "celery:prefork@2 (37.6 jobs/s, latency p50 876 ms, p99 1.71 s), is 14.2 times slower "
        "(14.2–14.2), with 2 slots against 32: its 2 slots cannot do more than 40.0 jobs/s. Bound by "
        "waiting: a job waits for 99 % of its 50.0 ms, and 32.0 of 32 slots were busy. Ruled out: "
        "celery:gevent@32 is 26.7 times slower (26.7–26.7): each call holds the loop for 50.0 ms: its "
        "waiting is in C code that gevent cannot switch (likewise celery:eventlet@32 (27.5 times)); "
        "celery:solo is 27.5 times slower (27.5–27.5): "
        "its one slot cannot do more than 20.0 jobs/s. What would change this: more slots: 100 % of them "
        "were busy (simul sweep, with the same --job and --args, --with celery:threads --concurrency "
        "32,64,128); "
        "an `async def` that does the same (--async-job): the function waits for 99 % of its time, which "
        "celery:asyncio could then await."
    )


def test_a_workload_of_the_labs_own_has_no_recommendation() -> None:
    what = compared(None, THREADS)
    assert give_advice(what, what.workloads[0], summaries(what, what.workloads[0])) is None


def test_the_fastest_is_recommended_where_every_other_is_shown_to_be_slower() -> None:
    chosen = choice(compared(SLEEPS, HELD, THREADS))
    assert chosen.certainty is Certainty.SHOWN
    assert (str(chosen.figures.contender), chosen.figures.runs) == ("celery:threads@32", 5)
    assert chosen.figures.throughput == pytest.approx(JOBS / 0.12, rel=0.01)
    assert chosen.runner_up is not None
    assert str(chosen.runner_up.contender) == "celery:gevent@32"
    assert chosen.ratio is not None
    assert chosen.ratio.value == pytest.approx(3.2 / 0.12, rel=0.01)
    assert chosen.ratio.shown


def test_a_design_in_this_process_is_never_recommended_nor_ruled_out() -> None:
    what = compared(SLEEPS, ran("threads@64", 0.05, 64), THREADS)
    assert str(choice(what).figures.contender) == "celery:threads@32"
    assert advice(what).recommendation.ruled_out == ()
    assert choice(what).certainty is Certainty.ALONE


def test_of_those_that_the_interval_does_not_separate_the_cheaper_in_memory_is_recommended() -> None:
    noisy = (1.0, 1.2, 0.9, 1.1, 0.85)
    what = compared(
        SLEEPS,
        ran("celery:gevent@32", 0.12, 32, memory_mib=240),
        ran("celery:threads@32", 0.122, 32, memory_mib=80, rounds=noisy),
    )
    chosen = choice(what)
    assert (chosen.certainty, str(chosen.figures.contender)) == (Certainty.ALIKE, "celery:threads@32")
    assert chosen.alike == (ContenderName("celery:gevent", 32),)
    assert chosen.ratio is not None
    assert not chosen.ratio.shown
    assert "The interval does not separate it from celery:gevent@32 (533 jobs/s" in text(what)
    assert ": it is the cheaper in memory, 80.0 MiB and not 240 MiB." in text(what)


def test_of_those_alike_whose_memory_nobody_saw_the_shortest_median_is_recommended() -> None:
    noisy = (1.0, 1.2, 0.9, 1.1, 0.85)
    what = compared(
        SLEEPS,
        ran("celery:gevent@32", 0.12, 32, memory_mib=None),
        ran("celery:threads@32", 0.122, 32, memory_mib=None, rounds=noisy),
    )
    assert str(choice(what).figures.contender) == "celery:gevent@32"
    assert "memory" not in text(what)


def test_from_fewer_than_five_runs_nothing_is_claimed() -> None:
    few = ROUNDS[:4]
    what = compared(
        SLEEPS,
        ran("celery:threads@32", 0.12, 32, rounds=few),
        ran("celery:prefork@2", 1.7, 2, rounds=few, memory_mib=20),
    )
    assert choice(what).certainty is Certainty.PROVISIONAL
    assert advice(what).recommendation.ruled_out == ()
    assert text(what).startswith("Provisionally use celery:threads@32: ")
    assert "From fewer than 5 runs nothing is claimed: --rounds 5 makes it firm." in text(what)
    assert "The runner-up, celery:prefork@2 (" in text(what)
    assert "took 14.2 times as long, with 2 slots against 32." in text(what)
    assert "slower" not in text(what)


def test_the_runner_up_is_of_another_pool_where_there_is_one() -> None:
    others = ran("celery:threads@16", 0.24, 16), ran("celery:prefork@2", 1.7, 2)
    chosen = choice(compared(SLEEPS, THREADS, *others))
    assert chosen.runner_up is not None
    assert str(chosen.runner_up.contender) == "celery:prefork@2"
    alone = choice(compared(SLEEPS, THREADS, others[0]))
    assert alone.runner_up is not None
    assert str(alone.runner_up.contender) == "celery:threads@16"


def test_one_pool_alone_is_compared_with_nobody() -> None:
    what = compared(SLEEPS, THREADS)
    assert choice(what).certainty is Certainty.ALONE
    assert "There is no other to compare it with: name more pools (--with)." in text(what)


def test_without_a_celery_pool_it_says_which_to_ask_for() -> None:
    what = compared(SLEEPS, ran("threads@32", 0.12, 32))
    assert advice(what).command == ""
    assert text(what) == (
        "No pool can be recommended: none was compared. Ask for some: --with celery:prefork,celery:threads,"
        "celery:gevent,celery:eventlet,celery:asyncio."
    )


def test_without_a_valid_run_it_says_what_to_mend() -> None:
    broken = replace(SLEEPS, failed=3, failure="ConnectionRefusedError: nobody answers")
    what = compared(broken, ran("celery:threads@32", 0.12, 32, problems=["64 jobs failed; job 0: no"]))
    assert text(what) == (
        "No pool can be recommended: none did all the jobs in every run. Ruled out: celery:threads@32: 5 of "
        "5 runs invalid: round 1: 64 jobs failed; job 0: no. The function failed alone, too, in 3 of 20 "
        "calls: ConnectionRefusedError: nobody answers. Mend that, or compare other pools, and compare again."
    )


def test_a_leak_is_given_to_prefork_with_what_that_costs() -> None:
    what = compared(
        LEAKS,
        ran("celery:prefork@8", 0.42, 8),
        ran("celery:threads@32", 0.3, 32),
        ran("celery:gevent@32", 0.43, 32),
    )
    chosen = choice(what)
    assert (chosen.certainty, str(chosen.figures.contender)) == (Certainty.FOR_LEAK, "celery:prefork@8")
    assert chosen.replace_after == 100
    assert advice(what).command == (
        "celery -A shop.tasks worker --pool=prefork --concurrency=8 --max-tasks-per-child=100"
    )
    assert "The fastest, celery:threads@32 (213 jobs/s, " in text(what)
    assert (
        "takes 0.71 (0.71–0.71) of its time, with 32 slots against 8. The function leaks: 1.00 MiB more with "
        "each job, 9.77 GiB " in text(what)
    )
    assert "only prefork can replace its processes, here after 100 jobs each" in text(what)


def test_a_leak_is_not_given_to_a_prefork_that_takes_more_than_twice_as_long() -> None:
    what = compared(LEAKS, ran("celery:prefork@2", 1.7, 2), ran("celery:threads@32", 0.12, 32))
    assert str(choice(what).figures.contender) == "celery:threads@32"
    assert (
        "The function leaks: 1.00 MiB more with each job, 9.77 GiB after 10,000 jobs, in a process that "
        "nothing replaces: restart the worker in time." in text(what)
    )


def test_a_leak_is_not_given_to_a_far_slower_prefork_from_few_runs_either() -> None:
    few = ROUNDS[:3]
    slow, fast = ran("celery:prefork@2", 1.7, 2, rounds=few), ran("celery:threads@32", 0.12, 32, rounds=few)
    chosen = choice(compared(LEAKS, slow, fast))
    assert (chosen.certainty, str(chosen.figures.contender)) == (
        Certainty.PROVISIONAL,
        "celery:threads@32",
    )


def test_processes_that_are_replaced_already_keep_their_number() -> None:
    name = ContenderName("celery:prefork", 8, options=(("max-tasks-per-child", "50"),))
    what = compared(LEAKS, ran(name, 0.42, 8), ran("celery:threads@8", 0.43, 8))
    assert choice(what).replace_after is None
    assert advice(what).command.endswith("--concurrency=8 --max-tasks-per-child=50")
    assert "; its processes are replaced." in text(what)
