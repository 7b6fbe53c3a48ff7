"""The table of `simul sweep`: a curve for each way, its knee, and the law that it follows."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from producer.printable import notes, printable
from producer.results import Result, WorkloadResult
from producer.show.terminal import figures
from producer.stats.cautions import Kind, caution_lines, cautions
from producer.stats.scaling import POINTS_TO_FIT, Curve, curves
from producer.words import counted

#: Characters of the longest bar.
BAR = 24


def sweep_tables(result: Result, workload: WorkloadResult) -> RenderableType:
    """Every curve of a sweep over one workload."""
    found = curves(result, workload)
    rounds = "1 round" if result.rounds == 1 else f"{result.rounds} rounds"
    about = f"  {counted(workload.jobs, 'job')}: {workload.description}; {rounds}, seed {workload.seed}"
    title = Text.assemble((printable(workload.name), "bold"), (printable(about), "dim"))
    parts: list[RenderableType] = [title]
    best = max((point.throughput.value for curve in found for point in curve.points), default=1.0)
    for curve in found:
        parts += [Text(""), Text(printable(str(curve.way)), "bold"), _table(curve, best)]
        parts += notes(sentences(curve))
    if not found:
        parts.append(Text("  No curve: it takes two concurrencies of one way, each with a valid run."))
    parts.append(Text(""))
    # A sweep has short runs on purpose: one slot sets the size of the workload.
    found_cautions = [one for one in cautions(result, workload) if one.kind is not Kind.SHORT]
    parts += notes(caution_lines(found_cautions), "yellow")
    parts += notes((f"left out: {name}: {why}" for name, why in workload.left_out.items()), "red")
    return Group(*parts)


def sentences(curve: Curve) -> Iterator[str]:
    """The knee and the law in words."""
    first, last = curve.points[0].slots, curve.points[-1].slots
    if not curve.points[0].gain.claims:
        yield "Too few runs to claim that it scales, or does not: ask for --rounds 5 or more."
    elif not curve.scales:
        yield f"No concurrency up to {last} is shown to be faster than {first}: nothing shows that it scales."
    elif curve.knee is None and curve.best == last:
        yield f"No knee (Kneedle) up to {last}: more slots still pay."
    elif curve.knee is None:
        yield f"No knee (Kneedle); {curve.best} was the fastest, and more slots did not pay any more."
    else:
        yield f"The knee (Kneedle) is at {curve.knee}: each slot beyond it pays less than those before."
    law = curve.law
    if law is None:
        yield f"No scalability law is fitted to fewer than {POINTS_TO_FIT} concurrencies."
        return
    beyond = ", which is beyond what was measured" if law.peak and law.peak > last else ""
    peak = f"a peak at {law.peak:,.0f} slots{beyond}" if law.peak else "no peak"
    doubt = "" if curve.law_holds else "; too poor a fit to read anything into it"
    yield (
        f"Universal Scalability Law: contention {law.contention:.3g}, coherency {law.coherency:.3g}, "
        f"{peak}, R² {law.r_squared:.3f}{doubt}."
    )


def _table(curve: Curve, best: float) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    first = curve.points[0].slots
    for heading in ("slots", "makespan", "jobs/s (95 %)", f"× {first} (95 %)", "ideal", "of ideal", "law"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("jobs/s", no_wrap=True)
    for point in curve.points:
        bar = "█" * max(1, round(BAR * point.throughput.value / best))
        table.add_row(
            str(point.slots),
            figures.seconds(point.makespan_s),
            figures.interval(point.throughput),
            figures.ratio(point.gain),
            figures.times(point.ideal),
            figures.percent(point.gain.value / point.ideal),
            figures.times(curve.law.throughput(point.slots)) if curve.law else figures.NOTHING,
            bar + ("  ← knee" if point.slots == curve.knee else ""),
        )
    return table
