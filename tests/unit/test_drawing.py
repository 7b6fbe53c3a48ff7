"""Drawings are well-formed, readable in both themes, and say what they show."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from producer.results import Run
from producer.show.charts import bars, costs, makespans, scaling, timeline
from producer.show.charts.chart import Shared
from producer.show.report.figures import make_charts
from producer.show.svg import axis
from producer.show.svg.drawing import Drawing
from producer.show.svg.palette import DARK, LIGHT, PROCESSES, fix_colours
from producer.show.svg.rows import NARROW, WIDE, Frame
from tests.charted import compared, entry, one_after_the_other, placed


@pytest.mark.parametrize(
    ("high_s", "unit", "ticks"),
    [
        (0.0, "seconds", ["0", "0.5", "1"]),
        (0.0004, "microseconds", ["0", "100", "200", "300", "400"]),
        (0.7, "milliseconds", ["0", "200", "400", "600"]),
        (1.6, "seconds", ["0", "0.5", "1", "1.5"]),
        (2130, "minutes", ["0", "10", "20", "30"]),
    ],
)
def test_an_axis_of_time_has_the_unit_that_suits_it(high_s: float, unit: str, ticks: list[str]) -> None:
    made = axis.time("makespan", high_s)
    assert made.title == f"makespan, in {unit}"
    assert [label for _, label in made.ticks()] == ticks


def test_a_logarithmic_axis_has_decades_or_at_least_its_ends() -> None:
    assert [label for _, label in axis.time_log("latency", 0.0005, 2).ticks()] == [
        "0.001",
        "0.01",
        "0.1",
        "1",
    ]
    assert len(axis.time_log("latency", 0.2, 0.5).ticks()) == 3
    places = [place for place, _ in axis.time_log("latency", 0.0005, 2).ticks()]
    assert places == sorted(places)
    assert 0 <= places[0] < places[-1] <= 1


def test_what_lies_beyond_an_axis_is_drawn_at_its_end() -> None:
    assert axis.amount("speed", 10).at(99) == 1
    assert axis.time_log("latency", 0.1, 1).at(0) == 0


@pytest.mark.parametrize("frame", [WIDE, NARROW])
def test_every_chart_is_well_formed_and_names_every_contender(frame: Frame) -> None:
    _, field = compared(*one_after_the_other("serial", 4.0), *one_after_the_other("celery:threads@2", 0.01))
    pictures = [
        picture
        for chart in make_charts(field, Shared(longest_s=9.0))
        if not isinstance(chart, timeline.TimelineChart)
        for picture in chart.pictures
    ]
    names = [picture.name for picture in pictures]
    assert len(set(names)) == len(names)
    assert {"makespan", "latency", "waits", "throughput", "speed-memory", "cpu"} <= set(names)
    for picture in pictures:
        svg = picture.draw(frame).svg("label")
        texts = list(ElementTree.fromstring(svg).itertext())
        assert {"serial", "celery:threads@2"} <= set(texts)
        assert svg.count("data-tip") >= 2
        assert "nan" not in svg


def drawn_makespans(runs: int) -> str:
    field = compared(*one_after_the_other("serial", 4.0, runs))[1]
    return makespans.draw(makespans.derive(field.entries), WIDE).svg("")


def test_a_makespan_has_an_interval_only_where_there_are_runs_enough_for_one() -> None:
    interval, range_ = "95\u00a0% interval", "from the shortest to the longest of fewer than 5 runs"
    assert interval in drawn_makespans(5)
    assert range_ not in drawn_makespans(5)
    assert range_ in drawn_makespans(2)
    assert interval not in drawn_makespans(2)
    assert interval not in drawn_makespans(1)
    assert range_ not in drawn_makespans(1)


def test_what_was_out_of_sight_is_said_to_be() -> None:
    unseen = costs.derive([entry(placed([(1, 0, 0, 1)], memory_bytes=None))])
    assert "too little to see" in costs.draw(unseen, WIDE).svg("")


def test_a_timeline_has_a_bar_for_each_block_in_the_colour_of_its_process() -> None:
    line = timeline.derive(entry(placed([(1, 0, 0, 1), (2, 0, 0, 1), (2, 0, 1, 2)])))
    assert line is not None
    svg = timeline.draw(line).svg("")
    assert len(re.findall(r"<rect[^>]*--process-0", svg)) == 1
    assert len(re.findall(r"<rect[^>]*--process-1", svg)) == 2
    assert "process 2" in svg


def test_a_thinned_block_is_as_pale_as_its_lane_was_idle() -> None:
    line = timeline.derive(entry(placed([(1, 0, 0, 1), (1, 0, 3, 4)])), max_blocks=1)
    assert line is not None
    assert bars.busy_share(line.blocks[0]) == 0.5


def test_texts_cannot_break_out_of_a_drawing() -> None:
    drawing = Drawing(10)
    drawing.text(0, 0, "<script>&")
    drawing.hover(0, 0, 1, 1, '"><script>')
    ElementTree.fromstring(drawing.svg('"<script>'))
    assert "<script" not in drawing.slide('"<script>', "<script>")


def test_a_slide_has_its_title_and_colours_of_its_own() -> None:
    drawing = Drawing(10)
    drawing.rect(0, 0, 1, 1, "here")
    svg = fix_colours(drawing.slide("label", "waits: makespan"))
    assert "waits: makespan" in "".join(ElementTree.fromstring(svg).itertext())
    assert "var(" not in svg
    assert LIGHT["here"] in svg


def test_both_themes_name_the_same_colours() -> None:
    assert LIGHT.keys() == DARK.keys()
    assert all(f"process-{place}" in LIGHT for place in range(PROCESSES))


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_text_and_marks_stand_out_from_the_page(theme: dict[str, str]) -> None:
    # WCAG 2.2: 4.5 for text, 3 for what has to be seen.
    for name in ("ink", "soft", "bad"):
        assert contrast(theme[name], theme["paper"]) >= 4.5
        assert contrast(theme[name], theme["raised"]) >= 4.5
    for name in ("here", "celery", "faster", "slower", *(f"process-{place}" for place in range(PROCESSES))):
        assert contrast(theme[name], theme["paper"]) >= 3


def contrast(text: str, ground: str) -> float:
    """The contrast ratio of two colours, by WCAG's formula."""
    light, dark = sorted((luminance(text), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance of #rrggbb."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_curve_is_drawn_with_its_points_and_its_knee() -> None:
    rates = {1: 1.0, 2: 1.9, 4: 3.4, 8: 3.6, 16: 3.6}
    runs = [run for slots, rate in rates.items() for run in at(slots, 4 / rate)]
    _, field = compared(*runs)
    [curve] = field.curves
    svg = scaling.draw(curve, NARROW).svg("")
    texts = list(ElementTree.fromstring(svg).itertext())
    assert {"threads", "1", "2", "4", "8", "16", "slots", "jobs per second"} <= set(texts)
    assert svg.count("at once") == 5
    assert svg.count("the knee") == 1


def test_two_concurrencies_are_no_curve() -> None:
    _, field = compared(*at(1, 4.0), *at(2, 2.0))
    assert field.curves == []


def at(slots: int, makespan_s: float) -> list[Run]:
    """Runs of threads with so many slots."""
    runs = one_after_the_other(f"threads@{slots}", makespan_s)
    return [replace(run, slots=slots) for run in runs]
