"""The charts of one workload as figures: what each shows, how it is drawn, and its sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from producer.printable import html
from producer.show.charts import data, sentences
from producer.show.charts import drawn as contenders
from producer.show.charts.entries import Field
from producer.show.charts.makespans import makespans
from producer.show.charts.scaling import scaling
from producer.show.svg.drawing import Drawing
from producer.show.svg.rows import NARROW, WIDE, Frame
from producer.show.terminal import sweep as scaling_table
from producer.stats.scaling import Curve
from producer.words import SPACE


@dataclass(frozen=True, slots=True)
class Draw:
    """One drawing of a figure; `name` is that of its file, `title` what stands above it there."""

    name: str
    title: str
    paint: Callable[[Frame], Drawing]


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure."""

    title: str
    #: What the chart shows and how to read it.
    reading: str
    sentence: str
    draw: tuple[Draw, ...]
    #: Whether its drawings are small and stand beside each other.
    beside: bool = False


def charts(field: Field, longest_s: float | None = None) -> list[Chart]:
    """Those charts for which there is a valid run; `longest_s` is where a shared makespan axis ends."""
    bars = data.bars(field.entries)
    if not bars:
        return []
    took = Chart(
        "How long it took",
        f"Makespan: from the first job enqueued to the last one finished. {_ends(bars)} Shorter is better; "
        "nobody can come left of the diamond.",
        sentences.on_makespans(bars),
        (Draw("makespan", "makespan", partial(makespans, bars, longest_s=longest_s)),),
    )
    return [*_scaling(field.curves), took, *_of_jobs(field), _costs(field)]


def _ends(bars: Sequence[data.Bar]) -> str:
    if any(bar.mean_s.claims for bar in bars):
        ends = f"at the median of its runs; the line is the 95{SPACE}% interval of their geometric mean"
    elif any(bar.mean_s.runs > 1 for bar in bars):
        ends = "at the median of its runs; the line reaches from the shortest to the longest"
    else:
        ends = "at its only run"
    return f"A bar ends {ends}."


def _of_jobs(field: Field) -> Iterator[Chart]:
    spreads = data.spreads(field.entries)
    splits, paces = data.splits(field.entries), data.paces(field.entries)
    if spreads:
        yield Chart(
            "How long each job took",
            "Latency of every job of every valid run, from being enqueued to being finished: the hill is "
            "high where many jobs are.",
            sentences.on_latencies(spreads),
            (Draw("latency", "latency of each job", partial(contenders.latencies, spreads)),),
        )
    yield Chart(
        "Waiting in the queue, and being done",
        "What the latency of an average job consists of. All jobs are enqueued at once, so those at the end "
        "of the queue wait for the others.",
        sentences.on_waits(splits),
        (Draw("waits", "waiting in the queue and being done", partial(contenders.waits, splits)),),
    )
    yield Chart(
        "Throughput over time",
        "Jobs finished in each fortieth of the typical run; each contender is drawn against its own peak.",
        sentences.on_pace(paces),
        (Draw("throughput", "throughput over time", partial(contenders.pace, paces)),),
    )


def _costs(field: Field) -> Chart:
    costs = data.costs(field.entries)
    return Chart(
        "What the speed costs",
        "Speed, and beside it the peak memory of the processes that did the jobs, and the CPU time they and "
        "the broker spent on each job.",
        sentences.on_costs(costs),
        (
            Draw("speed", "speed", partial(contenders.speed, costs)),
            Draw("memory", "peak memory", partial(contenders.memory, costs)),
            Draw("cpu", "CPU time for each job", partial(contenders.cpu, costs)),
        ),
        beside=True,
    )


def _scaling(curves: Sequence[Curve]) -> Iterator[Chart]:
    if curves:
        yield Chart(
            "How it scales",
            _how_to_read(curves),
            "\n".join(f"{curve.way}: {' '.join(scaling_table.sentences(curve))}" for curve in curves),
            tuple(
                Draw(f"scaling-{curve.way}", f"scaling of {curve.way}", partial(scaling, curve))
                for curve in curves
            ),
            beside=True,
        )


def _how_to_read(curves: Sequence[Curve]) -> str:
    claims = any(curve.points[0].throughput.claims for curve in curves)
    interval = f" with its 95{SPACE}% interval" if claims else ""
    knee = " The large diamond is the knee." if any(curve.knee for curve in curves) else ""
    law = ", the green one the fitted law" if any(curve.law_holds for curve in curves) else ""
    return (
        f"Throughput at each concurrency{interval}.{knee} The thin grey line is what it would be if twice "
        f"the slots did twice the work{law}."
    )


def figure(chart: Chart) -> str:
    """The figure for the page: drawn twice where it can be wide, and the page shows what fits."""
    if chart.beside:
        drawn = "".join(f"<div>{one.paint(NARROW).svg(chart.title)}</div>" for one in chart.draw)
        drawings = f'<div class="beside">{drawn}</div>'
    else:
        paint = chart.draw[0].paint
        drawings = (
            f'<div class="wide">{paint(WIDE).svg(chart.title)}</div>'
            f'<div class="narrow">{paint(NARROW).svg(chart.title)}</div>'
        )
    return (
        f'<figure class="chart"><h4>{html(chart.title)}</h4><p class="reading">{html(chart.reading)}</p>'
        f"{drawings}<figcaption>{html(chart.sentence)}</figcaption></figure>"
    )
