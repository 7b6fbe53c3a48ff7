"""Results as tables in a terminal. Every number in them comes from `stats`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from producer.contender_name import ContenderName
from producer.printable import notes, printable
from producer.results import Result, WorkloadResult
from producer.show.terminal.columns import COST, SPEED, Column
from producer.show.terminal.sweep import sweep_tables
from producer.stats.bound import sentence
from producer.stats.cautions import caution_lines, cautions
from producer.stats.summary import RUNS_TO_CLAIM, Summary, summaries
from producer.system.interpreter import Interpreter
from producer.words import counted

#: What a terminal must have for all the columns beside each other.
WIDE = 160
#: An event loop that stands still for less, in seconds, is not worth a line.
STALL_S = 0.05


def print_result(console: Console, result: Result) -> None:
    """All the workloads of a result, and the Pythons that they were done under."""
    for workload in result.workloads:
        console.print()
        if result.kind == "sweep":
            console.print(sweep_tables(result, workload))
        else:
            console.print(workload_table(result, workload, console.width))
    if result.interpreters:
        console.print()
        lines = (line for one in result.interpreters for line in interpreter_lines(one))
        console.print(Group(*(Text(printable(line)) for line in lines)))


def workload_table(result: Result, workload: WorkloadResult, width: int) -> RenderableType:
    """The comparison on one workload, with what bound it and who was left out."""
    rows = summaries(result, workload)
    parts: list[RenderableType] = [_title(result, workload)]
    parts += _tables(rows, min(width, WIDE))
    parts += notes(_notes(workload, rows))
    parts += notes(caution_lines(cautions(result, workload)), "yellow")
    parts += notes(_troubles(workload, rows), "red")
    return Group(*parts)


def interpreter_lines(one: Interpreter) -> Iterator[str]:
    """What a Python is, its GIL before and after the imports, and what it has not got."""
    build = "free-threaded build" if one.free_threaded_build else "ordinary build"
    alike = set(one.gil.values())
    for kind, gil in list(one.gil.items())[: 1 if len(alike) == 1 else None]:
        whose = "" if len(alike) == 1 else f" of {kind}"
        culprit = f" (turned on by {gil.turned_on_by})" if gil.turned_on_by else ""
        states = f"{_on(gil.before)} before the imports{whose}, {_on(gil.after)} after them{culprit}"
        yield f"{one.label}: {one.python}, {build}; GIL {states}"
    for why in one.missing.values():
        yield f"{one.label}: {why}"


def _on(gil: bool) -> str:
    return "on" if gil else "off"


def _title(result: Result, workload: WorkloadResult) -> Text:
    rounds = "1 round" if result.rounds == 1 else f"{result.rounds} rounds"
    title = Text(printable(workload.name), style="bold")
    chunk = f" of {workload.chunk} files each" if workload.chunk > 1 else ""
    transport = f", {result.transport} transport" if result.transport else ""
    what = f"  {counted(workload.jobs, 'job')}{chunk}: {workload.description}"
    title.append(printable(f"{what}; {rounds}, seed {workload.seed}{transport}"), "dim")
    return title


def _tables(rows: Sequence[Summary], width: int) -> Iterator[RenderableType]:
    """As few tables as hold all the columns, none wider than the terminal."""
    columns: list[Column] = []
    for column in SPEED + COST:
        if columns and _natural_width(_table(rows, [*columns, column])) > width:
            yield _table(rows, columns)
            columns = []
        columns.append(column)
    yield _table(rows, columns)


def _natural_width(table: Table) -> int:
    return Console(width=10 * WIDE, markup=False, emoji=False).measure(table).maximum


def _table(rows: Sequence[Summary], columns: Sequence[Column]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", width=1)
    table.add_column("contender", no_wrap=True, vertical="bottom")
    for column in columns:
        table.add_column(column.heading, justify="right", no_wrap=True)
    winner = _winner(rows)
    for row in rows:
        won = row.contender == winner
        style = "bold green" if won else "red" if not row.valid_runs else ""
        cells = (column.cell(row) for column in columns)
        table.add_row("*" if won else "", printable(str(row.contender)), *cells, style=style)
    return table


def _winner(rows: Sequence[Summary]) -> ContenderName | None:
    return rows[0].contender if rows and rows[0].makespan_s is not None else None


def _notes(workload: WorkloadResult, rows: Sequence[Summary]) -> Iterator[str]:
    if not rows:
        yield "No contender ran."
    else:
        yield _on_winner(rows)
        yield sentence(workload, rows)
    if workload.reference.summary:
        yield f"The answers: {workload.reference.summary}"
    yield from _on_percentiles(rows)
    for row in rows:
        if row.loop_stall_s and row.loop_stall_s > STALL_S:
            yield f"{row.contender}: its event loop stood still for up to {1000 * row.loop_stall_s:.0f} ms."


def _troubles(workload: WorkloadResult, rows: Sequence[Summary]) -> Iterator[str]:
    for row in rows:
        for problem in row.problems:
            yield f"INVALID {row.contender}, {problem}"
    for name, why in workload.left_out.items():
        yield f"left out: {name}: {why}"


def _on_winner(rows: Sequence[Summary]) -> str:
    best = rows[0]
    if best.makespan_s is None:
        return "No valid run: nobody won."
    if best.valid_runs < RUNS_TO_CLAIM:
        return "* shortest median; from fewer than five runs nothing is claimed."
    others = {str(row.contender): row.to_winner for row in rows if row.to_winner}
    alike = [name for name, ratio in others.items() if ratio.low is not None and ratio.low <= 1]
    unsure = [name for name, ratio in others.items() if not ratio.claims]
    line = "* shortest median"
    if alike:
        line += f"; no difference shown (≈) between it and {', '.join(alike)}"
    elif others and not unsure:
        line += "; every other contender is shown to be slower"
    return f"{line}; too few runs to tell: {', '.join(unsure)}." if unsure else f"{line}."


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
