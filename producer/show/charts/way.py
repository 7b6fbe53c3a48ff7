"""The way of a job from the producer to a slot, with the numbers of the best contender of each family.

One row through Celery (producer, broker, worker, slots), one without: what lies between the two is what a
message costs. The times are means over the jobs of each contender's typical run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from producer.show.charts.chart import ALONE, Chart, Picture, Shared
from producer.show.charts.entries import Entry, Field
from producer.show.charts.families import (
    IN_PROCESS,
    THROUGH_CELERY,
    THROUGH_PEER,
    choose_colour,
    family_of,
)
from producer.show.svg.drawing import Drawing, break_lines
from producer.show.svg.labels import Box
from producer.show.svg.rows import LINE, Frame
from producer.words import counted, listed, seconds

#: The most slots that are drawn, each as a small square.
SQUARES = 40
#: In a row: the height and the width of a box, and the gap between two; in a column: the gap.
HEIGHT, BOX, GAP, BETWEEN = 96.0, 176.0, 92.0, 40.0
PADDING = 10.0


@dataclass(frozen=True, slots=True)
class Way:
    """How the jobs of a contender travel."""

    entry: Entry
    jobs: int
    slots: int
    workers: int
    #: The processes that did the jobs.
    processes: int
    #: Mean seconds of a job: until a worker took its message (0 without a broker), until it started, and
    #: until it was done.
    queued_s: float
    slot_s: float
    service_s: float

    @property
    def waiting_s(self) -> float:
        """Mean seconds from being enqueued to being started."""
        return self.queued_s + self.slot_s


@dataclass(frozen=True, slots=True)
class Stop:
    """A box on the way, and what it takes to get there from the one before."""

    title: str
    lines: tuple[str, ...]
    before: str = ""
    squares: int = 0


def chart(field: Field, _shared: Shared = ALONE) -> Chart | None:
    """Show the best contender of each family; None where no contender has a valid run."""
    families = [
        [entry for entry in field.entries if family_of(entry.name) is family]
        for family in (THROUGH_CELERY, THROUGH_PEER, IN_PROCESS)
    ]
    best = [next((entry for entry in entries if entry.valid), None) for entries in families]
    ways = [derive(entry) for entry in best if entry]
    there = [family_of(way.entry.name).text for way in ways]
    if not ways:
        return None
    return Chart(
        "The way of a job",
        f"The best contender {listed(there)}, and the mean times of a job in the run that stands for the "
        "others.",
        " ".join(describe(way) for way in ways),
        (Picture("way", "the way of a job", partial(draw, ways)),),
    )


def derive(entry: Entry) -> Way:
    """Take the numbers of the contender's typical run."""
    run, times = entry.typical, entry.typical.times
    return Way(
        entry=entry,
        jobs=run.jobs,
        slots=run.slots,
        workers=len(set(run.belongs)) or entry.name.workers,
        processes=len(run.workers),
        queued_s=float((times.received_s - times.enqueued_s).mean()),
        slot_s=float((times.started_s - times.received_s).mean()),
        service_s=float(times.service_s.mean()),
    )


def describe(way: Way) -> str:
    """Say what a job's time consists of."""
    name, done = way.entry.name, seconds(way.service_s)
    if not name.through_broker:
        return (
            f"With {name} a job waits {seconds(way.waiting_s)} for a slot and is done in {done}: no message."
        )
    return (
        f"With {name} a job's message lies {seconds(way.queued_s)} in the queue, then the job waits "
        f"{seconds(way.slot_s)} in the worker and is done in {done}."
    )


def draw(ways: Sequence[Way], frame: Frame) -> Drawing:
    """Draw a row of boxes for each way, or, where it is narrow, a column."""
    drawing = Drawing(frame.width)
    top = 0.0
    for way in ways:
        drawing.text(4, top + 16, str(way.entry.name), bold=True)
        draw_way = _draw_column if frame.above else _draw_row
        end = draw_way(drawing, list(_stops(way)), choose_colour(way.entry), top + 26)
        drawing.hover(0, top, frame.width, end - top, f"{way.entry.name}\n{describe(way)}")
        top = end + 18
    drawing.height = top - 12
    return drawing


