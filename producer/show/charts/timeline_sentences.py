"""The sentence under a timeline: what was open at the same time, and what that did to each job."""

from __future__ import annotations

from producer.show.charts.entries import Field
from producer.show.charts.timeline import Timeline
from producer.words import times

#: Service this many times as long as the job takes alone is worth a word.
STRETCHED = 1.5
#: Service this much shorter than the job takes alone: it was alone on a slower machine, or a slower Python.
SHRUNK = 0.9
#: Ways whose slots take turns on one thread of their own accord, GIL or not.
COOPERATIVE = {"asyncio", "celery:asyncio", "celery:gevent", "celery:eventlet"}


def on_timeline(line: Timeline, field: Field, gil: bool) -> str:
    """How many jobs were open at once, in how many processes, and what that did to each."""
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
    if field.waits:
        return f"{what}; {stretched}: what each waited for was over before it had its turn again."
    if processes == 1 and field.computes and name.way in COOPERATIVE:
        return (
            f"{what}; {stretched}: one thread does them all, and while one computes the others stand still."
        )
    if processes == 1 and field.computes and gil:
        return (
            f"{what}; {stretched}: the GIL lets one of them run Python at a time, and meanwhile the others "
            "are open but stand still."
        )
    return f"{what}; {stretched}: open at the same time is not running at the same time."


def _besides(line: Timeline) -> str:
    # Taking turns stretches each by no more than the number of those who take turns.
    return (
        f"together they took {times(line.stretch)} the time they take alone, more than taking turns "
        "explains: something besides these jobs kept the machine busy"
    )


def on_thinning(line: Timeline) -> str | None:
    """What a thinned timeline leaves out; None where every job is drawn."""
    if line.per_block == 1:
        return None
    return (
        f"Thinned: {line.jobs:,} jobs are drawn as {len(line.blocks):,} bars, each of up to {line.per_block} "
        "neighbours in one lane; the paler a bar, the longer its lane stood idle within it."
    )
