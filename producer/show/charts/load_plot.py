"""A plot of lines on two axes, one line for each contender, as the charts of a load have it."""

from __future__ import annotations

from collections.abc import Sequence

from producer.contender_name import ContenderName
from producer.show.svg.axis import Axis
from producer.show.svg.drawing import Drawing, text_width
from producer.show.svg.palette import PROCESSES
from producer.show.svg.rows import Key, write_axis_title

#: Height of a plot, the room left of it for numbers, and right of it.
HEIGHT, LEFT, RIGHT = 230.0, 62.0, 16.0


def line_colour(names: Sequence[ContenderName], name: ContenderName) -> str:
    """Choose the colour of a contender's line among those of all."""
    return f"process-{names.index(name) % PROCESSES}"


def line_keys(names: Sequence[ContenderName], drawn: Sequence[ContenderName]) -> list[Key]:
    """Make the legend of those that are drawn."""
    return [Key(str(name), line_colour(names, name), "line") for name in drawn]


def draw_plot(
    drawing: Drawing,
    top: float,
    y_axis: Axis,
    y_title: str,
    places: Sequence[tuple[float, str]],
    x_title: str,
) -> None:
    """Draw the two axes; `places` are those of the numbers below."""
    for part, label in y_axis.ticks(4):
        height = top + HEIGHT * (1 - part)
        drawing.line(LEFT, height, drawing.width - RIGHT, height)
        drawing.text(LEFT - 6, height + 4, label, fill="soft", anchor="end")
    drawing.text(0, top - 12, y_title, fill="soft")
    free = 0.0
    for x, label in places:
        half = text_width(label) / 2
        if x - half >= free:
            drawing.text(x, top + HEIGHT + 20, label, fill="soft", anchor="middle")
            free = x + half + 6
    write_axis_title(drawing, LEFT, top + HEIGHT + 42, x_title)
