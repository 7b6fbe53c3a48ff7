"""The typical runs of several contenders under each other, on one axis of time, every job a bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from producer.show.charts.bars import STRIP, Box, draw_block, draw_stalls
from producer.show.charts.timeline import Timeline
from producer.show.svg.axis import time
from producer.show.svg.drawing import Drawing, text_width
from producer.show.svg.palette import PROCESSES
from producer.show.svg.rows import NAME_GAP, Frame, Key, draw_legend, write_axis_title
from producer.stats.lanes import Block
from producer.words import counted, seconds

#: The most bars of one contender.
MAX_BARS = 400
#: Height of the line with a contender's name, the most of a lane and of all its lanes, and the gap below.
NAME, LANE, LANES, GAP = 22.0, 20.0, 160.0, 14.0


@dataclass(frozen=True, slots=True)
class Run:
    """One contender's run as it is drawn."""

    line: Timeline
    #: What stands above its lanes, on the left and on the right.
    title: str
    value: str

    @property
    def lane(self) -> float:
        """The height of one of its lanes."""
        return min(LANE, LANES / len(self.line.lanes))

    @property
    def strip(self) -> float:
        """The height of the strip that tells of its event loop."""
        return STRIP if self.line.stalls else 0.0

    @property
    def height(self) -> float:
        """The height of all of it."""
        return NAME + self.strip + self.lane * len(self.line.lanes) + GAP


def draw_runs(runs: Sequence[Run], frame: Frame) -> Drawing:
    """Draw the runs under each other, every bar filled as high as its job ran."""
    drawing = Drawing(frame.width)
    left, right = 4.0, frame.width - 14.0
    axis = time("time since the first job was enqueued", max(run.line.makespan_s for run in runs))
    first = draw_legend(drawing, left, [*_keys(runs)])
    bottom = first + sum(run.height for run in runs)

    def x(at_s: float) -> float:
        return left + (right - left) * axis.at(at_s)

    for part, label in axis.ticks(frame.ticks):
        at = left + (right - left) * part
        drawing.line(at, first + NAME, at, bottom + 4)
        drawing.text(at, bottom + 18, label, fill="soft", anchor="middle" if part else "start")
    write_axis_title(drawing, left, bottom + 36, axis.title)
    top = first
    for run in runs:
        drawing.text(left, top + 16, run.title, bold=True)
        if text_width(run.title, bold=True) + NAME_GAP + text_width(run.value) < right - left:
            drawing.text(right, top + 16, run.value, anchor="end")  # the sentence has it, too
        _draw_lanes(drawing, run, x, top + NAME + run.strip)
        top += run.height
    return drawing


def _keys(runs: Sequence[Run]) -> Iterator[Key]:
    """Yield what a bar and the hatching over it mean, as far as there is any."""
    if any(block.cpu_s is not None for run in runs for block in run.line.blocks):
        yield Key("the job ran", "process-0")
        yield Key("it stood still", "process-0", "pale")
    if any(run.line.stalls for run in runs):
        yield Key("the event loop stood still", "ink", "hatch")


def _draw_lanes(drawing: Drawing, run: Run, x: Callable[[float], float], top: float) -> None:
    line, gap = run.line, min(1.0, run.lane / 6)
    for block in line.blocks:
        start, end = x(block.start_s), x(block.end_s)
        # The gap on the right keeps neighbours apart that follow without a pause.
        width = max(end - start - (0.8 if end - start > 2 else 0), 0.5)
        box = Box(start, top + run.lane * block.lane + gap, width, run.lane - 2 * gap)
        colour = f"process-{line.lanes[block.lane] % PROCESSES}"
        draw_block(drawing, box, colour, block, f"{line.entry.name}, {_tell(block)}")
    draw_stalls(drawing, line.stalls, x, top, top + run.lane * len(line.lanes))


def _tell(block: Block) -> str:
    what = f"job {block.index}"
    if block.jobs > 1:
        what = f"{counted(block.jobs, 'job')} from job {block.index} on, on average"
    ran = "was done in" if block.cpu_s is None else f"ran {seconds(block.cpu_s)} of"
    return f"{what}\n{ran} {seconds(block.service_s)}"
