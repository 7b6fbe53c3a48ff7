"""How the latencies of each contender's jobs are spread: a hill that is high where many jobs are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from producer.results.times import SecondsColumn
from producer.show.charts.chart import ALONE, Chart, Picture, Shared
from producer.show.charts.entries import Entry, Field
from producer.show.charts.families import choose_colour, list_families
from producer.show.slots import between_commas
from producer.show.svg.axis import time_log
from producer.show.svg.drawing import Drawing
from producer.show.svg.rows import Band, Frame, Key, Row, draw_hill, draw_rows
from producer.stats.summary import Percentiles
from producer.words import counted, seconds

#: Steps into which latencies are sorted, each wider than the one before by the same factor.
STEPS = 60
#: Shortest latency that a logarithmic axis shows, in seconds.
SHORTEST_S = 1e-6
PERCENTILES = Key("half of the jobs (p50), 99 of 100 (p99)", "ink", "line")


@dataclass(frozen=True, slots=True)
class Spread:
    """How the latencies of a contender's jobs are spread."""

    entry: Entry
    #: For each step, the share of the jobs that fell into it.
    shares: tuple[float, ...]
    latency_ms: Percentiles


@dataclass(frozen=True, slots=True)
class Spreads:
    """The latencies of all contenders over the same steps."""

    #: The ends of the steps, one more than there are steps; in seconds.
    edges_s: tuple[float, ...]
    rows: tuple[Spread, ...]


def chart(field: Field, _shared: Shared = ALONE) -> Chart | None:
    """Show how long each job took; None without a valid run."""
    spreads = derive(field.entries)
    if spreads is None:
        return None
    return Chart(
        "How long each job took",
        "Latency of every job of every valid run, from being enqueued to being finished: the hill is "
        "high where many jobs are.",
        describe(spreads),
        (Picture("latency", "latency of each job", partial(draw, spreads)),),
    )


def derive(entries: Sequence[Entry]) -> Spreads | None:
    """Sort the latencies of all valid runs into steps; None where there is none."""
    rows = [(entry, entry.summary.latency_ms) for entry in entries]
    valid = [(entry, latency_ms) for entry, latency_ms in rows if latency_ms is not None]
    if not valid:
        return None
    latencies = [np.maximum(entry.all_times.latency_s, SHORTEST_S) for entry, _ in valid]
    low, high = min(latency.min() for latency in latencies), max(latency.max() for latency in latencies)
    edges = np.geomspace(low * 0.9, high * 1.1, STEPS + 1)
    return Spreads(
        tuple(map(float, edges)),
        tuple(
            Spread(entry, _shares(latency, edges), latency_ms)
            for (entry, latency_ms), latency in zip(valid, latencies, strict=True)
        ),
    )


def describe(spreads: Spreads) -> str:
    """Say who answers soonest, and with whom the slowest jobs take longest."""
    soonest = min(spreads.rows, key=lambda row: row.latency_ms.p50)
    worst = max(spreads.rows, key=lambda row: _slow_ms(row.latency_ms))
    half, slow, slowest = (
        seconds(value / 1000)
        for value in (soonest.latency_ms.p50, _slow_ms(soonest.latency_ms), _slow_ms(worst.latency_ms))
    )
    name = soonest.entry.name
    if soonest.latency_ms.n == 1:
        first = f"With {name} the only job was done {half} after it was enqueued"
    else:
        most = f"{'99 of 100' if _many(soonest.latency_ms) else 'all'} within {slow}"
        first = f"With {name} half of the jobs were done within {half} of being enqueued, {most}"
    if worst is soonest:
        return f"{first}."
    slots = between_commas(worst.entry.summary.slots, soonest.entry.summary.slots)
    other = f"with {worst.entry.name}{slots}"
    if not _many(worst.latency_ms):
        return f"{first}; {other} the slowest took {slowest}."
    return f"{first}; {other} the slowest hundredth took {slowest} or longer."


def draw(spreads: Spreads, frame: Frame) -> Drawing:
    """Draw a hill for each contender: high where many of its jobs have their latency."""
    edges = spreads.edges_s
    rows = [Row(str(row.entry.name), _ends(row.latency_ms), _tip(row)) for row in spreads.rows]

    def paint(drawing: Drawing, place: int, band: Band) -> None:
        row = spreads.rows[place]
        draw_hill(drawing, band, edges, row.shares, choose_colour(row.entry))
        for value in (row.latency_ms.p50, row.latency_ms.p99):
            x = band.x(value / 1000)
            drawing.line(x, band.top, x, band.top + band.height, "ink", 2)

    keys = [*list_families(row.entry for row in spreads.rows), PERCENTILES]
    return draw_rows(frame, time_log("latency", edges[0], edges[-1]), rows, keys, paint)


def _shares(latencies: SecondsColumn, edges: SecondsColumn) -> tuple[float, ...]:
    counts, _ = np.histogram(latencies, edges)
    return tuple(float(count) for count in counts / len(latencies))


def _many(latency_ms: Percentiles) -> bool:
    """Whether there are jobs enough to speak of one in a hundred."""
    return latency_ms.n >= 100


def _slow_ms(latency_ms: Percentiles) -> float:
    return latency_ms.p99 if _many(latency_ms) else latency_ms.max


def _ends(latency_ms: Percentiles) -> str:
    return f"{seconds(latency_ms.p50 / 1000)} … {seconds(latency_ms.p99 / 1000)}"


def _tip(row: Spread) -> str:
    p = row.latency_ms
    named = {"p50": p.p50, "p95": p.p95, "p99": p.p99, "longest": p.max}
    lines = [f"{name} {seconds(value / 1000)}" for name, value in named.items()]
    return "\n".join([f"{row.entry.name}, {counted(p.n, 'job')}", *lines])
