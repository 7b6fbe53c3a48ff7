"""Latency over the offered rate: a line for each contender."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from producer.results import Result, WorkloadResult
from producer.show.charts.chart import Chart, Picture
from producer.show.charts.load_plot import HEIGHT, LEFT, RIGHT, draw_plot, line_colour, line_keys
from producer.show.load import describe_capacities
from producer.show.svg.axis import time_log
from producer.show.svg.drawing import Drawing
from producer.show.svg.rows import Frame, draw_legend
from producer.stats.load import Step, steps
from producer.words import counted, digits

#: How far the lowest and the highest rate are from the edges.
INSET = 18.0


def chart(result: Result, workload: WorkloadResult) -> Chart | None:
    """Show the latency of a load; None where no run was valid."""
    rows = [row for row in steps(result, workload) if row.latency_ms]
    if not rows:
        return None
    return Chart(
        "Latency over offered rate",
        "How long 95 of 100 jobs took at most, from the moment at which each was to arrive, at each offered "
        "rate; the thin line is the median. A ring is a rate that was not held: the backlog grew, and the "
        "latency with every second.",
        "\n".join(describe_capacities(result, workload)),
        (Picture("load-latency", "latency over offered rate", partial(draw, rows)),),
    )


def draw(rows: Sequence[Step], frame: Frame) -> Drawing:
    """Draw the 95th percentile and the median of each contender."""
    drawing = Drawing(frame.width)
    names = list(dict.fromkeys(row.contender for row in rows))
    rates = sorted({row.rate for row in rows})
    top = draw_legend(drawing, 0, line_keys(names, names)) + 24
    known = [row.latency_ms for row in rows if row.latency_ms]
    low_s, high_s = min(ms.p50 for ms in known) / 1000, max(ms.p95 for ms in known) / 1000
    axis = time_log("latency", max(low_s * 0.9, 1e-6), max(high_s * 1.1, low_s * 2, 1e-5))
    x = _rate_scale(rates, drawing.width - RIGHT)

    def y(ms: float) -> float:
        return top + HEIGHT * (1 - axis.at(ms / 1000))

    places = [(x(rate), digits(rate)) for rate in rates]
    draw_plot(drawing, top, axis, axis.title, places, "offered rate, in jobs per second")
    for name in names:
        its_rows = [(row, row.latency_ms) for row in rows if row.contender == name and row.latency_ms]
        colour = line_colour(names, name)
        drawing.path([(x(row.rate), y(ms.p50)) for row, ms in its_rows], colour, 0.8)
        drawing.path([(x(row.rate), y(ms.p95)) for row, ms in its_rows], colour, 2.2)
        for row, ms in its_rows:
            drawing.dot(x(row.rate), y(ms.p95), 5.5, colour)
            if not row.held:
                drawing.dot(x(row.rate), y(ms.p95), 3.0, "paper")
            drawing.hover(x(row.rate) - 9, y(ms.p95) - 9, 18, 18, _tip(row))
    return drawing


def _rate_scale(rates: Sequence[float], right: float) -> Callable[[float], float]:
    """Place rates so that equal distances are equal factors; a single rate stands in the middle."""
    low, high = rates[0], rates[-1]
    if low == high:
        return lambda _: (LEFT + right) / 2
    reach = (right - LEFT - 2 * INSET) / math.log(high / low)
    return lambda rate: LEFT + INSET + reach * math.log(rate / low)


def _tip(row: Step) -> str:
    assert row.latency_ms
    ms = row.latency_ms
    return (
        f"{row.contender} at {digits(row.rate)} jobs/s, {'held' if row.held else 'not held'}\n"
        f"p50 {digits(ms.p50)} ms, p95 {digits(ms.p95)} ms, p99 {digits(ms.p99)} ms, {counted(ms.n, 'job')}"
    )
