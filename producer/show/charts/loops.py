"""The event loops that stood still: what one job that computes does to all others of its loop."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from producer.contenders.designs.stalls import STALL_S
from producer.show.charts.chart import ALONE, Chart, Picture, Shared
from producer.show.charts.entries import Entry, Field
from producer.show.charts.panels import MAX_BARS, Run, draw_runs
from producer.show.charts.timeline import derive
from producer.show.svg.drawing import Drawing
from producer.show.svg.rows import Frame
from producer.words import percent, seconds

#: The ways with an event loop that is watched, and what each does with a job that computes.
HOLDS, HANDS_OVER = "asyncio", "asyncio+threads"
#: A loop that stood still for no more than this share of the run is worth no chart of its own.
LONG = 0.1


def chart(field: Field, shared: Shared = ALONE) -> Chart | None:
    """Show the loop that stood still for longest, and one that has threads; None where none did for long."""
    entries = choose(field.entries)
    if not entries:
        return None
    return Chart(
        "The event loop that stood still",
        "One bar for each job, one lane for each that was open at the same time. Every 5 ms the loop is "
        f"asked for a turn; where it is hatched, nobody got one for {seconds(STALL_S)} or longer. The loops "
        "of Celery's workers are not watched.",
        describe(entries, field),
        (Picture("loop", "the event loop that stood still", partial(draw, entries, shared)),),
    )


def choose(entries: Sequence[Entry]) -> list[Entry]:
    """Choose of each way, under one Python, the contender whose loop stood still for longest.

    Empty where none did for long.
    """
    watched = [entry for entry in entries if entry.valid and entry.typical.loop_stall_s is not None]
    chosen: list[Entry] = []
    for way in (HOLDS, HANDS_OVER):
        of_way = [entry for entry in watched if entry.name.way == way]
        alike = [entry for entry in of_way if chosen and entry.name.python == chosen[0].name.python]
        chosen += sorted(alike or of_way, key=_longest_s, reverse=True)[:1]
    return chosen if any(map(_stood_still, chosen)) else []


def describe(entries: Sequence[Entry], field: Field) -> str:
    """Say for how long the loops stood still."""
    worst = max(entries, key=_longest_s)
    of_run = percent(min(_longest_s(worst) / worst.typical.makespan_s, 1.0))
    held = field.computes and worst.name.way == HOLDS
    why = "what computes holds it until it is done, the next job begins at once, and " if held else ""
    told = (
        f"The event loop of {worst.name} stood still for {seconds(_longest_s(worst))}, {of_run} of the run: "
        f"{why}meanwhile nothing else on it could go on."
    )
    for other in entries:
        if other is worst:
            continue
        hands_over = ", which hands what computes to threads," if other.name.way == HANDS_OVER else ""
        longest = seconds(_longest_s(other))
        told += f" That of {other.name}{hands_over} stood still for {longest} at most."
    return told


def draw(entries: Sequence[Entry], shared: Shared, frame: Frame) -> Drawing:
    """Draw their runs under each other, hatched where the loop stood still."""
    lines = ((entry, derive(entry, min(shared.max_blocks, MAX_BARS))) for entry in entries)
    runs = [Run(line, str(entry.name), seconds(line.makespan_s)) for entry, line in lines if line]
    return draw_runs(runs, frame)


def _stood_still(entry: Entry) -> bool:
    return bool(entry.typical.loop_stalls) and _longest_s(entry) > LONG * entry.typical.makespan_s


def _longest_s(entry: Entry) -> float:
    """The longest stall as it is drawn, or, where none is worth drawing, as it was."""
    drawn_us = [stall.length_us for stall in entry.typical.loop_stalls]
    return max(drawn_us) / 1e6 if drawn_us else entry.typical.loop_stall_s or 0.0
