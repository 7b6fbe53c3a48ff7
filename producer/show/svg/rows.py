"""A chart with one row for each contender: names, values, an axis below, and a legend on top.

`WIDE` has the names beside the rows, `NARROW` above them, for phones and for charts side by side. A page
shows `WIDE` at 1.04 times its size or more, so that its texts are of 15 px or more; so is `NARROW` at 390 px.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from producer.show.svg.axis import Axis
from producer.show.svg.drawing import TEXT, Drawing, break_lines, text_width

#: From one line of text to the next.
LINE = TEXT * 1.3
#: The gap between a name and its row.
NAME_GAP = 12.0
#: Height of a line for the values alone.
VALUE_LINE = 18.0


@dataclass(frozen=True, slots=True)
class Frame:
    """The measures of a chart, in units of the drawing."""

    width: float
    left: float
    right: float
    #: Height of a row, and of the marks at its bottom.
    row: float
    mark: float
    ticks: int
    #: Whether name and value stand above the marks instead of beside them.
    above: bool
    #: Height of a line of its own for the value, where name and value do not fit beside each other.
    line: float = 0.0

    @property
    def reach(self) -> float:
        """The width of the axis."""
        return self.width - self.left - self.right


WIDE = Frame(width=980, left=180, right=150, row=31, mark=22, ticks=6, above=False)
NARROW = Frame(width=310, left=4, right=14, row=45, mark=20, ticks=4, above=True)


@dataclass(frozen=True, slots=True)
class Row:
    """The texts of a row."""

    name: str
    value: str
    tip: str


@dataclass(frozen=True, slots=True)
class Band:
    """The place of a row's marks: `x` turns a value into a place."""

    x: Callable[[float], float]
    top: float
    height: float

    @property
    def middle(self) -> float:
        """The middle of its height."""
        return self.top + self.height / 2


#: Draws the marks of the row at that place in the list.
Paint: TypeAlias = Callable[[Drawing, int, Band], None]


@dataclass(frozen=True, slots=True)
class Key:
    """A line of the legend: a colour, drawn as a box (full, "pale" or "hatch"), a line, an interval, ..."""

    text: str
    colour: str
    shape: str = "box"


def draw_rows(frame: Frame, axis: Axis, rows: Sequence[Row], keys: Sequence[Key], paint: Paint) -> Drawing:
    """Draw the chart; every row shows its tip wherever it is pointed at."""
    drawing = Drawing(frame.width)
    frame = _make_room(frame, rows)
    top = draw_legend(drawing, frame.left, keys)
    bottom = top + frame.row * len(rows)
    _draw_axis(drawing, frame, axis, top, bottom)

    def x(value: float) -> float:
        return frame.left + frame.reach * axis.at(value)

    for place, row in enumerate(rows):
        y = top + frame.row * place
        _write_texts(drawing, frame, row, y)
        gap = frame.row - frame.mark if frame.above else (frame.row - frame.mark) / 2
        paint(drawing, place, Band(x, y + gap, frame.mark))
        drawing.hover(0, y, frame.width, frame.row, row.tip)
    return drawing


def draw_bar(drawing: Drawing, band: Band, value: float, colour: str) -> None:
    """Draw a bar from zero to the value."""
    start, end = band.x(0), band.x(value)
    drawing.rect(start, band.top, end - start, band.height, colour, opacity=0.85)


def draw_hill(
    drawing: Drawing, band: Band, edges: Sequence[float], heights: Sequence[float], colour: str
) -> None:
    """Draw a hill of steps, not a curve: between two counts nothing was measured."""
    bottom, highest = band.top + band.height, max(heights) or 1
    points = [(band.x(edges[0]), bottom)]
    for left, right, height in zip(edges, edges[1:], heights, strict=False):
        y = bottom - band.height * height / highest
        points += [(band.x(left), y), (band.x(right), y)]
    drawing.area([*points, (band.x(edges[-1]), bottom)], colour, 0.85)
    drawing.line(band.x(edges[0]), bottom, band.x(edges[-1]), bottom, "soft")


def draw_legend(drawing: Drawing, left: float, keys: Sequence[Key], top: float = 4.0) -> float:
    """Draw the legend from there to the right, in as many lines as it takes; returns where it ends."""
    x, y = left, top
    for key in keys:
        width = 34 + text_width(key.text)
        if x > left and x + width > drawing.width + 14:
            x, y = left, y + 20
        if key.shape == "box":
            drawing.rect(x, y + 2, 12, 12, key.colour)
        elif key.shape in ("line", "interval"):
            drawing.line(x, y + 8, x + 14, y + 8, key.colour, 2)
            for end in (x, x + 14) if key.shape == "interval" else ():
                drawing.line(end, y + 4, end, y + 12, key.colour, 2)
        elif key.shape == "post":
            drawing.line(x + 6, y, x + 6, y + 16, key.colour, 3)
        elif key.shape == "pale":
            drawing.rect(x, y + 2, 12, 12, key.colour, opacity=0.3)
        elif key.shape == "hatch":
            drawing.hatch(x, y + 2, 12, 12, key.colour, 4)
        else:
            mark = drawing.dot if key.shape == "dot" else drawing.diamond
            mark(x + 6, y + 8, 6, key.colour)
        lines = break_lines(key.text, drawing.width - left - 20)
        for line in lines:
            drawing.text(x + 20, y + 13, line, fill="soft")
            y += LINE
        y -= LINE
        # What takes a second line has all the room beside it.
        x += width if len(lines) == 1 else drawing.width
    return y + 26 if keys else top


def _draw_axis(drawing: Drawing, frame: Frame, axis: Axis, top: float, bottom: float) -> None:
    for part, label in axis.ticks(frame.ticks):
        x = frame.left + frame.reach * part
        drawing.line(x, top, x, bottom + 4)
        half = text_width(label, bold=True) / 2
        drawing.text(min(max(x, half), frame.width - half), bottom + 20, label, fill="soft", anchor="middle")
    write_axis_title(drawing, frame.left, bottom + 40, axis.title)


def write_axis_title(drawing: Drawing, x: float, y: float, title: str) -> None:
    """Write the title of an axis below it, in as many lines as it takes: the drawing ends there."""
    for line in break_lines(title, drawing.width - x):
        drawing.text(x, y, line, fill="soft")
        y += LINE
    drawing.height = y - LINE + 8


def _make_room(frame: Frame, rows: Sequence[Row]) -> Frame:
    """Widen the margins for the longest name and value, or give the values a line of their own."""
    names = [text_width(row.name, bold=True) for row in rows]
    values = [text_width(row.value, bold=True) for row in rows]
    if not frame.above:
        left, right = max(names) + NAME_GAP, max(values) + NAME_GAP
        return replace(frame, left=max(frame.left, left), right=max(frame.right, right))
    longest = max(name + NAME_GAP + value for name, value in zip(names, values, strict=True))
    if longest <= frame.reach:
        return frame
    return replace(frame, line=VALUE_LINE, row=frame.row + VALUE_LINE)


def _write_texts(drawing: Drawing, frame: Frame, row: Row, y: float) -> None:
    base = y + 17 if frame.above else y + frame.row / 2 + 4.5
    if frame.above:
        drawing.text(frame.left, base, row.name, bold=True)
        drawing.text(frame.width - frame.right, base + frame.line, row.value, anchor="end")
    else:
        drawing.text(frame.left - NAME_GAP, base, row.name, anchor="end", bold=True)
        drawing.text(frame.width, base, row.value, anchor="end")
