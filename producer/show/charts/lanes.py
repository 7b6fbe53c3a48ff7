"""The timeline as a drawing, for slides; on the page a canvas draws the same blocks, and can be zoomed."""

from __future__ import annotations

from collections import Counter

from producer.show.charts.timeline import Block, Timeline
from producer.show.svg.axis import time
from producer.show.svg.drawing import Drawing
from producer.show.svg.palette import PROCESSES

WIDTH, LEFT, RIGHT = 980.0, 130.0, 14.0
#: Height of all the lanes together, and the most that one of them gets.
HEIGHT, HIGHEST = 360.0, 24.0


def lanes(line: Timeline) -> Drawing:
    """Every block of the timeline in its lane, in the colour of its process."""
    drawing = Drawing(WIDTH)
    axis = time("time since the first job was enqueued", line.makespan_s)
    height = min(HEIGHT / len(line.lanes), HIGHEST)
    top, bottom = 8.0, 8.0 + height * len(line.lanes)
    for part, label in axis.ticks(6):
        x = LEFT + (WIDTH - LEFT - RIGHT) * part
        drawing.line(x, top, x, bottom + 4)
        drawing.text(x, bottom + 18, label, fill="soft", size=12, anchor="middle")
    _processes(drawing, line, top, height)
    for block in line.blocks:
        start, end = (LEFT + (WIDTH - LEFT - RIGHT) * axis.at(at) for at in (block.start_s, block.end_s))
        gap = min(1.0, height / 6)
        # The gap on the right keeps neighbours apart that follow without a pause.
        width = max(end - start - (0.8 if end - start > 2 else 0), 0.5)
        fill = f"process-{line.lanes[block.lane] % PROCESSES}"
        drawing.rect(
            start, top + height * block.lane + gap, width, height - 2 * gap, fill, opacity=busy(block)
        )
    drawing.text(LEFT, bottom + 36, axis.title, fill="soft", size=12)
    drawing.height = bottom + 44
    return drawing


def busy(block: Block) -> float:
    """How much of a block was work; never so pale that it cannot be seen."""
    length = block.end_s - block.start_s
    share = block.jobs * block.service_s / length if length else 1.0
    return round(min(max(share, 0.25), 1.0), 2)


def _processes(drawing: Drawing, line: Timeline, top: float, height: float) -> None:
    """The name of each process beside its lanes, as long as there is room for names."""
    y = top
    for worker, number in sorted(Counter(line.lanes).items()):
        middle = y + height * number / 2
        if height * number >= 13:
            drawing.text(LEFT - 10, middle + 4, process_name(line.workers[worker]), anchor="end", size=12)
        y += height * number


def process_name(worker: str) -> str:
    """The process as a person would say it: the host is the same for all but the largest labs."""
    return f"process {worker.rpartition('/')[2]}"
