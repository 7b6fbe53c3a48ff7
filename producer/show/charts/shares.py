"""Where the time of each contender's typical run went: one bar of parts that add up to its makespan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from producer.show.charts.bounds import Divided, derive, describe_largest
from producer.show.charts.chart import ALONE, Chart, Picture, Shared
from producer.show.charts.entries import Field
from producer.show.svg.axis import Axis
from producer.show.svg.drawing import Drawing
from producer.show.svg.rows import Band, Frame, Key, Row, draw_rows
from producer.stats.shares import Part, Shares
from producer.words import percent, seconds

#: The colour of each part.
COLOURS = {
    Part.JOB: "part-job",
    Part.STRETCHED: "part-held",
    Part.SENDING: "part-sending",
    Part.QUEUE: "wait",
    Part.HANDING: "part-handing",
    Part.LEFT: "part-left",
}
#: What bound a contender, in a few words.
SHORT: Mapping[tuple[Part, ...], str] = {
    (Part.JOB,): "doing jobs",
    (Part.STRETCHED,): "held up",
    (Part.SENDING,): "not sent yet",
    (Part.QUEUE, Part.HANDING): "not started yet",
    (Part.LEFT,): "none left",
}


def chart(field: Field, _shared: Shared = ALONE) -> Chart | None:
    """Show where the time went; None without a valid run."""
    rows = derive(field)
    if not rows:
        return None
    return Chart(
        "Where the time went",
        "What an average slot did in the typical run. It has a job, and does it (as long as that takes "
        "alone: measured one job after the other, up to three times, of which the fastest counts), or it is "
        "held up: by the turns of others, by what surrounds a small job, or since the only thread of all "
        "slots is at another job, whether this slot has one or could begin one. Or it is free, and waits for "
        "the nearest job: one that a worker has received or one in the queue (both are not started yet), one "
        "that is not sent yet, or none any more. The parts add up to the makespan; what took the most of it "
        "bound the contender.",
        describe_largest(rows[0], field),  # the drawing says it of each
        (Picture("shares", "where the time went", partial(draw, rows, field)),),
    )


def draw(rows: Sequence[Divided], field: Field, frame: Frame) -> Drawing:
    """Draw a bar of parts for each contender, as shares of its own makespan."""
    of = (
        "share of the makespan"
        if frame.above
        else "time of an average slot, in % of the contender's makespan"
    )
    axis = Axis(of, 0, 1, 100)
    texts = [Row(str(row.entry.name), _value(row.shares), _tip(row, field)) for row in rows]

    def paint(drawing: Drawing, place: int, band: Band) -> None:
        shares, done = rows[place].shares, 0.0
        for part in Part:
            start, end = band.x(done), band.x(min(done + shares.share([part]), 1.0))
            if shares.seconds[part] > 0:
                drawing.rect(start, band.top, end - start, band.height, COLOURS[part])
            done += shares.share([part])

    there = [part for part in Part if any(row.shares.seconds[part] > 0 for row in rows)]
    return draw_rows(frame, axis, texts, [Key(part, COLOURS[part]) for part in there], paint)


def _value(shares: Shares) -> str:
    return f"{percent(shares.share(shares.bound))} {SHORT[shares.bound]}"


def _tip(row: Divided, field: Field) -> str:
    shares = row.shares
    lines = [f"{row.entry.name}, one run of {seconds(shares.makespan_s)}"]
    lines += [
        f"{part}: {seconds(shares.seconds[part])}, {percent(shares.share([part]))}"
        for part in Part
        if shares.seconds[part] > 0
    ]
    return "\n".join([*lines, describe_largest(row, field)])
