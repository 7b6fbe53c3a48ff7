"""The table of `simul load`: a row for each contender at each offered rate, and which of them it holds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from rich.console import Group, RenderableType
from rich.table import Table

from producer.printable import notes, printable, terminal
from producer.results import Result, WorkloadResult
from producer.show.facts import describe_left_out, describe_problems
from producer.show.load import OFFERED, LoadColumn, columns, describe_capacities, describe_means
from producer.show.terminal.fitting import MAX_WIDTH, new_table, split_to_fit
from producer.show.terminal.sweep import write_facts, write_title
from producer.stats.load import Step, steps


def show_load(
    result: Result, workload: WorkloadResult, width: int = MAX_WIDTH, wide: bool = False
) -> RenderableType:
    """Show what became of jobs of one workload that arrived."""
    rows = steps(result, workload)
    parts: list[RenderableType] = [write_title(result, workload), *write_facts(workload)]
    parts += split_to_fit(columns(rows, wide), partial(_table, rows), min(width, MAX_WIDTH))
    parts += notes(describe_capacities(result, workload))
    parts += notes(describe_means(rows))
    parts += notes([f"INVALID {line}" for line in describe_problems(result, workload)], "red")
    parts += notes(describe_left_out(workload), "red")
    return Group(*parts)


def _table(rows: Sequence[Step], shown: Sequence[LoadColumn]) -> Table:
    table = new_table()
    table.add_column("contender", no_wrap=True, vertical="bottom")
    shown = [OFFERED, *shown]  # of every table, where there are several
    for column in shown:
        table.add_column(column.heading, justify="right", no_wrap=True)
    before = None
    for row in rows:
        name = printable(str(row.contender)) if row.contender != before else ""
        before = row.contender
        style = "red" if row.held is None else "" if row.held else "yellow"
        table.add_row(name, *(terminal(column.cell(row)) for column in shown), style=style)
    return table
