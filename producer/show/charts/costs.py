"""What each contender's speed costs: memory, and CPU time for each job."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter

from producer.show.charts.chart import ALONE, Chart, Picture, Shared
from producer.show.charts.entries import Entry, Field
from producer.show.charts.families import choose_colour
from producer.show.slots import behind_comma
from producer.show.svg.axis import Axis, amount, time
from producer.show.svg.drawing import Drawing
from producer.show.svg.rows import Band, Frame, Row, draw_bar, draw_rows
from producer.show.used import WITHOUT_BROKER, lacks_broker
from producer.words import digits, mebibytes, seconds


@dataclass(frozen=True, slots=True)
class Cost:
    """What a contender's speed costs; None stands for what could not be measured."""

    entry: Entry
    jobs_per_s: float
    memory_bytes: int | None
    cpu_per_job_s: float | None


def chart(field: Field, _shared: Shared = ALONE) -> Chart | None:
    """Show each contender's speed beside its costs; None without a valid run."""
    costs = derive(field.entries)
    if not costs:
        return None
    without = lacks_broker([cost.entry.summary for cost in costs])
    spent = f"spent on each job, {WITHOUT_BROKER}" if without else "and the broker spent on each job"
    return Chart(
        "What the speed costs",
        "Speed, and beside it the peak memory of the processes that did the jobs, and the CPU time they "
        f"{spent}.",
        describe(costs),
        (
            Picture("speed", "speed", partial(draw_speed, costs)),
            Picture("memory", "peak memory", partial(draw_memory, costs)),
            Picture("cpu", "CPU time for each job", partial(draw_cpu, costs)),
        ),
        beside=True,
    )


def derive(entries: Sequence[Entry]) -> list[Cost]:
    """Take speed, memory and CPU time of the contenders with a valid run."""
    return [
        Cost(
            entry,
            row.throughput,
            row.peak_memory_bytes,
            # A run so short that no tick of the system's clock fell into it says nothing of its CPU time.
            row.cpu_s / entry.typical.jobs if row.cpu_s else None,
        )
        for entry in entries
        if (row := entry.summary).throughput is not None
    ]


def describe(costs: Sequence[Cost]) -> str:
    """Compare what the fastest contender paid for its speed with what the others paid."""
    memory = [(float(cost.memory_bytes), cost) for cost in costs if cost.memory_bytes]
    cpu = [(cost.cpu_per_job_s, cost) for cost in costs if cost.cpu_per_job_s]
    parts = []
    if memory:
        parts.append(_least("memory", costs[0], memory, mebibytes))
    if cpu:
        parts.append(_least("CPU time for a job", costs[0], cpu, seconds))
    return " ".join(parts) or "What the contenders used was out of sight."


def draw_speed(costs: Sequence[Cost], frame: Frame) -> Drawing:
    """Draw jobs per second."""
    values = [cost.jobs_per_s for cost in costs]
    axis = amount("speed, in jobs per second", max(values))
    return _draw(costs, values, [digits(value) for value in values], axis, frame)


def draw_memory(costs: Sequence[Cost], frame: Frame) -> Drawing:
    """Draw the peak memory, where it could be measured."""
    mib = [(cost.memory_bytes or 0) / 2**20 for cost in costs]
    texts = [mebibytes(cost.memory_bytes) if cost.memory_bytes else "not in sight" for cost in costs]
    return _draw(costs, mib, texts, amount("peak memory, in MiB", max(mib)), frame)


def draw_cpu(costs: Sequence[Cost], frame: Frame) -> Drawing:
    """Draw the CPU time for each job, where it could be measured."""
    values = [cost.cpu_per_job_s or 0.0 for cost in costs]
    texts = [seconds(value) if value else "too little to see" for value in values]
    return _draw(costs, values, texts, time("CPU time for each job", max(values)), frame)


def _least(what: str, fastest: Cost, costs: Sequence[tuple[float, Cost]], say: Callable[[float], str]) -> str:
    (low, least), (high, most) = min(costs, key=itemgetter(0)), max(costs, key=itemgetter(0))
    who = f"The fastest, {least.entry.name}," if least is fastest else least.entry.name
    if low == high:
        return f"{who} needed {say(low)} of {what}."
    slots = behind_comma(most.entry.summary.slots, least.entry.summary.slots)
    return f"{who} needed the least {what}, {say(low)}; {most.entry.name} the most, {say(high)}{slots}."


def _draw(
    costs: Sequence[Cost], values: Sequence[float], texts: Sequence[str], axis: Axis, frame: Frame
) -> Drawing:
    rows = [
        Row(str(cost.entry.name), text, f"{cost.entry.name}\n{axis.title}: {text}")
        for cost, text in zip(costs, texts, strict=True)
    ]

    def paint(drawing: Drawing, place: int, band: Band) -> None:
        if values[place]:
            draw_bar(drawing, band, values[place], choose_colour(costs[place].entry))

    return draw_rows(frame, axis, rows, [], paint)
