"""What the latency of an average job consists of: waiting in the queue, and being done."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from producer.show.charts.chart import ALONE, Chart, Picture, Shared
from producer.show.charts.entries import STRETCHED, Entry, Field
from producer.show.charts.families import choose_colour, list_families
from producer.show.svg.axis import time
from producer.show.svg.drawing import Drawing
from producer.show.svg.rows import Band, Frame, Key, Row, draw_rows
from producer.words import percent, seconds, times

#: From this share of the latency on, jobs mostly waited.
MOSTLY = 0.5


@dataclass(frozen=True, slots=True)
class Split:
    """What the mean latency of a contender's jobs consists of, in seconds."""

    entry: Entry
    wait_s: float
    service_s: float
    #: What the same jobs take on average with nothing around them.
    alone_s: float

    @property
    def wait_share(self) -> float:
        """The part of the latency that was waiting in the queue."""
        total = self.wait_s + self.service_s
        return self.wait_s / total if total else 0.0

    @property
    def stretch(self) -> float:
        """Service time / time alone."""
        return self.service_s / self.alone_s if self.alone_s else 1.0


def chart(field: Field, _shared: Shared = ALONE) -> Chart | None:
    """Show what the latency of an average job consists of; None without a valid run."""
    splits = derive(field.entries)
    if not splits:
        return None
    return Chart(
        "Waiting in the queue, and being done",
        "What the latency of an average job consists of. Jobs are handed over as fast as they can be, so "
        "those at the end of the queue wait for the others.",
        describe(splits),
        (Picture("waits", "waiting in the queue and being done", partial(draw, splits)),),
    )


def derive(entries: Sequence[Entry]) -> list[Split]:
    """Take mean wait and mean service: unlike medians they add up to the mean latency."""
    return [
        Split(
            entry,
            float(entry.all_times.wait_s.mean()),
            float(entry.all_times.service_s.mean()),
            float(entry.alone_s[entry.all_times.index].mean()),
        )
        for entry in entries
        if entry.valid
    ]


def describe(splits: Sequence[Split]) -> str:
    """Say whether jobs waited or were worked on, and where they were worked on longer than they need."""
    waited = [split for split in splits if split.wait_share > MOSTLY]
    worst = max(splits, key=lambda split: split.wait_share)
    most = f"with {worst.entry.name} {percent(worst.wait_share)}"
    if not waited:
        first = f"Nowhere did an average job spend most of its latency in the queue; {most} at most"
    elif len(waited) == len(splits):
        first = f"Everywhere an average job spent most of its latency in the queue; {most}"
    else:
        first = (
            f"With {len(waited)} of {len(splits)} contenders an average job spent most of its latency in the "
            f"queue; {most}"
        )
    longest = max(splits, key=lambda split: split.stretch)
    if longest.stretch < STRETCHED:
        # Rounded up: "at most" has to stay true.
        most_stretched = times(max(math.ceil(100 * longest.stretch) / 100, 1.0))
        return f"{first}. Doing a job took at most {most_stretched} what it takes alone."
    return (
        f"{first}. Doing a job took longest with {longest.entry.name}: {times(longest.stretch)} what it "
        "takes alone."
    )


def draw(splits: Sequence[Split], frame: Frame) -> Drawing:
    """Draw the mean latency of each contender in its two parts."""
    axis = time("mean latency of a job", max(split.wait_s + split.service_s for split in splits))
    rows = [
        Row(
            str(split.entry.name),
            f"{seconds(split.wait_s)} + {seconds(split.service_s)}",
            f"{split.entry.name}, mean of its jobs\nin the queue {seconds(split.wait_s)}"
            f"\nbeing done {seconds(split.service_s)}\nalone it takes {seconds(split.alone_s)}",
        )
        for split in splits
    ]

    def paint(drawing: Drawing, place: int, band: Band) -> None:
        split = splits[place]
        start, middle = band.x(0), band.x(split.wait_s)
        drawing.rect(start, band.top, middle - start, band.height, "wait")
        end = band.x(split.wait_s + split.service_s)
        drawing.rect(middle, band.top, end - middle, band.height, choose_colour(split.entry))

    done = [
        Key(f"being done {key.text}", key.colour) for key in list_families(split.entry for split in splits)
    ]
    return draw_rows(frame, axis, rows, [Key("waiting in the queue", "wait"), *done], paint)