def _stops(way: Way) -> Iterator[Stop]:
    yield Stop("producer", (f"makes {counted(way.jobs, 'job')}",))
    done = f"each done in {seconds(way.service_s)}"
    if not way.entry.name.through_broker:
        where = f"in {counted(way.processes, 'process', 'processes')}"
        waits = f"no message; waits {seconds(way.waiting_s)} for a slot"
        yield Stop(counted(way.slots, "slot"), (where, done), waits, way.slots)
        return
    yield Stop("broker", (f"keeps {counted(way.jobs, 'message')}", "until they are taken"), "sends a message")
    name = way.entry.name
    pool = f"pool: {name.celery_pool}" if name.is_celery else f"of {name.way}"
    processes = counted(way.processes, "process", "processes")
    queued = f"lies {seconds(way.queued_s)} in the queue"
    yield Stop(counted(way.workers, "worker"), (pool, f"jobs in {processes}"), queued)
    yield Stop(counted(way.slots, "slot"), (done,), f"waits {seconds(way.slot_s)} for a slot", way.slots)


def _draw_row(drawing: Drawing, stops: Sequence[Stop], colour: str, top: float) -> float:
    last = drawing.width - BOX
    step = BOX + GAP
    for place, stop in enumerate(stops):
        # The slots stand below each other, however many boxes come before them.
        left = last if place == len(stops) - 1 else step * place
        if place:
            start = step * (place - 1) + BOX
            _write_above(drawing, stop.before, start, left, top + HEIGHT / 2)
            _draw_arrow(drawing, (start, top + HEIGHT / 2), (left, top + HEIGHT / 2), colour)
        _draw_box(drawing, stop, Box(max(left, 1), top, left + BOX - 1, top + HEIGHT), colour)
    return top + HEIGHT


def _draw_column(drawing: Drawing, stops: Sequence[Stop], colour: str, top: float) -> float:
    for place, stop in enumerate(stops):
        if place:
            drawing.text(36, top + BETWEEN / 2 + 5, stop.before, fill="soft")
            _draw_arrow(drawing, (20, top), (20, top + BETWEEN), colour)
            top += BETWEEN
        height = 34 + LINE * len(stop.lines) + (18 if stop.squares else 0)
        _draw_box(drawing, stop, Box(1, top, drawing.width - 1, top + height), colour)
        top += height
    return top


def _write_above(drawing: Drawing, text: str, left: float, right: float, y: float) -> None:
    """Write a text over an arrow and, as far as it takes more lines, under it."""
    lines = break_lines(text, right - left)
    over = (len(lines) + 1) // 2
    for place, line in enumerate(lines):
        base = y - 8 - (over - 1 - place) * LINE if place < over else y + 20 + (place - over) * LINE
        drawing.text((left + right) / 2, base, line, fill="soft", anchor="middle")


def _draw_box(drawing: Drawing, stop: Stop, box: Box, colour: str) -> None:
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    drawing.rect(left, top, right - left, bottom - top, "raised")
    drawing.path([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], "soft", 1)
    drawing.text(left + PADDING, top + 22, stop.title, bold=True)
    y = top + 22
    for line in stop.lines:
        y += LINE
        drawing.text(left + PADDING, y, line, fill="soft")
    side, across = 6.0, 8.0
    in_a_row = int((right - left - 2 * PADDING) // across)
    for square in range(min(stop.squares, SQUARES)):
        row, column = divmod(square, in_a_row)
        drawing.rect(left + PADDING + column * across, y + 9 + row * across, side, side, colour)


def _draw_arrow(drawing: Drawing, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
    (x1, y1), (x2, y2) = start, end
    drawing.line(x1, y1, x2, y2, colour, 2)
    wings = [(x2 - 9, y2 - 5), (x2 - 9, y2 + 5)] if y1 == y2 else [(x2 - 5, y2 - 9), (x2 + 5, y2 - 9)]
    drawing.area([end, *wings], colour)
