"""Each sentence under a chart is true for the data it is said of, in each of its wordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from producer.results import Run
from producer.show.charts import costs, latencies, makespans, memory, pace, timeline, waits
from producer.show.charts.entries import Entry
from producer.show.report.figures import make_charts
from producer.show.svg.rows import WIDE
from producer.words import SPACE
from tests.charted import Span, compared, entry, one_after_the_other, placed
from tests.made import MACHINE


def entries(*runs: Run, wait_s: float = 1.0) -> Sequence[Entry]:
    """The contenders of these runs."""
    return compared(*runs, wait_s=wait_s)[1].entries


def plain(sentence: str | None) -> str:
    """The sentence with ordinary spaces."""
    assert sentence is not None
    return sentence.replace(SPACE, " ")


def on_timeline(
    spans: Sequence[Span], contender: str = "threads@2", wait_s: float = 0.0, gil: bool = True
) -> str:
    """The sentence under the timeline of these jobs, each of which takes a second alone."""
    machine = replace(MACHINE, gil=gil)
    _, field = compared(placed(spans, contender), wait_s=wait_s, work_s=1 - wait_s, machine=machine)
    line = timeline.derive(field.entries[0])
    assert line is not None
    return timeline.describe(line, field)


def on_makespans(*runs: Run, wait_s: float = 0.1) -> str:
    """The sentence under the makespans."""
    return plain(makespans.describe(makespans.derive(entries(*runs, wait_s=wait_s))))


def test_without_a_valid_run_nothing_is_said_of_numbers() -> None:
    _, field = compared(placed([], problems=["died"]))
    assert make_charts(field) == []


def test_one_contender_is_compared_with_its_limit_only() -> None:
    # Two slots, four jobs of 0.1 s alone: 0.2 s is the limit.
    assert on_makespans(*one_after_the_other("serial", 1.0)) == (
        "serial took 1.00 s; serial reached 20 % of its estimated limit."
    )


def test_a_difference_that_the_runs_show_is_claimed() -> None:
    sentence = on_makespans(*one_after_the_other("serial", 4.0), *one_after_the_other("threads@2", 1.0))
    assert sentence == (
        "threads@2 was the shortest with 1.00 s, serial the longest with 4.00 s, 4.00 times as long; that "
        "threads@2 is faster than serial is shown; threads@2 reached 20 % of its estimated limit."
    )


def test_contenders_with_other_slots_are_compared_with_a_word_on_them() -> None:
    few = [replace(run, slots=1) for run in one_after_the_other("serial", 4.0)]
    sentence = on_makespans(*few, *one_after_the_other("threads@2", 1.0))
    assert "serial the longest with 4.00 s, 4.00 times as long, with 1 slot against 2; that" in sentence
    assert "that threads@2 is faster than serial, with 2 slots against 1, is shown" in sentence


def test_a_factor_is_that_of_the_rounds_as_in_the_table() -> None:
    fast = [one_after_the_other("threads@2", s, 1)[0] for s in (1.0, 1.0, 1.0, 8.0, 8.0)]
    slow = [one_after_the_other("serial", s, 1)[0] for s in (8.0, 8.0, 8.0, 8.0, 8.0)]
    runs = [replace(run, round=round_) for each in (fast, slow) for round_, run in enumerate(each, 1)]
    # The medians are 8 apart; round by round it is 8 three times and 1 twice, 3.48 in the geometric mean.
    assert "serial the longest with 8.00 s, 3.48 times as long (mean of the rounds)" in on_makespans(*runs)


def test_a_difference_that_the_runs_do_not_show_is_not_claimed() -> None:
    fast = one_after_the_other("threads@2", 1.0, wobble=0.2)
    slow = one_after_the_other("serial", 1.02, wobble=-0.2)
    assert "between threads@2 and serial no difference is shown" in on_makespans(*fast, *slow)


@pytest.mark.parametrize(("rounds", "words"), [(1, "1 run of each is"), (3, "3 runs of each are")])
def test_few_runs_claim_nothing(rounds: int, words: str) -> None:
    runs = [*one_after_the_other("serial", 4.0, rounds), *one_after_the_other("threads@2", 1.0, rounds)]
    assert f"{words} too few to claim a difference" in on_makespans(*runs)


def test_who_beats_the_limit_is_not_believed() -> None:
    sentence = on_makespans(*one_after_the_other("serial", 1.0), wait_s=1.0)
    assert "serial was faster than its estimated limit, which nothing can be" in sentence


def test_who_beats_a_limit_of_another_python_is_not_called_impossible() -> None:
    sentence = on_makespans(*one_after_the_other("threads@2 [3.14]", 1.0), wait_s=1.0)
    assert (
        "threads@2 [3.14] was faster than its limit, which was measured under the Python that simul"
        in sentence
    )
    assert "nothing can be" not in sentence


def reading(*runs: Run, wait_s: float = 0.1, work_s: float = 0.0) -> str:
    """How the makespans are to be read."""
    made = makespans.chart(compared(*runs, wait_s=wait_s, work_s=work_s)[1])
    assert made is not None
    return plain(made.reading)


def test_that_nobody_came_left_of_the_diamond_is_only_said_where_nobody_did() -> None:
    slow, fast = one_after_the_other("threads@2", 1.0), one_after_the_other("processes@2", 0.3)
    assert reading(*slow).endswith(
        "The diamond is the limit, as estimated from the fastest of what was measured (only once, so nobody "
        "knows how sure it is): no run came left of it."
    )
    assert reading(*slow, *fast, wait_s=0.2).endswith(
        "Nothing can come left of it, and runs of processes@2 did: there it is estimated too high."
    )
    # Serial measures the work five more times, from 98 to 102 % of a second.
    serial = one_after_the_other("serial", 4.0)
    slower = one_after_the_other("threads@2", 5.0)
    sure = reading(*slower, *serial, work_s=1.0, wait_s=0.0)
    assert "(it may be 1 % too high): no run came left of it." in sure


def test_what_the_gil_holds_to_one_core_has_a_limit_of_its_own() -> None:
    def describe(contender: str) -> str:
        run = replace(placed([(1, 0, 0, 5), (1, 0, 0, 5)], contender), gil=True)
        _, field = compared(run, wait_s=0.0, work_s=1.0)
        [bar] = makespans.derive(field.entries)
        drawn = makespans.draw([bar], WIDE).svg("")
        assert ("limit on one core" in drawn) is (bar.one_core_limit_s is not None)
        return plain(makespans.describe([bar]))

    reached = "reached 20 % of its estimated limit"
    assert describe("processes@2") == f"processes@2 took 5.00 s; processes@2 {reached}."
    assert describe("threads@2").endswith(
        f"threads@2 {reached}, and 40 % of what is left of it where the GIL holds each process to one core."
    )
    assert "where its one thread holds each process to one core" in describe("asyncio@2")


def test_an_only_job() -> None:
    assert on_timeline([(1, 0, 0, 1)], "serial") == (
        "serial did its only job in one process: there was nothing to be done at the same time."
    )


def test_one_job_at_a_time() -> None:
    assert on_timeline([(1, 0, 0, 1), (1, 0, 1, 2)], "serial") == (
        "serial did one job at a time in one process: every other job waited for it."
    )


def test_one_job_at_a_time_on_a_busy_machine() -> None:
    sentence = on_timeline([(1, 0, 0, 3), (1, 0, 3, 6)])
    assert (
        "their times add up to 3.00 times what they are alone: something besides these jobs kept" in sentence
    )


def test_jobs_that_do_not_hold_each_other_up() -> None:
    assert on_timeline([(1, 0, 0, 1), (2, 0, 0, 1.2)]) == (
        "threads@2 had up to 2 jobs open at the same time in 2 processes; their times add up to 1.10 times "
        "what they are alone, so they hardly held each other up."
    )


def test_jobs_that_hold_each_other_up_a_little() -> None:
    assert on_timeline([(1, 0, 0, 1.4), (2, 0, 0, 1.2)]).endswith(
        "their times add up to 1.30 times what they are alone, so they held each other up a little."
    )


def test_jobs_that_were_alone_on_a_slower_machine() -> None:
    assert on_timeline([(1, 0, 0, 0.8), (1, 0, 0, 0.8)]).endswith(
        "their times add up to 0.80 times what they are alone: alone they were done more slowly than "
        "here, so whether they held each other up cannot be said."
    )


@pytest.mark.parametrize(
    ("contender", "processes", "wait_s", "gil", "words"),
    [
        ("threads@2", (1, 1), 0.0, True, "the GIL lets one of them run Python at a time"),
        ("threads@2", (1, 1), 0.0, False, "open at the same time is not running at the same time"),
        ("processes@2", (1, 2), 0.0, True, "open at the same time is not running at the same time"),
        ("asyncio@2 [3.14t]", (1, 1), 0.0, False, "one thread does them all"),
        ("threads@2", (1, 1), 0.9, True, "what each waited for was over before it had its turn again"),
    ],
)
def test_jobs_that_take_turns(
    contender: str, processes: tuple[int, int], wait_s: float, gil: bool, words: str
) -> None:
    sentence = on_timeline([(worker, 0, 0, 2) for worker in processes], contender, wait_s, gil)
    assert "their times add up to 2.00 times what they are alone" in sentence
    assert words in sentence


def test_more_than_taking_turns_is_not_blamed_on_the_gil() -> None:
    sentence = on_timeline([(1, 0, 0, 4), (1, 0, 0, 4)])
    assert "GIL" not in sentence
    assert "something besides these jobs kept the machine busy" in sentence


def test_what_taking_turns_does_not_explain_is_not_blamed_on_the_gil_alone() -> None:
    sentence = on_timeline([(1, 0, 0, 2.5), (1, 0, 0, 2.5)])
    assert "their times add up to 2.50 times what they are alone: the GIL lets one of them run" in sentence
    assert sentence.endswith(
        ". But 2 that take turns take 2 times as long at most: the rest is something else, such as "
        "changing from one to another."
    )
    assert "at most" not in on_timeline([(1, 0, 0, 2), (1, 0, 0, 2)])


def test_tiny_jobs_are_not_said_to_be_held_up_by_other_programs() -> None:
    def describe(cpu_s: float) -> str:
        spans = [(1, 0, place * 0.001, place * 0.001 + 0.0005) for place in range(10)]
        _, field = compared(placed(spans, "celery:gevent@2", cpu_s=cpu_s), wait_s=0.0, work_s=0.0001)
        line = timeline.derive(field.entries[0])
        assert line is not None
        return plain(timeline.describe(line, field))

    assert "what they are alone: on a job of 100 µs, celery:gevent@2 spent 2.00 ms of CPU time" in (
        describe(0.02)
    )
    # Less than a tick of the system's clock, for all ten jobs, says nothing of one.
    assert "of a job of 100 µs, the records cannot tell what it was" in describe(0.006)
    assert "of a job of 100 µs, the records cannot tell what it was" in describe(0.001)
    assert "something besides" not in describe(0.001) + describe(0.02)


def test_tiny_jobs_that_ran_all_the_time_were_not_held_up() -> None:
    spans: list[Span] = [(1, 0, place * 0.001, place * 0.001 + 0.0005) for place in range(10)]
    made = placed(spans, "celery:solo", cpu_s=0.03, shares=[0.9] * 10)
    _, field = compared(made, wait_s=0.0, work_s=0.0001)
    line = timeline.derive(field.entries[0])
    assert line is not None
    assert "alone, where the fastest of up to three times counts, computed for 450 µs here" in plain(
        timeline.describe(line, field)
    )


def test_only_a_thinned_timeline_says_so() -> None:
    few = timeline.derive(entry(placed([(1, 0, 0, 1)])))
    many = timeline.derive(entry(placed([(1, 0, place, place + 1) for place in range(100)])), max_blocks=10)
    assert few is not None
    assert many is not None
    assert timeline.describe_thinning(few) is None
    assert timeline.describe_thinning(many) == (
        "Thinned: 100 jobs are drawn as 10 bars, each of up to 10 neighbours in one lane; the paler a bar, "
        "the longer its lane stood idle within it."
    )


def on_latencies(*runs: Run) -> str:
    """The sentence under the latencies."""
    spreads = latencies.derive(entries(*runs))
    assert spreads is not None
    return plain(latencies.describe(spreads))


def test_latencies_of_few_jobs_and_of_many() -> None:
    assert on_latencies(placed([(1, 0, 0, 1)])) == (
        "With threads@2 the only job was done 1.00 s after it was enqueued."
    )
    few = one_after_the_other("threads@2", 0.4, 1)
    assert on_latencies(*few) == (
        "With threads@2 half of the jobs were done within 250 ms of being enqueued, all within 400 ms."
    )
    many = placed([(1, 0, 0, place) for place in range(101)])
    assert on_latencies(many) == (
        "With threads@2 half of the jobs were done within 50.0 s of being enqueued, 99 of 100 within 99.0 s."
    )


def test_latencies_of_the_slowest_too() -> None:
    first = placed([(1, 0, 0, 0.1)] * 100)
    few = on_latencies(first, *one_after_the_other("serial", 8.0, 1))
    assert few.endswith("; with serial the slowest took 8.00 s.")
    many = on_latencies(first, placed([(1, 0, 0, place) for place in range(101)], "serial"))
    assert many.endswith("; with serial the slowest hundredth took 99.0 s or longer.")


def test_the_slots_of_others_are_told_beside_latencies_and_pace() -> None:
    few = [replace(run, slots=1) for run in one_after_the_other("serial", 8.0, 1)]
    assert "; with serial, with 1 slot against 2, the slowest took" in on_latencies(
        placed([(1, 0, 0, 0.1)] * 100), *few
    )
    even = placed([(1, 0, at, at + 1) for at in range(100)], "serial")
    burst = placed([(1, 0, 0, 100)] * 100, "threads@2")
    said = pace.describe(pace.derive(entries(replace(even, slots=1), burst)))
    assert "; serial, with 1 slot against 2, kept the evenest pace" in said


def test_waits_everywhere_nowhere_and_somewhere() -> None:
    waited, at_once = placed([(1, 0, 9, 10)], "serial"), placed([(1, 0, 0, 1)], "threads@2")

    def describe(*runs: Run) -> str:
        return plain(waits.describe(waits.derive(entries(*runs))))

    assert describe(waited).startswith(
        "Everywhere an average job spent most of its latency in the queue; with serial 90 %."
    )
    assert describe(at_once).startswith(
        "Nowhere did an average job spend most of its latency in the queue; with threads@2 0 % at most."
    )
    assert describe(waited, at_once).startswith(
        "With 1 of 2 contenders an average job spent most of its latency"
    )


def test_service_that_is_stretched_and_service_that_is_not() -> None:
    def describe(length: float) -> str:
        return waits.describe(waits.derive(entries(placed([(1, 0, 0, length)]))))

    assert describe(3).endswith("Doing a job took longest with threads@2: 3.00 times what it takes alone.")
    assert describe(1.21).endswith("Doing a job took at most 1.21 times what it takes alone.")
    assert describe(0.5).endswith("Doing a job took at most 1.00 times what it takes alone.")


@pytest.mark.parametrize(("jobs", "words"), [(1, "1 job in a run is"), (39, "39 jobs in a run are")])
def test_few_jobs_have_no_pace(jobs: int, words: str) -> None:
    few = placed([(1, 0, place, place + 1) for place in range(jobs)])
    sentence = pace.describe(pace.derive(entries(few)))
    assert sentence == f"{words} too few to speak of a pace."


def test_an_even_pace_a_burst_and_both() -> None:
    even = placed([(1, 0, place, place + 1) for place in range(100)], "serial")
    burst = placed([(1, 0, 0, 100)] * 50 + [(1, 0, 0, 1)] * 50, "threads@2")
    worse = placed([(1, 0, 0, 100)] * 100, "processes@2")

    def describe(*runs: Run) -> str:
        return plain(pace.describe(pace.derive(entries(*runs))))

    assert describe(even).startswith("All kept an even pace: no tenth of a run finished more than 1")
    assert (
        describe(burst)
        == "threads@2 did not keep an even pace: for 99 % of its run none finished, and the busiest tenth of "
        "its run finished 50 % of the jobs."
    )
    assert "; serial kept the evenest pace, with 1" in describe(even, burst)
    assert "; threads@2 came closest to an even pace, with 50 % in its busiest tenth" in describe(
        burst, worse
    )


def test_a_run_in_which_nothing_ended_for_a_while_kept_no_even_pace() -> None:
    def steadily(contender: str, pause_s: float) -> Run:
        """A hundred jobs at equal distances, and a pause in their middle."""
        ends = [place + 1 + pause_s * (place >= 50) for place in range(100)]
        return placed([(1, 0, end - 1, end) for end in ends], contender)

    def describe(*runs: Run) -> str:
        return plain(pace.describe(pace.derive(entries(*runs))))

    # None of their tenths has more than 13 of the jobs: it is the pause that makes the difference.
    assert describe(steadily("serial", 20.0)) == (
        "serial did not keep an even pace: for 18 % of its run none finished, and the busiest tenth of its "
        "run finished 13 % of the jobs."
    )
    assert describe(steadily("serial", 20.0), steadily("threads@2", 0.0)).endswith(
        "; threads@2 kept the evenest pace, with 11 % in its busiest tenth, and no pause longer than 1 % of "
        "its run."
    )


def test_costs_of_the_fastest_and_of_the_others() -> None:
    fast = placed([(1, 0, 0, 1)], "threads@2", memory_bytes=30 * 2**20, cpu_s=0.1)
    slow = placed([(1, 0, 0, 2)], "serial", memory_bytes=20 * 2**20, cpu_s=0.2)

    def describe(*runs: Run) -> list[str]:
        derived = costs.derive(entries(*runs))
        return [plain(costs.describe(derived)), plain(memory.describe(derived))]

    assert describe(fast, slow) == [
        "The fastest, threads@2, needed the least CPU time for a job, 100 ms; serial the most, 200 ms.",
        "serial needed the least memory, 20 MiB; threads@2 the most, 30 MiB. No other was both faster and "
        "smaller than threads@2 and serial.",
    ]
    assert describe(fast) == [
        "The fastest, threads@2, needed 100 ms of CPU time for a job.",
        "The fastest, threads@2, needed 30 MiB of memory.",
    ]
    assert describe(fast, replace(slow, cpu_s=0.006))[0] == (  # fewer than a tick of the system's clock
        "Among those whose CPU time was seen, the fastest, threads@2, needed 100 ms of CPU time for a job. "
        "That of serial was out of sight, or less than the system counts in (10 ms a run)."
    )
    assert describe(replace(fast, cpu_s=0.1), replace(slow, cpu_s=0.109))[0] == (  # as good as the same
        "All needed about as much CPU time for a job: 100 ms to 109 ms."
    )
    third = placed([(1, 0, 0, 3)], "asyncio@2", cpu_s=0.3)
    assert describe(replace(fast, cpu_s=0.1), replace(slow, cpu_s=0.109), third)[0] == (
        "threads@2 and serial needed the least CPU time for a job, 100 ms to 109 ms; asyncio@2 the most, "
        "300 ms."
    )
    [unseen, _] = describe(placed([(1, 0, 0, 1)], memory_bytes=None), fast)
    assert unseen.startswith("The fastest, threads@2, needed 100 ms")
    nothing = costs.derive(entries(placed([(1, 0, 0, 1)], memory_bytes=None)))
    assert (
        costs.describe(nothing) == "The CPU time of the contenders was out of sight, or too short to be seen."
    )
