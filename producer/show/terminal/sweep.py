"""The table of `simul sweep`: a curve for each way, its knee, and the law that it follows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from producer.printable import notes, printable, terminal
from producer.results import Result, WorkloadResult
from producer.show.charts.scaling import describe
from producer.show.columns import write_interval, write_ratio
from producer.show.facts import describe_left_out, describe_workload
from producer.show.job import describe_job
from producer.show.terminal.fitting import MAX_WIDTH, new_table, split_to_fit
from producer.stats.cautions import Kind, caution_lines, cautions
from producer.stats.scaling import Curve, curves
from producer.words import digits, percent, seconds

#: Characters of the longest bar, and of that in the wide table.
BAR, WIDE_BAR = 12, 24


def show_sweep(
    result: Result, workload: WorkloadResult, width: int = MAX_WIDTH, wide: bool = False
) -> RenderableType:
    """Show every curve of a sweep over one workload."""
    shown = curves(result, workload)
    parts: list[RenderableType] = [write_title(result, workload), *write_facts(workload)]
    best = max((point.throughput.value for curve in shown for point in curve.points), default=1.0)
    for curve in shown:
        parts += [Text(""), Text(printable(str(curve.way)), "bold")]
        parts += split_to_fit(_columns(curve, best, wide), partial(_table, curve), min(width, MAX_WIDTH))
        parts += notes(describe(curve))
    if not shown:
        parts.append(Text(f"  No curve: it takes two {_values(result)} of one way, each with a valid run."))
    parts.append(Text(""))
    # A sweep has short runs on purpose: one slot sets the size of the workload.
    beware = [caution for caution in cautions(result, workload) if caution.kind is not Kind.SHORT]
    parts += notes(caution_lines(beware), "yellow")
    parts += notes(describe_left_out(workload), "red")
    return Group(*parts)


def _values(result: Result) -> str:
    return "concurrencies" if result.axis == "slots" else f"values of {result.axis}"


def write_title(result: Result, workload: WorkloadResult) -> Text:
    """Write the line above a table: the workload, and what was done."""
    about = f"  {describe_workload(result, workload)}"
    return Text.assemble((printable(workload.name), "bold"), (terminal(about), "dim"))


def write_facts(workload: WorkloadResult) -> list[RenderableType]:
    """Write the lines above a table on what the user's function is like alone."""
    return [*notes(describe_job(workload.facts))] if workload.facts else []


def _columns(curve: Curve, best: float, wide: bool) -> list[tuple[str, list[str]]]:
    """The columns beside the axis, each with its heading and its cells."""
    points, law = curve.points, curve.law
    longest = WIDE_BAR if wide else BAR
    bars = ["█" * max(1, round(longest * point.throughput.value / best)) for point in points]
    marks = ["  ← knee" if point.at == curve.knee else "" for point in points]
    main = [
        ("jobs/s (95 %)", [write_interval(point.throughput) for point in points]),
        (f"× {points[0].at} (95 %)", [write_ratio(point.gain) for point in points]),
    ]
    shares = [percent(point.gain.value / point.ideal if point.ideal else None) for point in points]
    of_ideal = [("of ideal", shares)] if curve.counts else []
    if wide:
        main.insert(0, ("makespan", [seconds(point.makespan_s) for point in points]))
    if wide and curve.counts:
        fits = [digits(law.throughput(point.at) if law else None) for point in points]
        of_ideal = [("ideal", [digits(point.ideal) for point in points]), *of_ideal, ("law", fits)]
    return [*main, *of_ideal, ("jobs/s", [bar + mark for bar, mark in zip(bars, marks, strict=True)])]


def _table(curve: Curve, columns: Sequence[tuple[str, list[str]]]) -> Table:
    table = new_table()
    table.add_column(curve.axis, justify="right", no_wrap=True)
    for heading, cells in columns:
        bars = any("█" in cell for cell in cells)
        table.add_column(heading, justify="left" if bars else "right", no_wrap=True)
    places = [f"{point.at:,}" for point in curve.points]
    for row in zip(places, *(cells for _, cells in columns), strict=True):
        table.add_row(*map(terminal, row))
    return table
