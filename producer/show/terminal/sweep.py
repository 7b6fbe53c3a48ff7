"""The table of `simul sweep`: a curve for each way, its knee, and the law that it follows."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from producer.printable import notes, printable
from producer.results import Result, WorkloadResult
from producer.show.charts.scaling import describe
from producer.show.terminal import figures
from producer.stats.cautions import Kind, caution_lines, cautions
from producer.stats.scaling import Curve, curves
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
        parts += notes(describe(curve))
    if not found:
        parts.append(Text("  No curve: it takes two concurrencies of one way, each with a valid run."))
    parts.append(Text(""))
    # A sweep has short runs on purpose: one slot sets the size of the workload.
    found_cautions = [one for one in cautions(result, workload) if one.kind is not Kind.SHORT]
    parts += notes(caution_lines(found_cautions), "yellow")
    parts += notes((f"left out: {name}: {why}" for name, why in workload.left_out.items()), "red")
    return Group(*parts)


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
