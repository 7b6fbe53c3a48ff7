"""An event loop that stood still for a good part of its run has a chart, and a sentence that is true."""

from __future__ import annotations

from dataclasses import replace

import pytest

from producer.results import Run
from producer.show.charts import loops
from producer.show.charts.entries import Field
from producer.show.svg.rows import NARROW, WIDE
from tests.charted import Span, compared, placed

SPANS: list[Span] = [(1, 0.0, place * 0.5, place * 0.5 + 0.5) for place in range(4)]


def looped(name: str, *stalls: tuple[float, float], longest_s: float = 0.0, round_: int = 1) -> Run:
    """A run of two seconds on an event loop that stood still."""
    run = placed(SPANS, name, round_, stalls=stalls)
    return replace(run, loop_stall_s=max([longest_s, *(length for _, length in stalls)]))


def field(*runs: Run, work_s: float = 1.0, wait_s: float = 0.0) -> Field:
    """These contenders on jobs that compute."""
    return compared(*runs, work_s=work_s, wait_s=wait_s)[1]


def told(of: Field) -> str:
    """What the chart says."""
    chart = loops.chart(of)
    assert chart is not None
    return chart.sentence.replace("\u00a0", " ")


def test_a_loop_that_is_held_is_shown_beside_one_that_hands_over() -> None:
    runs = looped("asyncio@2", (0.005, 1.995)), looped("asyncio+threads@2", longest_s=0.012)
    assert told(field(*runs)) == (
        "The event loop of asyncio@2 stood still for 2.00 s, > 99 % of the run: what computes holds it until "
        "it is done, the next job begins at once, and meanwhile nothing else on it could go on. That of "
        "asyncio+threads@2, which hands what computes to threads, stood still for 12.0 ms at most."
    )


def test_jobs_that_wait_are_not_said_to_compute() -> None:
    sentence = told(field(looped("asyncio@2", (0.5, 1.0)), wait_s=1.0, work_s=0.0))
    assert sentence == (
        "The event loop of asyncio@2 stood still for 1.00 s, 50 % of the run: meanwhile nothing else on it "
        "could go on."
    )


def test_a_loop_that_hands_over_is_not_said_to_be_held_by_what_computes() -> None:
    assert told(field(looped("asyncio+threads@2", (0.5, 1.0)))) == (
        "The event loop of asyncio+threads@2 stood still for 1.00 s, 50 % of the run: meanwhile nothing else "
        "on it could go on."
    )


def test_of_one_way_the_loop_that_stood_still_for_longest_is_shown() -> None:
    of = field(looped("asyncio@2", (0.1, 0.5)), looped("asyncio@8", (0.1, 1.5)))
    assert [str(entry.name) for entry in loops.choose(of.entries)] == ["asyncio@8"]


def test_loops_are_held_against_each_other_under_one_python() -> None:
    of = field(
        looped("asyncio@2 [3.11]", (0.1, 1.5)),
        looped("asyncio@2 [3.13t]", (0.1, 1.7)),
        looped("asyncio+threads@2 [3.11]", (0.1, 0.2)),
        looped("asyncio+threads@2 [3.13t]", longest_s=0.01),
    )
    names = [str(entry.name) for entry in loops.choose(of.entries)]
    assert names == ["asyncio@2 [3.13t]", "asyncio+threads@2 [3.13t]"]


@pytest.mark.parametrize(
    "run",
    [
        looped("asyncio@2", longest_s=0.04),  # too short to be worth mentioning
        looped("asyncio@2", (0.1, 0.06)),  # a moment of a long run
        placed(SPANS, "threads@2"),  # no loop at all
        replace(looped("asyncio@2", (0.5, 1.0)), problems=["it died"]),
    ],
)
def test_what_hardly_stood_still_has_no_chart(run: Run) -> None:
    assert loops.chart(field(run)) is None


def test_the_drawing_hatches_and_labels_the_stall() -> None:
    runs = looped("asyncio@2", (0.5, 1.0)), looped("asyncio+threads@2", longest_s=0.01)
    chart = loops.chart(field(*runs))
    assert chart is not None
    for frame in (WIDE, NARROW):
        svg = chart.pictures[0].draw(frame).svg("")
        assert svg.count("the loop stood still for 1.00\u00a0s") == 1
        assert svg.count("stroke-opacity") == 2 * 2  # one of them in the legend
        assert "the event loop stood still" in svg
        assert "asyncio+threads@2" in svg
    assert "was done in 500\u00a0ms" in svg
