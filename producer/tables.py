"""Results as tables in a terminal. Every number in them comes from `stats`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from producer.bound import sentence
from producer.results import Result, WorkloadResult
from producer.stats import RUNS_TO_CLAIM, Percentiles, Summary, summaries
from worker.records import JobRecord

#: A terminal narrower than this gets two tables under each other.
WIDE = 160
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading and how a row fills it."""

    heading: str
    cell: Callable[[Summary], str]


def print_result(console: Console, result: Result) -> None:
    """All the workloads of a result."""
    for workload in result.workloads:
        console.print()
        console.print(workload_table(result, workload, console.width))
    corrected = any(run.clocks_corrected for run in result.runs)
    if corrected:
        console.print(
            "Some workers ran on hosts with clocks of their own: times are corrected by the broker's."
        )
    if not result.complete:
        console.print("[yellow]Ended before the last round: only the finished runs are here.")


def workload_table(result: Result, workload: WorkloadResult, width: int) -> RenderableType:
    """The comparison on one workload, with what bound it and who was left out."""
    rows = summaries(result, workload)
    parts: list[RenderableType] = [_title(result, workload)]
    groups = [_SPEED + _COST] if width >= WIDE else [_SPEED, _COST]
    parts += [_table(rows, columns, _winner(rows)) for columns in groups]
    parts += [Text(f"  {line}") for line in _notes(workload, rows)]
    return Group(*parts)


def machine_lines(machine: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a machine is, as names and values."""
    build = "free-threaded build" if machine["free_threaded_build"] else "ordinary build"
    limit = machine["core_limit"]
    yield "host", machine["host"]
    yield "processor", machine["cpu"]
    yield "cores", f"{machine['cores']}" + (f", limited to {limit:g} by the control group" if limit else "")
    yield "memory", f"{machine['memory_bytes'] / 2**30:.1f} GiB"
    yield "kernel", machine["kernel"]
    yield "Python", f"{machine['python']}, {build}, GIL {'on' if machine['gil'] else 'off'}"
    yield "packages", ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    yield "commit", machine["commit"] or NOTHING
    yield "load", f"{machine['load']:.2f}"
    yield "broker", machine["broker"]


def answer_line(record: JobRecord) -> str:
    """One job's answer for people: who did it, how long it took, what came of it."""
    milliseconds = (record.finished_ns - record.started_ns) / 1e6
    came_of_it = record.error or _answer(record.answer or {})
    return f"{record.index:6}  {record.worker}  {milliseconds:9.2f} ms  {came_of_it}"


def _answer(answer: dict[str, Any]) -> str:
    if "verdicts" in answer:
        return ", ".join(
            f"{verdict['file']} {verdict['verdict']}"
            + (f" ({verdict['reason']})" if verdict["reason"] else "")
            for verdict in answer["verdicts"]
        )
    return ", ".join(f"{key} {value}" for key, value in answer.items() if value is not None)


def _title(result: Result, workload: WorkloadResult) -> Text:
    rounds = "1 round" if result.rounds == 1 else f"{result.rounds} rounds"
    title = Text(workload.name, style="bold")
    chunk = f" of {workload.chunk} files each" if workload.chunk > 1 else ""
    title.append(
        f"  {workload.jobs} jobs{chunk}: {workload.description}; {rounds}, seed {workload.seed}", "dim"
    )
    return title


def _table(rows: Sequence[Summary], columns: Sequence[Column], winner: str | None) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", width=1)
    table.add_column("contender", no_wrap=True)
    for column in columns:
        table.add_column(column.heading, justify="right", no_wrap=True)
    for row in rows:
        won = row.contender == winner
        style = "bold green" if won else "red" if not row.valid_runs else ""
        table.add_row(
            "*" if won else "", row.contender, *(column.cell(row) for column in columns), style=style
        )
    return table


def _winner(rows: Sequence[Summary]) -> str | None:
    return rows[0].contender if rows and rows[0].makespan_s is not None else None


def _notes(workload: WorkloadResult, rows: Sequence[Summary]) -> Iterator[str]:
    if not rows:
        yield "No contender ran."
        return
    yield _on_winner(rows)
    yield sentence(workload, rows)
    if workload.reference.summary:
        yield f"The answers: {workload.reference.summary}"
    stalls = [row for row in rows if row.loop_stall_s and row.loop_stall_s > 0.05]
    for row in stalls:
        milliseconds = 1000 * (row.loop_stall_s or 0)
        yield f"{row.contender}: its event loop stood still for up to {milliseconds:.0f} ms."
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
        runs = "run" if best.valid_runs == 1 else "runs"
        few = f"* shortest, but {best.valid_runs} {runs} each are too few to claim anything"
        return f"{few} (--rounds {RUNS_TO_CLAIM})."
    second = rows[1] if len(rows) > 1 else None
    if second and second.makespan_min_s is not None and best.makespan_max_s is not None:
        if second.makespan_min_s <= best.makespan_max_s:
            return f"* shortest median; its runs overlap with those of {second.contender}."
        return f"* shortest median; each of its runs was shorter than any of {second.contender}."
    return "* shortest median."


def _seconds(value: float | None) -> str:
    if value is None:
        return NOTHING
    return (
        f"{value:.2f} s"
        if value >= 1
        else f"{1000 * value:.1f} ms"
        if value < 0.1
        else f"{1000 * value:.0f} ms"
    )


def _makespan(row: Summary) -> str:
    if row.makespan_s is None:
        return "no valid run"
    if row.valid_runs == 1:
        return _seconds(row.makespan_s)
    return f"{_seconds(row.makespan_s)} ({_seconds(row.makespan_min_s)} to {_seconds(row.makespan_max_s)})"


def _rate(row: Summary) -> str:
    return f"{row.throughput:,.0f}" if row.throughput else NOTHING


def _percentiles(value: Percentiles | None) -> str:
    return " / ".join(_short(part) for part in (value.p50, value.p95, value.p99)) if value else NOTHING


def _median(value: Percentiles | None) -> str:
    return _short(value.p50) if value else NOTHING


def _short(milliseconds: float) -> str:
    return f"{milliseconds:.2f}" if milliseconds < 10 else f"{milliseconds:,.0f}"


def _memory(row: Summary) -> str:
    return f"{row.peak_memory_bytes / 2**20:,.0f} MiB" if row.peak_memory_bytes else NOTHING


def _times(value: float | None) -> str:
    return f"{value:.2f}" if value is not None and value < 10 else f"{value:.1f}" if value else NOTHING


def _percent(value: float | None) -> str:
    return f"{100 * value:.0f} %" if value is not None else NOTHING


def _cpu(row: Summary) -> str:
    # Counted by the system in ticks of 10 ms: a mean below one says no more than that.
    return "< 10 ms" if row.cpu_s is not None and row.cpu_s < 0.01 else _seconds(row.cpu_s)


def _trouble(row: Summary) -> str:
    return f"{row.failed + row.wrong} / {row.duplicates} / {row.lost}"


_SPEED = (
    Column("makespan (min to max)", _makespan),
    Column("jobs/s", _rate),
    Column("× serial", lambda row: _times(row.speed_up)),
    Column("of limit", lambda row: _percent(row.efficiency)),
    Column("failed/dup/lost", _trouble),
)
_COST = (
    Column("ms: latency p50/p95/p99", lambda row: _percentiles(row.latency_ms)),
    Column("wait", lambda row: _median(row.wait_ms)),
    Column("service", lambda row: _median(row.service_ms)),
    Column("memory", _memory),
    Column("CPU", _cpu),
)
#: Every column, for others who show the same numbers.
COLUMNS = _SPEED + _COST
