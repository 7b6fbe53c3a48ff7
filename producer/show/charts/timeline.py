"""The timeline of each contender's typical run: one lane for each slot, every job a block.

On the page a canvas draws the blocks and can be zoomed; as a file the same blocks are a drawing.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import partial

from producer.show.charts.chart import ALONE, MAX_BLOCKS, Chart, Picture, Shared
from producer.show.charts.entries import STRETCHED, Entry, Field
from producer.show.svg.axis import time
from producer.show.svg.drawing import Drawing
from producer.show.svg.palette import PROCESSES
from producer.show.svg.rows import WIDE, Frame
from producer.stats.lanes import Block, assign_lanes, count_most_at_once, cut_into_blocks
from producer.words import times

#: Service time below this share of the job's time alone: that was measured on a slower machine or Python.
SHRUNK = 0.9
#: Ways whose slots take turns on one thread of their own accord, GIL or not.
COOPERATIVE = {"asyncio", "celery:asyncio", "celery:gevent", "celery:eventlet"}
#: The room beside the lanes.
LEFT, RIGHT = 130.0, 14.0
#: Height of all the lanes together, and the most that one of them gets.
HEIGHT, HIGHEST = 360.0, 24.0


@dataclass(frozen=True, slots=True)
class Timeline:
    """One run of one contender."""

    entry: Entry
    #: Who did the jobs; for each lane, the position in `workers` of the process it belongs to.
    workers: tuple[str, ...]
    lanes: tuple[int, ...]
    blocks: tuple[Block, ...]
    #: Jobs drawn, and how many neighbours a block may hold.
    jobs: int
    per_block: int
    makespan_s: float
    #: The most jobs that were open at the same time.
    at_once: int
    #: Service time / time alone, over all the jobs.
    stretch: float


@dataclass(frozen=True, slots=True)
class TimelineChart(Chart):
    """A chart that shows one timeline at a time: the page draws them on a canvas."""

    timelines: tuple[Timeline, ...] = ()


def chart(field: Field, shared: Shared = ALONE) -> TimelineChart | None:
    """Show who did what, and when, in the typical run of each contender; None without any record."""
    derived = (derive(entry, shared.max_blocks) for entry in field.entries)
    lines = tuple(line for line in derived if line)
    if not lines:
        return None
    pictures = tuple(_picture(line, field) for line in lines)
    return TimelineChart(
        "Who did what, and when",
        "One lane for each slot, one bar for each job, one colour for each process. Point at a bar to see "
        "its job; drag across a piece of time to see it closer.",
        pictures[0].sentence,
        pictures,
        timelines=lines,
    )


def derive(entry: Entry, max_blocks: int = MAX_BLOCKS) -> Timeline | None:
    """Make the timeline of the typical run; None where it left no record."""
    times = entry.typical.times
    jobs = len(times.index)
    if not jobs:
        return None
    lane_of, lanes = assign_lanes(times)
    per_block = math.ceil(jobs / max_blocks)
    alone = entry.alone_s[times.index]
    return Timeline(
        entry=entry,
        workers=tuple(entry.typical.workers),
        lanes=tuple(lanes),
        blocks=tuple(cut_into_blocks(times, lane_of, alone, per_block)),
        jobs=jobs,
        per_block=per_block,
        makespan_s=float(times.finished_s.max()),
        at_once=count_most_at_once(times.started_s, times.finished_s),
        stretch=float(times.service_s.sum() / alone.sum()) if alone.sum() else 1.0,
    )


def describe(line: Timeline, field: Field) -> str:
    """Say how many jobs were open at once, in how many processes, and what that did to each."""
    name, processes = line.entry.name, len(set(line.lanes))
    where = "one process" if processes == 1 else f"{processes} processes"
    if line.jobs == 1:
        return f"{name} did its only job in {where}: there was nothing to be done at the same time."
    if line.at_once == 1:
        slowed = f"; {_besides(line)}" if line.stretch >= STRETCHED else ""
        return f"{name} did one job at a time in {where}: every other job waited for it{slowed}."
    what = f"{name} had up to {line.at_once} jobs open at the same time in {where}"
    stretched = f"together they took {times(line.stretch)} the time they take alone"
    if line.stretch < SHRUNK:
        return (
            f"{what}; {stretched}: alone they were done more slowly than here, so whether they held each "
            "other up cannot be said."
        )
    if line.stretch < STRETCHED:
        return f"{what}; {stretched}, so they hardly held each other up."
    if line.stretch > STRETCHED * line.at_once:
        return f"{what}; {_besides(line)}."
    return f"{what}; {stretched}: {_why_stretched(line, field, processes)}."


def describe_thinning(line: Timeline) -> str | None:
    """Say what a thinned timeline leaves out; None where every job is drawn."""
    if line.per_block == 1:
        return None
    return (
        f"Thinned: {line.jobs:,} jobs are drawn as {len(line.blocks):,} bars, each of up to {line.per_block} "
        "neighbours in one lane; the paler a bar, the longer its lane stood idle within it."
    )


def draw(line: Timeline, frame: Frame = WIDE) -> Drawing:
    """Draw every block in its lane, in the colour of its process."""
    drawing = Drawing(frame.width)
    axis = time("time since the first job was enqueued", line.makespan_s)
    reach = frame.width - LEFT - RIGHT
    height = min(HEIGHT / len(line.lanes), HIGHEST)
    top, bottom = 8.0, 8.0 + height * len(line.lanes)
    for part, label in axis.ticks(frame.ticks):
        x = LEFT + reach * part
        drawing.line(x, top, x, bottom + 4)
        drawing.text(x, bottom + 20, label, fill="soft", anchor="middle")
    _draw_processes(drawing, line, top, height)
    for block in line.blocks:
        start, end = (LEFT + reach * axis.at(at) for at in (block.start_s, block.end_s))
        gap = min(1.0, height / 6)
        # The gap on the right keeps neighbours apart that follow without a pause.
        width = max(end - start - (0.8 if end - start > 2 else 0), 0.5)
        fill = f"process-{line.lanes[block.lane] % PROCESSES}"
        y = top + height * block.lane + gap
        drawing.rect(start, y, width, height - 2 * gap, fill, opacity=busy_share(block))
    drawing.text(LEFT, bottom + 40, axis.title, fill="soft")
    drawing.height = bottom + 48
    return drawing


def busy_share(block: Block) -> float:
    """The share of a block that was work, but never so small that its colour cannot be seen."""
    length = block.end_s - block.start_s
    share = block.jobs * block.service_s / length if length else 1.0
    return round(min(max(share, 0.25), 1.0), 2)


def process_name(worker: str) -> str:
    """Name a process without its host, which is the same for all but the largest labs."""
    return f"process {worker.rpartition('/')[2]}"


def _picture(line: Timeline, field: Field) -> Picture:
    name = line.entry.name
    return Picture(f"timeline-{name}", f"timeline of {name}", partial(draw, line), describe(line, field))


def _why_stretched(line: Timeline, field: Field, processes: int) -> str:
    if field.waits:
        return "what each waited for was over before it had its turn again"
    if processes == 1 and field.computes and line.entry.name.way in COOPERATIVE:
        return "one thread does them all, and while one computes the others stand still"
    gil = line.entry.typical.gil
    if processes == 1 and field.computes and (field.gil if gil is None else gil):
        return (
            "the GIL lets one of them run Python at a time, and meanwhile the others are open but stand still"
        )
    return "open at the same time is not running at the same time"


def _besides(line: Timeline) -> str:
    # Taking turns stretches each by no more than the number of those who take turns.
    return (
        f"together they took {times(line.stretch)} the time they take alone, more than taking turns "
        "explains: something besides these jobs kept the machine busy"
    )


def _draw_processes(drawing: Drawing, line: Timeline, top: float, height: float) -> None:
    """The name of each process beside its lanes, as long as there is room for names."""
    y = top
    for worker, number in sorted(Counter(line.lanes).items()):
        middle = y + height * number / 2
        if height * number >= 13:
            drawing.text(LEFT - 10, middle + 4, process_name(line.workers[worker]), anchor="end")
        y += height * number
