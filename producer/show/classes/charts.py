"""The drawings of a class: a strip for each contender with a dot for each machine, and what was predicted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from producer.show.svg.drawing import Drawing
from producer.show.svg.factors import factor_axis
from producer.show.svg.palette import PROCESSES
from producer.show.svg.rows import Band, Frame, Key, Row, draw_rows
from producer.stats.class_outliers import Group, quartiles
from producer.stats.classes import ClassWorkload, Strip, Told
from producer.words import counted, digits

#: The height of a group's dots in a row, and half the width of a dot.
LANE, DOT = 11.0, 5.0
MIDDLE = Key("the middle half of all, and their median", "wait")
SAID, WAS = Key("predicted", "process-3", "diamond"), Key("the middle half of what was measured", "wait")


def colours(groups: Sequence[Group]) -> dict[Group, str]:
    """Give each group a colour; the last has that of all that are more than there are colours."""
    return {group: f"process-{min(place, PROCESSES - 1)}" for place, group in enumerate(groups)}


def draw_strips(frame: Frame, workload: ClassWorkload, groups: Mapping[Group, str]) -> Drawing:
    """Draw a row for each contender: every machine's ratio, each group on a line of its own."""
    there = [group for group in groups if any(member.group == group for member in workload.members)]
    frame = _with_lanes(frame, len(there))
    values = [value for strip in workload.strips for _, value in strip.values]
    rows = [Row(str(strip.contender), _write_middle(strip), _write_tip(strip)) for strip in workload.strips]
    keys = [*(Key(str(group), groups[group], "diamond") for group in there), MIDDLE]

    def paint(drawing: Drawing, place: int, band: Band) -> None:
        strip = workload.strips[place]
        _draw_middle(drawing, band, strip.low, strip.median, strip.high)
        for member, value in strip.values:
            lane = band.height / len(there)
            y = band.top + lane * (there.index(member.group) + 0.5)
            tip = f"{member.file}\n{strip.contender}: {digits(value)} times as fast as serial\n{member.group}"
            drawing.diamond(band.x(value), y, DOT, groups[member.group], tip)

    return draw_rows(frame, factor_axis([1.0, *values]), rows, keys, paint)


def draw_predictions(frame: Frame, told: Sequence[Told]) -> Drawing:
    """Draw a row for each question: every prediction, over the middle half of what was measured."""
    values = [value for each in told for value in (*each.said, *each.measured)]
    rows = [
        Row(each.asked.removesuffix(" against serial"), counted(len(each.said), "answer"), _list_said(each))
        for each in told
    ]

    def paint(drawing: Drawing, place: int, band: Band) -> None:
        each = told[place]
        if each.measured:
            _draw_middle(drawing, band, *quartiles(each.measured))
        for value, number in sorted(Counter(each.said).items()):
            drawing.diamond(band.x(value), band.middle, DOT + 1, SAID.colour)
            if number > 1:
                drawing.text(band.x(value) + DOT + 4, band.middle + 4.5, f"{number}")

    return draw_rows(frame, factor_axis([1.0, *values]), rows, [SAID, WAS], paint)


def _with_lanes(frame: Frame, lanes: int) -> Frame:
    mark = max(frame.mark, LANE * lanes)
    return replace(frame, row=frame.row - frame.mark + mark, mark=mark)


def _draw_middle(drawing: Drawing, band: Band, low: float, median: float, high: float) -> None:
    start, end = band.x(low), band.x(high)
    drawing.rect(start, band.top, end - start, band.height, "wait", opacity=0.55)
    x = band.x(median)
    drawing.line(x, band.top - 2, x, band.top + band.height + 2, "ink", 2)


def _write_middle(strip: Strip) -> str:
    return f"{digits(strip.median)} ({digits(strip.low)}–{digits(strip.high)})"


def _write_tip(strip: Strip) -> str:
    return f"{strip.contender}\nmedian and middle half of {counted(len(strip.values), 'machine')}"


def _list_said(each: Told) -> str:
    return f"{each.asked}: " + ", ".join(digits(value) for value in sorted(each.said))
