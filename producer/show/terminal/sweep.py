"""The table of `simul sweep`: a curve for each way, its knee, and the law that it follows."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from producer.printable import notes, printable, terminal
from producer.results import Result, WorkloadResult
from producer.show.charts.scaling import describe
from producer.show.facts import describe_left_out, describe_workload
from producer.show.terminal.columns import write_interval, write_ratio
from producer.stats.cautions import Kind, caution_lines, cautions
from producer.stats.scaling import Curve, curves
from producer.words import digits, percent, seconds

#: Characters of the longest bar.
BAR = 24


def show_sweep(result: Result, workload: WorkloadResult) -> RenderableType:
    """Show every curve of a sweep over one workload."""
    shown = curves(result, workload)
    parts: list[RenderableType] = [write_title(result, workload)]
    best = max((point.throughput.value for curve in shown for point in curve.points), default=1.0)
    for curve in shown:
        parts += [Text(""), Text(printable(str(curve.way)), "bold"), _table(curve, best)]
        parts += notes(describe(curve))
    if not shown:
        parts.append(Text("  No curve: it takes two concurrencies of one way, each with a valid run."))
    parts.append(Text(""))
    # A sweep has short runs on purpose: one slot sets the size of the workload.
    beware = [caution for caution in cautions(result, workload) if caution.kind is not Kind.SHORT]
    parts += notes(caution_lines(beware), "yellow")
    parts += notes(describe_left_out(workload), "red")
    return Group(*parts)


def write_title(result: Result, workload: WorkloadResult) -> Text:
    """Write the line above a table: the workload, and what was done."""
    about = f"  {describe_workload(result, workload)}"
    return Text.assemble((printable(workload.name), "bold"), (terminal(about), "dim"))


def _table(curve: Curve, best: float) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    first = curve.points[0].slots
    for heading in ("slots", "makespan", "jobs/s (95 %)", f"× {first} (95 %)", "ideal", "of ideal", "law"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("jobs/s", no_wrap=True)
    for point in curve.points:
        bar = "█" * max(1, round(BAR * point.throughput.value / best))
        cells = (
            str(point.slots),
            seconds(point.makespan_s),
            write_interval(point.throughput),
            write_ratio(point.gain),
            digits(point.ideal),
            percent(point.gain.value / point.ideal),
            digits(curve.law.throughput(point.slots) if curve.law else None),
            bar + ("  ← knee" if point.slots == curve.knee else ""),
        )
        table.add_row(*map(terminal, cells))
    return table
