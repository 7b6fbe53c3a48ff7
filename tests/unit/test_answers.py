"""The course's questions are answered with the reader's own numbers, or not at all."""

from __future__ import annotations

from dataclasses import replace

from producer.results import Run
from producer.show.charts.answers import answer_questions
from producer.show.charts.claims import compare
from producer.words import SPACE
from tests.charted import compared, entry, one_after_the_other, placed
from tests.made import MACHINE


def evidence(*runs: Run, wait_s: float = 0.9, work_s: float = 0.1, gil: bool = True) -> list[list[str]]:
    """What is said on each question."""
    machine = replace(MACHINE, gil=gil)
    _, field = compared(*runs, wait_s=wait_s, work_s=work_s)
    return [
        [answer.general, *(line.replace(SPACE, " ") for line in answer.evidence)]
        for answer in answer_questions([field], machine)
    ]


def all_open(contender: str, rounds: int = 5) -> list[Run]:
    """Runs of four jobs in one process, all open at once."""
    return [placed([(1, 0, 0, 1 + 0.01 * round_)] * 4, contender, round_) for round_ in range(1, rounds + 1)]


def test_waiting_jobs_answer_what_async_is_and_when_it_is_faster() -> None:
    idea, when, gil, which = evidence(*one_after_the_other("serial", 4.0), *all_open("asyncio@4"))
    assert idea[1] == (
        "waits: its 4 jobs wait for 3.60 s in all. asyncio@4 kept up to 4 of them open at the same time in "
        "1 process and needed 1.03 s; serial, which has one slot and waits for each in turn, needed 4.00 s."
    )
    assert when[1].startswith(
        "waits: done alone, its jobs keep the CPU busy for 10 % of their time; asyncio@4 was 3.88 times as "
        "fast as serial (3."
    )
    assert gil[1].startswith("This comparison cannot tell.")
    assert which[1].startswith("This comparison cannot tell.")


def test_computing_jobs_answer_what_the_gil_does() -> None:
    runs = [
        *one_after_the_other("serial", 4.0),
        *one_after_the_other("threads@2", 4.0, wobble=-0.01),
        *one_after_the_other("processes@2", 2.0),
    ]
    idea, _, gil, which = evidence(*runs, wait_s=0.0, work_s=1.0)
    assert idea[1].startswith("This comparison cannot tell.")
    assert "here it was on." in gil[0]
    assert gil[1].startswith(
        "waits, which computes, on 2 cores with the GIL on: no difference between threads@2 and serial is "
        "shown; processes@2 was 2.00 times as fast as serial ("
    )
    assert which[1].startswith("waits: processes@2 was 2.00 times as fast as threads@2 (")
    assert which[1].endswith("; threads@2 used 20 MiB, processes@2 20 MiB.")


def test_jobs_too_small_to_show_the_gil_are_told_from_others() -> None:
    runs = [*one_after_the_other("serial", 0.0008), *one_after_the_other("threads@2", 0.004)]
    _, _, gil, _ = evidence(*runs, wait_s=0.0, work_s=0.0001)
    assert gil[1].startswith(
        "waits, which computes (in jobs of 100 µs, which what surrounds them outweighs), on 2"
    )


def test_without_a_gil_threads_may_use_all_cores() -> None:
    _, _, gil, _ = evidence(*one_after_the_other("serial", 4.0), gil=False)
    assert "here it was off: threads may use all 2 cores." in gil[0]


def test_each_interpreter_is_answered_for() -> None:
    ways = ("serial", "asyncio@4", "threads@2")
    names = [f"{name} [{tag}]" for tag in ("3.13", "3.14t") for name in ways]
    runs = [replace(run, gil="3.14t" not in name) for name in names for run in all_open(name)]
    _, when, gil, _ = evidence(*runs, wait_s=0.0, work_s=1.0)
    assert len(when[1:]) == 2
    assert sorted(line.partition(":")[0] for line in gil[1:]) == [
        "waits, which computes, on 2 cores with the GIL off",
        "waits, which computes, on 2 cores with the GIL on",
    ]
    assert "A free-threaded build can do without it." in gil[0]


def test_comparisons_claim_no_more_than_the_runs_show() -> None:
    serial = entry(*one_after_the_other("serial", 4.0))
    assert compare(serial, entry(*one_after_the_other("threads@2", 1.0))).startswith(
        f"serial was slower, at 25{SPACE}% of the speed of threads@2 (25{SPACE}% to 25{SPACE}% with"
    )
    few = entry(*one_after_the_other("threads@2", 1.0, rounds=2, wobble=0))
    assert compare(few, serial) == (
        "threads@2 was 3.94 times as fast as serial (in 2 rounds, too few to claim it)"
    )
    alike = entry(*one_after_the_other("threads@2", 4.0, wobble=-0.01))
    assert compare(alike, serial) == "no difference between threads@2 and serial is shown"
    invalid = entry(placed([], "threads@2", problems=["died"]))
    assert "have no valid round in common" in compare(serial, invalid)


def with_slots(runs: list[Run], slots: int) -> list[Run]:
    """The same runs, of a contender with so many slots."""
    return [replace(run, slots=slots) for run in runs]


def test_unlike_is_not_compared_with_unlike_unsaid() -> None:
    serial = entry(*with_slots(one_after_the_other("serial", 4.0), 1))
    threads = entry(*with_slots(one_after_the_other("threads@32", 1.0), 32))
    assert compare(threads, serial).endswith("confidence), with 32 slots against 1")
    assert "against" not in compare(threads, entry(*with_slots(one_after_the_other("asyncio@32", 2.0), 32)))


def test_a_pair_with_as_many_slots_says_what_the_slots_do_not() -> None:
    runs = [
        *with_slots(one_after_the_other("threads@32", 1.0), 32),
        *with_slots(one_after_the_other("processes@2", 11.0), 2),
    ]
    *_, which = evidence(*runs)
    assert which[1].startswith("waits: threads@32 was 11.0 times as fast as processes@2 (")
    assert "confidence), with 32 slots against 2; threads@32 used" in which[1]
    *_, which = evidence(*runs, *with_slots(one_after_the_other("threads@2", 11.05, wobble=-0.01), 2))
    assert (
        "with 32 slots against 2; slot for slot, no difference between threads@2 and processes@2 is shown"
        in which[1]
    )
