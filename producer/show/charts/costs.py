"""What each contender's speed costs: memory, and CPU time for each job."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter

from producer.show.charts.chart import ALONE, Chart, Picture, Shared
from producer.show.charts.entries import Entry, Field
from producer.show.charts.families import choose_colour, list_families
from producer.show.columns import TICK_S
from producer.show.slots import behind_comma
from producer.show.svg.axis import time
from producer.show.svg.drawing import Drawing
from producer.show.svg.rows import Band, Frame, Row, draw_bar, draw_rows
from producer.show.used import WITHOUT_BROKER, cpu_per_job_s, lacks_broker
from producer.words import SPACE, listed, seconds


@dataclass(frozen=True, slots=True)
class Cost:
    """What a contender's speed costs; None stands for what could not be measured."""

    entry: Entry
    jobs_per_s: float
    memory_bytes: int | None
    cpu_per_job_s: float | None


def chart(field: Field, _shared: Shared = ALONE) -> Chart | None:
    """Show the CPU time that each contender spent on a job; None without a valid run."""
    costs = derive(field.entries)
    if not costs:
        return None
    without = lacks_broker([cost.entry.summary for cost in costs])
    spent = f"spent on each job, {WITHOUT_BROKER}" if without else "and the broker spent on each job"
    return Chart(
        "CPU time for each job",
        f"The processes did the jobs; this is the CPU time that they {spent}. What they do right before and "
        f"after a run is in it, and it is counted in steps of {seconds(TICK_S)}. A job that has just waited "
        "takes more of it than the same job amid others.",
        describe(costs),
        (Picture("cpu", "CPU time for each job", partial(draw, costs)),),
    )


def derive(entries: Sequence[Entry]) -> list[Cost]:
    """Take speed, memory and CPU time of the contenders with a valid run."""
    return [
        Cost(
            entry,
            row.throughput,
            row.peak_memory_bytes,
            cpu_per_job_s(row, entry.typical.jobs),
        )
        for entry in entries
        if (row := entry.summary).throughput is not None
    ]


def describe(costs: Sequence[Cost]) -> str:
    """Compare what the fastest contender spent on a job with what the others spent."""
    measured = [(cost.cpu_per_job_s, cost) for cost in costs if cost.cpu_per_job_s]
    if not measured:
        return "The CPU time of the contenders was out of sight, or too short to be seen."
    told = name_least("CPU time for a job", costs[0], measured, seconds, TICK_S / costs[0].entry.typical.jobs)
    unseen = [str(cost.entry.name) for cost in costs if not cost.cpu_per_job_s]
    if not unseen:
        return told
    whose = (
        f"That of {listed(unseen)} was out of sight, or less than the system counts in (10{SPACE}ms a run)."
    )
    return f"Among those whose CPU time was seen, {told[0].lower()}{told[1:]} {whose}"


def name_least(
    what: str,
    fastest: Cost,
    costs: Sequence[tuple[float, Cost]],
    say: Callable[[float], str],
    step: float = 0.0,
) -> str:
    """Say who needed the least of something and who the most, and whether the former was the fastest.

    Those who needed less than a `step` more than the least are named with it: it is no difference.
    """
    (low, least), (high, most) = min(costs, key=itemgetter(0)), max(costs, key=itemgetter(0))
    who = f"The fastest, {least.entry.name}," if least is fastest else least.entry.name
    if low == high:
        return f"{who} needed {say(low)} of {what}."
    if high - low < step:
        return f"All needed about as much {what}: {say(low)} to {say(high)}."
    alike = {str(cost.entry.name): value for value, cost in costs if value - low < step}
    if len(alike) > 1:
        return (
            f"{listed([*alike])} needed the least {what}, {say(low)} to {say(max(alike.values()))}; "
            f"{most.entry.name} the most, {say(high)}."
        )
    slots = behind_comma(most.entry.summary.slots, least.entry.summary.slots)
    return f"{who} needed the least {what}, {say(low)}; {most.entry.name} the most, {say(high)}{slots}."


def draw(costs: Sequence[Cost], frame: Frame) -> Drawing:
    """Draw the CPU time for each job, where it could be measured."""
    values = [cost.cpu_per_job_s or 0.0 for cost in costs]
    texts = [seconds(value) if value else "too little to see" for value in values]
    axis = time("CPU time for each job", max(values))
    rows = [
        Row(str(cost.entry.name), text, f"{cost.entry.name}\n{axis.title}: {text}")
        for cost, text in zip(costs, texts, strict=True)
    ]

    def paint(drawing: Drawing, place: int, band: Band) -> None:
        if values[place]:
            draw_bar(drawing, band, values[place], choose_colour(costs[place].entry))

    return draw_rows(frame, axis, rows, list_families(cost.entry for cost in costs), paint)
