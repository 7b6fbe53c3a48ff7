"""When in its typical run each contender finished its jobs: evenly, or in bursts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from producer.show.charts.chart import ALONE, Chart, Picture, Shared
from producer.show.charts.entries import Entry, Field
from producer.show.charts.families import choose_colour, list_families
from producer.show.slots import between_commas
from producer.show.svg.axis import Axis
from producer.show.svg.drawing import Drawing
from producer.show.svg.rows import Band, Frame, Row, draw_hill, draw_rows
from producer.words import are, counted, digits, percent, seconds

#: Pieces into which a run is cut, to show its pace.
STEPS = 40
#: A tenth of a run that finishes no more than this share of the jobs belongs to an even pace...
EVEN = 0.15
#: ... if nothing finished for no longer than this share of the run, too.
PAUSE = 0.075
#: Fewer jobs than this have no pace: chance alone makes bursts of them.
JOBS_OF_A_PACE = 40


@dataclass(frozen=True, slots=True)
class Pace:
    """When in its typical run a contender finished its jobs."""

    entry: Entry
    makespan_s: float
    #: Jobs finished in each piece of the run.
    finished: tuple[int, ...]
    #: The longest time in which none finished, as a share of the run.
    pause: float

    @property
    def rates(self) -> tuple[float, ...]:
        """Jobs per second in each piece."""
        piece_s = self.makespan_s / len(self.finished)
        return tuple(number / piece_s for number in self.finished)

    @property
    def busiest_tenth(self) -> float:
        """The share of the jobs that the busiest tenth of the run finished; 0.1 is an even pace."""
        tenths = np.add.reduceat(self.finished, range(0, len(self.finished), len(self.finished) // 10))
        return float(tenths.max() / max(sum(self.finished), 1))

    @property
    def even(self) -> bool:
        """Whether there is neither a burst nor a pause in it."""
        return self.busiest_tenth <= EVEN and self.pause <= PAUSE

    @property
    def unevenness(self) -> float:
        """How far it is from an even pace, by the worse of the two: 1 is the most that is even."""
        return max(self.busiest_tenth / EVEN, self.pause / PAUSE)


def chart(field: Field, _shared: Shared = ALONE) -> Chart | None:
    """Show throughput over time; None without a valid run."""
    paces = derive(field.entries)
    if not paces:
        return None
    return Chart(
        "Throughput over time",
        "Jobs finished in each fortieth of the typical run; each contender is drawn against its own peak.",
        describe(paces),
        (Picture("throughput", "throughput over time", partial(draw, paces)),),
    )


def derive(entries: Sequence[Entry]) -> list[Pace]:
    """Count the jobs that finished in each piece of each typical run."""
    paces = []
    for entry in entries:
        finished = entry.typical.times.finished_s
        if entry.valid and len(finished) and finished.max() > 0:
            makespan = float(finished.max())
            counts, _ = np.histogram(finished, STEPS, (0.0, makespan))
            pauses = np.diff(np.sort(finished), prepend=0.0)
            paces.append(Pace(entry, makespan, tuple(map(int, counts)), float(pauses.max()) / makespan))
    return paces


def describe(paces: Sequence[Pace]) -> str:
    """Say who finishes jobs evenly, and who in bursts."""
    fewest = min(sum(pace.finished) for pace in paces)
    if fewest < JOBS_OF_A_PACE:
        return f"{counted(fewest, 'job')} in a run {are(fewest)} too few to speak of a pace."
    if all(pace.even for pace in paces):
        most = percent(max(pace.busiest_tenth for pace in paces))
        longest = percent(max(pace.pause for pace in paces))
        return (
            f"All kept an even pace: no tenth of a run finished more than {most} of its jobs, and nowhere "
            f"did none finish for more than {longest} of it."
        )
    evenest = min(paces, key=lambda pace: pace.unevenness)
    uneven = max(paces, key=lambda pace: pace.unevenness)
    if evenest is uneven:
        return f"{_describe_uneven(uneven)}."
    kind = "kept the evenest pace" if evenest.even else "came closest to an even pace"
    least, pause = percent(evenest.busiest_tenth), percent(evenest.pause)
    slots = between_commas(evenest.entry.summary.slots, uneven.entry.summary.slots)
    return (
        f"{_describe_uneven(uneven)}; {evenest.entry.name}{slots} {kind}, with {least} in its busiest tenth, "
        f"and no pause longer than {pause} of its run."
    )


def _describe_uneven(pace: Pace) -> str:
    burst = f"the busiest tenth of its run finished {percent(pace.busiest_tenth)} of the jobs"
    pause = f"for {percent(pace.pause)} of its run none finished"
    if pace.busiest_tenth / EVEN >= pace.pause / PAUSE:
        also = f", and {pause}" if pace.pause > PAUSE else ""
        return f"{pace.entry.name} worked in bursts: {burst}{also}"
    return f"{pace.entry.name} did not keep an even pace: {pause}, and {burst}"


def draw(paces: Sequence[Pace], frame: Frame) -> Drawing:
    """Draw when jobs were finished, each contender scaled to its own makespan and its own peak."""
    since = "time" if frame.above else "time since the first job was enqueued"
    axis = Axis(f"{since}, in % of the contender's own makespan", 0, 1, 100)
    rows = [
        Row(
            str(pace.entry.name),
            f"peak {digits(max(pace.rates))}/s",
            f"{pace.entry.name}, one run of {seconds(pace.makespan_s)}\n"
            f"mean {digits(sum(pace.finished) / pace.makespan_s)} jobs/s\n"
            f"peak {digits(max(pace.rates))} jobs/s\n"
            f"the longest pause: {percent(pace.pause)} of the run",
        )
        for pace in paces
    ]

    def paint(drawing: Drawing, place: int, band: Band) -> None:
        pace = paces[place]
        steps = len(pace.finished)
        edges = [step / steps for step in range(steps + 1)]
        draw_hill(drawing, band, edges, pace.finished, choose_colour(pace.entry))

    return draw_rows(frame, axis, rows, list_families(pace.entry for pace in paces), paint)
