"""The GIL is shown and named only where it is why jobs stood still."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from producer.results import Run
from producer.show.charts import gil
from producer.show.charts.entries import Field
from producer.show.svg.rows import NARROW, WIDE
from tests.advised import SLEEPS
from tests.charted import Span, compared, placed
from tests.made import MACHINE


def side_by_side(slots: int, each_s: float, processes: bool, jobs: int = 8) -> list[Span]:
    """Jobs in so many slots, one after the other in each, all of one length."""
    return [
        (1 + job % slots if processes else 1, 0.0, job // slots * each_s, (job // slots + 1) * each_s)
        for job in range(jobs)
    ]


def threads(share: float, name: str = "threads@2", *, slots: int = 2, has_gil: bool = True) -> Run:
    """Threads of which each job took so long that it ran a second, for this share of its time."""
    spans = side_by_side(slots, 1 / share, processes=False)
    return of_slots(placed(spans, name, shares=[share] * len(spans), gil=has_gil), slots)


def processes(share: float, name: str = "processes@2", *, slots: int = 2, has_gil: bool = True) -> Run:
    """The same in processes."""
    spans = side_by_side(slots, 1 / share, processes=True)
    return of_slots(placed(spans, name, shares=[share] * len(spans), gil=has_gil), slots)


def of_slots(run: Run, slots: int) -> Run:
    """The run, of a contender with so many slots."""
    return replace(run, slots=slots)


def field(*runs: Run, work_s: float = 1.0, wait_s: float = 0.0, cores: int = 2) -> Field:
    """These contenders on jobs that compute for a second."""
    machine = replace(MACHINE, cores=cores)
    return compared(*runs, work_s=work_s, wait_s=wait_s, machine=machine)[1]


def told(*runs: Run, cores: int = 2) -> str:
    """What is said of them."""
    chart = gil.chart(field(*runs, cores=cores))
    assert chart is not None
    return chart.sentence.replace("\u00a0", " ")


def test_threads_that_take_turns_are_told_apart_from_processes_that_do_not() -> None:
    assert told(threads(0.5), processes(0.97)) == (
        "With threads@2 a job ran for 50 % of its time (2 threads share one GIL and take turns); "
        "with processes@2 for 97 %."
    )


def test_a_python_without_a_gil_stands_beside_the_others() -> None:
    runs = [
        threads(0.5, "threads@2 [3.13]"),
        processes(0.97, "processes@2 [3.13]"),
        threads(0.96, "threads@2 [3.13t]", has_gil=False),
        processes(0.95, "processes@2 [3.13t]", has_gil=False),
    ]
    assert told(*runs) == (
        "With threads@2 [3.13] a job ran for 50 % of its time (2 threads share one GIL and take turns); "
        "with threads@2 [3.13t], without a GIL, for 96 %; with processes@2 [3.13] for 97 %; "
        "with processes@2 [3.13t], without a GIL, for 95 %."
    )


def test_threads_without_a_gil_are_never_said_to_share_one() -> None:
    runs = threads(0.5, "threads@2", has_gil=False), processes(0.97, has_gil=False)
    assert "share" not in told(*runs)
    assert "GIL's" not in told(*runs)
    assert "The jobs of threads@2 ran less than the cores allow: " in told(*runs)


def test_too_few_cores_are_not_blamed_on_the_gil() -> None:
    runs = threads(0.25, "threads@4", slots=4), processes(0.25, "processes@4", slots=4)
    sentence = told(*runs, cores=1)
    assert sentence == (
        "With threads@4 a job ran for 25 % of its time; with processes@4 for 25 %. "
        "On 1 core no more jobs than that can run at once, and up to 4.00 were open."
    )


def test_with_more_slots_than_cores_both_reasons_are_told() -> None:
    sentence = told(threads(0.25, "threads@4", slots=4), processes(0.5, "processes@4", slots=4))
    assert "threads@4 a job ran for 25 % of its time (4 threads share one GIL and take turns)" in sentence
    assert "with processes@4 for 50 %. On 2 cores no more jobs than that can run at once" in sentence


def test_a_busy_machine_is_not_blamed_on_the_gil() -> None:
    # Two cores, of which others had more than one.
    assert told(threads(0.25), processes(0.25)) == (
        "With threads@2 a job ran for 25 % of its time; with processes@2 for 25 %. "
        "All of them ran less than the cores allow: other work on the machine, or "
        "something they waited for, kept them from it; how much of it is the GIL's cannot be told."
    )
    chart = gil.chart(field(threads(0.25), processes(0.25)))
    assert chart is not None
    assert chart.title == "When a job really ran"
    # One core's worth, and nobody had more: who is to say that there was more?
    assert "take turns" not in told(threads(0.5), processes(0.5))


def test_a_function_that_works_without_the_gil_is_not_said_to_wait_for_it() -> None:
    of = field(threads(0.5), processes(0.97))
    for held, is_blamed in ((0.9, True), (0.02, False), (None, True)):
        facts = replace(SLEEPS, gil_held=held)
        workload = replace(of.workload, facts=facts)
        chart = gil.chart(replace(of, workload=workload))
        assert chart is not None
        assert ("take turns" in chart.sentence) is is_blamed


@pytest.mark.parametrize(
    "runs",
    [
        [threads(0.5)],
        [processes(0.9)],
        [threads(0.5), processes(0.9, "processes@4", slots=4)],  # other slots
        [threads(0.5), placed(side_by_side(2, 1.0, processes=True), "processes@2")],  # nobody knows how long
        [threads(0.5, "celery:threads@2"), processes(0.9)],  # not of one kind
    ],
)
def test_what_cannot_be_compared_is_not_drawn(runs: Sequence[Run]) -> None:
    assert gil.chart(field(*runs)) is None


def test_jobs_that_wait_have_no_such_chart() -> None:
    assert gil.chart(field(threads(0.5), processes(0.9), wait_s=1.0, work_s=0.01)) is None


def test_celery_pools_are_shown_where_there_are_no_designs() -> None:
    sentence = told(threads(0.5, "celery:threads@2"), processes(0.9, "celery:prefork@2"))
    assert sentence.startswith(
        "With celery:threads@2 a job ran for 50 % of its time (2 threads share one GIL"
    )


def test_of_several_concurrencies_the_one_with_a_core_for_each_slot_is_shown() -> None:
    both = [threads(0.5), threads(0.25, "threads@4", slots=4)]
    others = [processes(0.9), processes(0.5, "processes@4", slots=4)]
    assert [panel.name for panel in gil.derive_panels(field(*both, *others))] == ["threads@2", "processes@2"]
    assert [panel.name for panel in gil.derive_panels(field(*both, *others, cores=4))] == [
        "threads@4",
        "processes@4",
    ]


def test_all_lanes_lie_on_one_axis_and_bars_are_filled_as_high_as_they_ran() -> None:
    chart = gil.chart(field(threads(0.5), processes(1.0)))
    assert chart is not None
    for frame in (WIDE, NARROW):
        svg = chart.pictures[0].draw(frame).svg("")
        bars = re.findall(
            r'<rect x="([\d.]+)" y="[\d.]+" width="[\d.]+" height="([\d.]+)"[^>]*process-', svg
        )[2:]
        assert "the job ran" in svg  # the legend has the first two
        ends = max(float(x) for x, _ in bars)
        assert len(bars) == 2 * 16  # each pale, and what of it ran
        assert {height for _, height in bars[1:16:2]} == {"9"}
        assert {height for _, height in bars[17::2]} == {"18"}
        # The processes took half as long: they end in the middle of the axis.
        assert max(float(x) for x, _ in bars[16:]) < 0.6 * ends
    assert chart.title == "The GIL, seen: when a job really ran"
    assert "ran 1.00\u00a0s of 2.00\u00a0s" in svg


def test_a_long_name_keeps_its_place_and_the_share_gives_way() -> None:
    long = "[3.14.10t /shop #2]"
    chart = gil.chart(field(threads(0.5, f"threads@2 {long}", has_gil=False), processes(0.9, "processes@2")))
    assert chart is not None
    wide, narrow = (chart.pictures[0].draw(frame).svg("") for frame in (WIDE, NARROW))
    assert (wide.count("ran for"), narrow.count("ran for")) == (2, 1)
    assert f"threads@2 {long}, no GIL" in narrow
