"""Threads and processes with as many slots, on one axis of time: what part of its time each job really ran.

Under a GIL the threads of one process take turns, and each job stands still for the turns of the others.
Where a Python without one was measured, too, its threads stand below them. The GIL is named as the cause
only where the jobs kept about one core busy, and others show that there was more to be had.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from producer.show.charts.bars import describe_filling
from producer.show.charts.chart import ALONE, Chart, Picture, Shared
from producer.show.charts.entries import Entry, Field
from producer.show.charts.panels import MAX_BARS, Run, draw_runs
from producer.show.charts.timeline import Timeline, derive
from producer.show.svg.drawing import Drawing
from producer.show.svg.rows import Frame
from producer.words import counted, digits, listed, percent

#: The ways that are held against each other: threads, and processes.
PAIRS = (("threads", "processes"), ("celery:threads", "celery:prefork"))
#: Jobs that run for this share of what the cores allow were held up by nothing that needs a reason.
FULL = 0.85
#: A function that holds the GIL for no more than this share of its time does not keep others waiting for it.
HELD = 0.5
#: Under a GIL no more jobs than this run at once, on average; what C code does without it comes on top.
ONE = 1.15
#: Processes that keep so many times as many cores busy show that the threads could have had them.
MORE = 1.25


@dataclass(frozen=True, slots=True)
class Panel:
    """The typical run of one contender."""

    line: Timeline
    #: The share of its time in which a job ran.
    ran: float
    #: How many jobs were open, and how many of them ran, on average over the run.
    open: float
    running: float
    #: Whether all its jobs had one GIL.
    one_gil: bool
    #: Whether its Python has a GIL at all.
    gil: bool

    @property
    def name(self) -> str:
        """The name of the contender."""
        return str(self.line.entry.name)

    @property
    def slots(self) -> int:
        """The threads or processes that it had."""
        return self.line.entry.typical.slots


def chart(field: Field, shared: Shared = ALONE) -> Chart | None:
    """Show threads above processes; None where the jobs do not compute, or either was not measured."""
    panels = derive_panels(field, min(shared.max_blocks, MAX_BARS)) if field.computes else []
    if not panels:
        return None
    seen = "The GIL, seen: when" if any(takes_turns(panel, panels, field) for panel in panels) else "When"
    return Chart(
        f"{seen} a job really ran",
        "Threads and processes with as many slots, on one axis of time: one lane for each slot, one bar for "
        f"each job, one colour for each process.{describe_filling([True])}",
        describe(panels, field),
        (Picture("gil", "when a job really ran", partial(draw, panels)),),
    )


def derive_panels(field: Field, max_blocks: int = MAX_BARS) -> list[Panel]:
    """Make a panel of each contender that is shown, threads first, those with a GIL before those without."""
    for pair in PAIRS:
        timed = [entry for entry in field.entries if entry.valid and entry.name.way in pair]
        timed = [entry for entry in timed if entry.typical.times.ran_share is not None]
        slots = _choose_slots(timed, pair, field.cores)
        if slots:
            lines = (derive(entry, max_blocks) for entry in timed if entry.typical.slots == slots)
            panels = [_panel(line, field) for line in lines if line]
            return sorted(panels, key=lambda panel: (pair.index(panel.line.entry.name.way), not panel.gil))
    return []


def describe(panels: Sequence[Panel], field: Field) -> str:
    """Say for what part of its time a job ran with each contender, and why no longer."""
    told: list[str] = []
    for panel in panels:
        begin, of_what = ("with", "") if told else ("With", " of its time")
        who = f"{panel.name}{'' if panel.gil else ', without a GIL,'}{'' if told else ' a job ran'}"
        why = ""
        if takes_turns(panel, panels, field):
            why = f" ({panel.slots} threads share one GIL and take turns)"
        told.append(f"{begin} {who} for {percent(panel.ran)}{of_what}{why}")
    return " ".join([f"{'; '.join(told)}.", *_remarks(panels, field)])


def takes_turns(panel: Panel, panels: Sequence[Panel], field: Field) -> bool:
    """Tell whether a GIL is why the jobs of a panel stood still: others show that it was not the cores."""
    if not panel.one_gil or not _holds_gil(field) or _ran_as_much_as_cores_allow(panel, field):
        return False
    others = [other.running for other in panels if not other.one_gil]
    one_core = FULL * field.busy <= panel.running <= ONE
    return one_core and max(others, default=0.0) >= MORE * panel.running


def _remarks(panels: Sequence[Panel], field: Field) -> Iterator[str]:
    """Say what else kept jobs from running: too few cores, or what this chart does not know."""
    most, cores = max(panel.open for panel in panels), counted(round(field.cores), "core")
    if most > ONE * field.cores:
        yield f"On {cores} no more jobs than that can run at once, and up to {digits(most)} were open."
    held_up = [
        panel
        for panel in panels
        if not takes_turns(panel, panels, field) and not _ran_as_much_as_cores_allow(panel, field)
    ]
    if held_up:
        unclear = "; how much of it is the GIL's cannot be told" * any(panel.one_gil for panel in held_up)
        who = f"The jobs of {listed([panel.name for panel in held_up])}"
        if len(held_up) == len(panels):
            who = "All of them"
        yield (
            f"{who} ran less than the cores allow: other work on the machine, or something they waited for, "
            f"kept them from it{unclear}."
        )


def _holds_gil(field: Field) -> bool:
    """Tell whether the jobs hold the GIL as they run: a user's function may do all its work without it."""
    facts = field.workload.facts
    return facts is None or facts.gil_held is None or facts.gil_held > HELD


def _ran_as_much_as_cores_allow(panel: Panel, field: Field) -> bool:
    return panel.running >= FULL * field.busy * min(panel.open, field.cores)


def draw(panels: Sequence[Panel], frame: Frame) -> Drawing:
    """Draw the contenders under each other."""
    runs = []
    for panel in panels:
        title = panel.name if panel.gil else f"{panel.name}, no GIL"
        runs.append(Run(panel.line, title, f"ran for {percent(panel.ran)}"))
    return draw_runs(runs, frame)


def _choose_slots(timed: Sequence[Entry], pair: tuple[str, str], cores: float) -> int | None:
    """Choose slots that both ways have: the most that have a core each, or else the fewest."""
    threads, processes = ({entry.typical.slots for entry in timed if entry.name.way == way} for way in pair)
    both = sorted(slots for slots in threads & processes if slots > 1)
    return max((slots for slots in both if slots <= cores), default=min(both, default=None))


def _panel(line: Timeline, field: Field) -> Panel:
    run = line.entry.typical
    times = run.times
    ran = times.ran_share
    assert ran is not None
    gil = field.gil if run.gil is None else run.gil
    open_ = float(times.service_s.sum()) / line.makespan_s
    is_threads = line.entry.name.way in {threads for threads, _ in PAIRS}
    return Panel(line, ran, open_, ran * open_, one_gil=gil and is_threads and len(run.workers) == 1, gil=gil)
