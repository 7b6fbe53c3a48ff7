"""The timeline of each contender's typical run: one lane for each slot, every job a block.

On the page a canvas draws the blocks and can be zoomed; as a file the same blocks are a drawing.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import partial

from producer.show.charts.bars import (
    STRIP,
    Box,
    StallS,
    describe_filling,
    describe_stalls,
    draw_block,
    draw_stalls,
)
from producer.show.charts.chart import ALONE, MAX_BLOCKS, Chart, Picture, Shared
from producer.show.charts.entries import STRETCHED, Entry, Field
from producer.show.charts.stretch import explain_stretch, is_beyond_turns
from producer.show.svg.axis import time
from producer.show.svg.drawing import Drawing
from producer.show.svg.palette import PROCESSES
from producer.show.svg.rows import WIDE, Frame
from producer.stats.lanes import Block, assign_lanes, count_most_at_once, cut_into_blocks
from producer.words import times

#: Service time below this share of the job's time alone: that was measured on a slower machine or Python.
SHRUNK = 0.9
#: Below this many times the time alone, jobs hardly hold each other up.
HARDLY = 1.15
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
    #: The share of all service time in which jobs ran; None where it is not known of each.
    ran: float | None = None
    #: When the event loop stood still.
    stalls: tuple[StallS, ...] = ()


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
    filling = describe_filling(line.ran is not None for line in lines)
    return TimelineChart(
        "Who did what, and when",
        "One lane for each slot, one bar for each job, one colour for each process. Point at a bar to see "
        f"its job; drag across a piece of time to see it closer, or use +, - and the arrows.{filling}",
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
        ran=times.ran_share,
        stalls=tuple((stall.at_us / 1e6, stall.length_us / 1e6) for stall in entry.typical.loop_stalls),
    )


def describe(line: Timeline, field: Field) -> str:
    """Say how many jobs were open at once, in how many processes, and what that did to each."""
    name, processes = line.entry.name, len(set(line.lanes))
    where = "one process" if processes == 1 else f"{processes} processes"
    if line.jobs == 1:
        return f"{name} did its only job in {where}: there was nothing to be done at the same time."
    stretched = f"their times add up to {times(line.stretch)} what they are alone"
    if line.at_once == 1:
        why = explain_stretch(line.entry, field, line.stretch, line.at_once)
        slowed = f"; {stretched}: {why}" if line.stretch >= STRETCHED else ""
        return f"{name} did one job at a time in {where}: every other job waited for it{slowed}."
    what = f"{name} had up to {line.at_once} jobs open at the same time in {where}"
    if line.stretch < SHRUNK:
        return (
            f"{what}; {stretched}: alone they were done more slowly than here, so whether they held each "
            "other up cannot be said."
        )
    if line.stretch < STRETCHED:
        much = "hardly held each other up" if line.stretch < HARDLY else "held each other up a little"
        return f"{what}; {stretched}, so they {much}."
    beyond = ", more than taking turns explains" if is_beyond_turns(line.stretch, line.at_once) else ""
    return f"{what}; {stretched}{beyond}: {explain_stretch(line.entry, field, line.stretch, line.at_once)}."


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
    top = 8.0 + (STRIP if line.stalls else 0.0)
    bottom = top + height * len(line.lanes)

    def x(at_s: float) -> float:
        return LEFT + reach * axis.at(at_s)

    for part, label in axis.ticks(frame.ticks):
        tick = LEFT + reach * part
        drawing.line(tick, top, tick, bottom + 4)
        drawing.text(tick, bottom + 20, label, fill="soft", anchor="middle")
    _draw_processes(drawing, line, top, height)
    for block in line.blocks:
        start, end = x(block.start_s), x(block.end_s)
        gap = min(1.0, height / 6)
        # The gap on the right keeps neighbours apart that follow without a pause.
        width = max(end - start - (0.8 if end - start > 2 else 0), 0.5)
        fill = f"process-{line.lanes[block.lane] % PROCESSES}"
        y = top + height * block.lane + gap
        draw_block(drawing, Box(start, y, width, height - 2 * gap), fill, block)
    draw_stalls(drawing, line.stalls, x, top, bottom)
    drawing.text(LEFT, bottom + 40, axis.title, fill="soft")
    drawing.height = bottom + 48
    return drawing


def process_name(worker: str) -> str:
    """Name a process without its host, which is the same for all but the largest labs."""
    return f"process {worker.rpartition('/')[2]}"


def _picture(line: Timeline, field: Field) -> Picture:
    name = line.entry.name
    told = " ".join(filter(None, [describe(line, field), describe_stalls(line.stalls)]))
    return Picture(f"timeline-{name}", f"timeline of {name}", partial(draw, line), told)


def _draw_processes(drawing: Drawing, line: Timeline, top: float, height: float) -> None:
    """The name of each process beside its lanes, as long as there is room for names."""
    y = top
    for worker, number in sorted(Counter(line.lanes).items()):
        middle = y + height * number / 2
        if height * number >= 13:
            drawing.text(LEFT - 10, middle + 4, process_name(line.workers[worker]), anchor="end")
        y += height * number
