"""The charts of one workload as figures of the page."""

from __future__ import annotations

from collections.abc import Sequence

from producer.printable import html
from producer.show.charts import (
    costs,
    gil,
    latencies,
    loops,
    makespans,
    memory,
    pace,
    scaling,
    shares,
    timeline,
    waits,
    way,
)
from producer.show.charts.chart import ALONE, Chart, Shared
from producer.show.charts.entries import Field
from producer.show.charts.timeline import TimelineChart
from producer.show.report import pair, timelines
from producer.show.report.fold import fold
from producer.show.svg.rows import NARROW, WIDE

#: Every chart, in the order of the page; what has nothing to show is left out.
CHARTS = (
    way.chart,
    scaling.chart,
    makespans.chart,
    shares.chart,
    gil.chart,
    loops.chart,
    timeline.chart,
    latencies.chart,
    waits.chart,
    pace.chart,
    memory.chart,
    costs.chart,
)

#: Charts that are folded, by the name of their first picture: they answer what not everybody asks.
FOLDED = {"latency", "waits", "throughput", "speed-memory", "cpu", "way"}


def make_charts(field: Field, shared: Shared = ALONE) -> list[Chart]:
    """Make those charts of a workload that have something to show."""
    made = (chart(field, shared) for chart in CHARTS)
    return [chart for chart in made if chart]


def write_figures(shown: Sequence[Chart], key: str) -> str:
    """Write the charts for the page; the timelines' canvas finds its data under `key`."""
    return "".join(_write(chart, key) for chart in shown)


def _write(chart: Chart, key: str) -> str:
    if isinstance(chart, TimelineChart):
        return timelines.write_figure(chart, key) + pair.write_pair(chart, key)
    figure, name = _write_figure(chart), chart.pictures[0].name
    return fold(chart.title, chart.sentence, figure, f"{key}-{name}") if name in FOLDED else figure


def _write_figure(chart: Chart) -> str:
    """Write a figure, drawn twice where it can be wide: the page shows what fits."""
    if chart.beside:
        drawn = "".join(f"<div>{picture.draw(NARROW).svg(chart.title)}</div>" for picture in chart.pictures)
        drawings = f'<div class="beside">{drawn}</div>'
    else:
        draw = chart.pictures[0].draw
        drawings = (
            f'<div class="wide">{draw(WIDE).svg(chart.title)}</div>'
            f'<div class="narrow">{draw(NARROW).svg(chart.title)}</div>'
        )
    return (
        f'<figure class="chart"><h4>{html(chart.title)}</h4><p class="reading">{html(chart.reading)}</p>'
        f"{drawings}<figcaption>{html(chart.sentence)}</figcaption></figure>"
    )
