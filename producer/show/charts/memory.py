"""Speed against memory: a mark for each contender, the faster the higher, the smaller the further left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from producer.show.charts.chart import ALONE, Chart, Picture, Shared
from producer.show.charts.costs import Cost, derive, name_least
from producer.show.charts.entries import Field
from producer.show.charts.families import (
    IN_PROCESS,
    THROUGH_CELERY,
    THROUGH_PEER,
    choose_colour,
    list_families,
)
from producer.show.svg.axis import Axis, amount, amount_log
from producer.show.svg.drawing import Drawing, break_lines
from producer.show.svg.labels import Box, place_labels
from producer.show.svg.rows import LINE, Frame, draw_legend, write_axis_title
from producer.words import digits, listed, mebibytes

#: Height of the plot, and the room around it.
HEIGHT, LEFT, RIGHT = 310.0, 60.0, 12.0
#: From this factor between the least and the most on, distances stand for factors.
LOGARITHMIC = 8.0


def chart(field: Field, _shared: Shared = ALONE) -> Chart | None:
    """Show each contender's speed against its memory; None where no memory was in sight."""
    costs = derive(field.entries)
    seen = [cost for cost in costs if cost.memory_bytes]
    if not seen:
        return None
    return Chart(
        "Speed against memory",
        "Peak memory of the processes that did the jobs, and jobs per second (medians). Higher is faster, "
        "further left is smaller. Point at a mark for its name and its numbers.",
        describe(costs),
        (Picture("speed-memory", "speed against memory", partial(draw, costs)),),
    )


def describe(costs: Sequence[Cost]) -> str:
    """Say who needed the least and the most, and whom nobody beats in both."""
    seen = [cost for cost in costs if cost.memory_bytes]
    lines = [
        name_least("memory", costs[0], [(float(cost.memory_bytes or 0), cost) for cost in seen], mebibytes)
    ]
    if len(seen) > 1:
        best = [str(cost.entry.name) for cost in seen if not any(_beats(other, cost) for other in seen)]
        lines.append(f"No other was both faster and smaller than {listed(best)}.")
    unseen = [str(cost.entry.name) for cost in costs if not cost.memory_bytes]
    if unseen:
        lines.append(f"The memory of {listed(unseen)} was out of sight.")
    return " ".join(lines)


def draw(costs: Sequence[Cost], frame: Frame) -> Drawing:
    """Draw the marks: round in this machine's own processes, diamonds through Celery."""
    seen = [cost for cost in costs if cost.memory_bytes]
    drawing = Drawing(frame.width)
    across = _axis("peak memory, in MiB", [(cost.memory_bytes or 0) / 2**20 for cost in seen])
    up = _axis("jobs per second", [cost.jobs_per_s for cost in seen])
    shapes = {IN_PROCESS: "dot", THROUGH_CELERY: "diamond", THROUGH_PEER: "diamond"}
    keys = [replace(key, shape=shapes[key]) for key in list_families(cost.entry for cost in seen)]
    top = draw_legend(drawing, 0, keys) + 12
    for line in break_lines(up.title, frame.width - 4):
        drawing.text(4, top, line, fill="soft")
        top += LINE
    bottom, right = top + HEIGHT, frame.width - RIGHT
    _draw_axes(drawing, across, up, top, frame.ticks)
    marks = [
        (
            LEFT + (right - LEFT) * across.at((cost.memory_bytes or 0) / 2**20),
            bottom - HEIGHT * up.at(cost.jobs_per_s),
        )
        for cost in seen
    ]
    # Where it is narrow there is room for numbers, and a list of names below.
    names = [str(number if frame.above else cost.entry.name) for number, cost in enumerate(seen, 1)]
    within = Box(LEFT, top - 8, frame.width, bottom)
    for cost, text, (x, y), label in zip(seen, names, marks, place_labels(names, marks, within), strict=True):
        name = cost.entry.name
        if label:
            near = label.x + (-3 if label.anchor == "start" else 3)
            if label.led:
                drawing.line(x, y, near, label.base - 5, "soft")
            drawing.text(label.x, label.base, text, anchor=label.anchor, bold=True)
        shape = drawing.diamond if name.through_broker else drawing.dot
        size = mebibytes(cost.memory_bytes or 0)
        tip = f"{name}\n{digits(cost.jobs_per_s)} jobs per second\npeak memory {size}"
        shape(x, y, 7, choose_colour(cost.entry), tip)
    for number, cost in enumerate(seen if frame.above else (), 1):
        drawing.height += LINE
        drawing.text(2, drawing.height - 8, str(number), bold=True)
        drawing.text(24, drawing.height - 8, str(cost.entry.name))
    return drawing


def _beats(one: Cost, other: Cost) -> bool:
    smaller = (one.memory_bytes or 0) < (other.memory_bytes or 0)
    return smaller and one.jobs_per_s > other.jobs_per_s


def _axis(title: str, values: Sequence[float]) -> Axis:
    low, high = min(values), max(values)
    return (
        amount_log(title, low / 1.3, high * 1.3) if high / low >= LOGARITHMIC else amount(title, high * 1.08)
    )


def _draw_axes(drawing: Drawing, across: Axis, up: Axis, top: float, ticks: int) -> None:
    bottom, right = top + HEIGHT, drawing.width - RIGHT
    for part, label in up.ticks(4):
        y = bottom - HEIGHT * part
        drawing.line(LEFT, y, right, y)
        drawing.text(LEFT - 6, y + 5, label, fill="soft", anchor="end")
    for part, label in across.ticks(ticks):
        x = LEFT + (right - LEFT) * part
        drawing.line(x, top, x, bottom + 4)
        drawing.text(x, bottom + 20, label, fill="soft", anchor="middle")
    write_axis_title(drawing, LEFT, bottom + 40, across.title)
