"""Results as tables in a terminal. Every number in them comes from `stats`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from producer.contender_name import ContenderName
from producer.printable import notes, printable, terminal
from producer.results import Result, WorkloadResult
from producer.show.calls import describe_calls
from producer.show.charts.bounds import describe_bounds
from producer.show.columns import Column, every_column, main_columns
from producer.show.facts import (
    NOBODY_RAN,
    describe_answers,
    describe_left_out,
    describe_means,
    describe_problems,
    describe_python,
    describe_stalls,
)
from producer.show.gil_gain import describe_gil_gains
from producer.show.guarantees import describe_guarantees
from producer.show.slots import against, between_commas
from producer.show.starvation import describe_starvation
from producer.show.terminal.advice import print_advice
from producer.show.terminal.fitting import MAX_WIDTH, new_table, split_to_fit
from producer.show.terminal.load import show_load
from producer.show.terminal.predictions import print_predictions
from producer.show.terminal.sweep import show_sweep, write_facts, write_title
from producer.show.used import describe_used
from producer.stats.bound import describe_jobs
from producer.stats.cautions import caution_lines, cautions
from producer.stats.each_worker import each_worker
from producer.stats.ratios import RUNS_TO_CLAIM
from producer.stats.starvation import starvations
from producer.stats.summary import Summary, summaries

#: What stands under the last of tables that have not all their columns.
MORE = "More columns with --wide, and every number with --json."


def print_result(console: Console, result: Result, wide: bool = False) -> None:
    """Print all the workloads of a result, and the Pythons that they were done under.

    The tables have the columns that matter most; all of them with `wide`.
    """
    for workload in result.workloads:
        console.print()
        if result.kind == "load":
            console.print(show_load(result, workload, console.width, wide))
            continue
        if result.kind == "sweep":
            console.print(show_sweep(result, workload, console.width, wide))
        else:
            console.print(show_workload(result, workload, console.width, wide))
        if not wide and workload is result.workloads[-1]:
            console.print(*notes([MORE], "dim"))
        print_advice(console, result, workload)
    print_predictions(console, result)
    if result.pythons:
        console.print()
        lines = (f"{python.label}: {line}" for python in result.pythons for line in describe_python(python))
        console.print(Group(*(Text(terminal(line)) for line in lines)))


def show_workload(result: Result, workload: WorkloadResult, width: int, wide: bool) -> RenderableType:
    """Show the comparison on one workload, with what bound it and who was left out."""
    rows = summaries(result, workload)
    parts: list[RenderableType] = [write_title(result, workload), *write_facts(workload)]
    columns = every_column(rows) if wide else main_columns(rows)
    parts += split_to_fit(columns, partial(_table, rows), min(width, MAX_WIDTH))
    parts += notes(_notes(result, workload, rows, wide))
    parts += notes(caution_lines(cautions(result, workload)), "yellow")
    parts += notes(_troubles(result, workload), "red")
    return Group(*parts)


def _table(rows: Sequence[Summary], columns: Sequence[Column]) -> Table:
    table = new_table()
    table.add_column("", width=1)
    table.add_column("contender", no_wrap=True, vertical="bottom")
    for column in columns:
        table.add_column(column.heading, justify="right", no_wrap=True)
    winner = _winner(rows)
    for row in rows:
        won = row.contender == winner
        style = "bold green" if won else "red" if not row.valid_runs else ""
        cells = (terminal(column.cell(row)) for column in columns)
        table.add_row("*" if won else "", printable(str(row.contender)), *cells, style=style)
    return table


def _winner(rows: Sequence[Summary]) -> ContenderName | None:
    return rows[0].contender if rows and rows[0].makespan_s is not None else None


def _notes(result: Result, workload: WorkloadResult, rows: Sequence[Summary], wide: bool) -> Iterator[str]:
    if not rows:
        yield NOBODY_RAN
    else:
        yield _on_winner(rows)
        yield describe_jobs(workload, rows)
        yield from describe_bounds(result, workload, rows)
        yield from describe_means(rows)
    yield from describe_guarantees(row.contender for row in rows)
    yield from describe_gil_gains(result, workload)
    yield from describe_answers(workload)
    if wide:
        yield from _on_percentiles(rows)
    yield from describe_starvation(starvations(result, workload))
    yield from describe_used(rows, each_worker(result, workload))
    yield from describe_stalls(rows)
    yield from describe_calls(result, workload)


def _troubles(result: Result, workload: WorkloadResult) -> Iterator[str]:
    yield from (f"INVALID {line}" for line in describe_problems(result, workload))
    yield from describe_left_out(workload)


def _on_winner(rows: Sequence[Summary]) -> str:
    best = rows[0]
    if best.makespan_s is None:
        return "No valid run: nobody won."
    if best.valid_runs < RUNS_TO_CLAIM:
        return f"* shortest median; from fewer than {RUNS_TO_CLAIM} runs nothing is claimed."
    others = {
        " ".join(filter(None, (str(row.contender), against(row.slots, best.slots)))): row.to_winner
        for row in rows
        if row.to_winner
    }
    alike = [name for name, ratio in others.items() if ratio.may_be_no_longer]
    unsure = [name for name, ratio in others.items() if not ratio.claims]
    line = "* shortest median"
    if alike:
        line += f"; no difference shown between it and {', '.join(alike)}"
    elif others and not unsure:
        line += f"; every other contender{_their_slots(rows)} is shown to be slower"
    return f"{line}; too few runs to tell: {', '.join(unsure)}." if unsure else f"{line}."


def _their_slots(rows: Sequence[Summary]) -> str:
    """Say how many slots the others have, where not all have as many as the winner."""
    best, *others = (row.slots for row in rows if row.to_winner or row is rows[0])
    least, most = min(others), max(others)
    if least == most:
        return between_commas(least, best)
    return f", with {least:,} to {most:,} slots against {best:,},"


def _on_percentiles(rows: Sequence[Summary]) -> Iterator[str]:
    numbers: dict[int, list[str]] = {}
    for row in rows:
        if row.latency_ms:
            numbers.setdefault(row.latency_ms.n, []).append(str(row.contender))
    if not numbers:
        return
    most = max(numbers, key=lambda n: len(numbers[n]))
    others = [f"{', '.join(names)}: {n:,}" for n, names in numbers.items() if n != most]
    exceptions = f" ({'; '.join(others)})" if others else ""
    yield f"Latency, wait and service are over {_jobs(most)} of all valid runs of a contender{exceptions}."


def _jobs(number: int) -> str:
    return "the only job" if number == 1 else f"the {number:,} jobs"
