"""The parts of the page in words and tables: a workload's facts, its trouble, the machine, the answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from producer.printable import html
from producer.results import Result, WorkloadResult
from producer.show.charts.answers import answers
from producer.show.report.labelled import Labelled
from producer.show.terminal.columns import COST, SPEED
from producer.show.terminal.tables import interpreter_lines
from producer.stats.bound import sentence
from producer.stats.cautions import by_kind, cautions
from producer.stats.summary import Summary
from producer.words import counted, listed, mebibytes, moment, percent, seconds, times

#: An event loop that stood still for longer is worth a word.
STALL_S = 0.05
#: So many troubles are shown; the others unfold.
AT_ONCE = 4


def facts(result: Result, workload: WorkloadResult, rows: Sequence[Summary]) -> str:
    """What the workload is, the three numbers that count, and what bound it."""
    chunk = f" of {workload.chunk} files each" if workload.chunk > 1 else ""
    what = (
        f"{counted(workload.jobs, 'job')}{chunk}: {workload.description}. "
        f"{counted(result.rounds, 'round')}, seed {workload.seed}."
    )
    parts = [f'<p class="what">{html(what)}</p>']
    if rows and rows[0].makespan_s is not None:
        tiles = "".join(
            f"<div><b>{_breakable(big)}</b><span>{html(small)}</span></div>" for big, small in _tiles(rows)
        )
        parts.append(f'<div class="tiles">{tiles}</div>')
        parts.append(f"<p>{html(sentence(workload, rows))}</p>")
    if workload.reference.summary:
        parts.append(f"<p>The answers: {html(workload.reference.summary)}.</p>")
    return "".join(parts)


def _breakable(name: str) -> str:
    """A contender's name that a narrow tile breaks before its slots, not within their number."""
    return html(name).replace("@", "<wbr>@")


def trouble(result: Result, workload: WorkloadResult, rows: Sequence[Summary]) -> str:
    """What went wrong or is missing; nothing where nothing did."""
    lines = list(_trouble(result, workload, rows))
    if not lines:
        return ""
    items = [f"<li>{html(line)}</li>" for line in lines]
    first, rest = items[:AT_ONCE], items[AT_ONCE:]
    more = (
        f"<details><summary>and {len(rest)} more</summary><ul>{''.join(rest)}</ul></details>" if rest else ""
    )
    return f'<aside class="trouble"><h4>Know before you conclude</h4><ul>{"".join(first)}</ul>{more}</aside>'


def table(rows: Sequence[Summary]) -> str:
    """The numbers, as in the terminal; nothing where nobody ran."""
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{html(column.heading)}</th>' for column in SPEED + COST)
    body = "".join(
        f'<tr{"" if row.valid_runs else " class=invalid"}><th scope="row">{html(str(row.contender))}</th>'
        + "".join(f"<td>{html(column.cell(row))}</td>" for column in SPEED + COST)
        + "</tr>"
        for row in rows
    )
    return (
        '<details class="numbers"><summary>All the numbers</summary><div class="scroll"><table>'
        f'<thead><tr><th scope="col">contender</th>{head}</tr></thead><tbody>{body}</tbody></table>'
        "</div></details>"
    )


def questions(one: Labelled) -> str:
    """The course's questions, with what this result says about each."""
    return "".join(
        f'<article class="answer"><h4>{html(answer.question)}</h4><p>{html(answer.general)}</p>'
        f"<ul>{''.join(f'<li>{html(line)}</li>' for line in answer.evidence)}</ul></article>"
        for answer in answers(one.fields, one.result.machine)
    )


def machine(one: Labelled) -> str:
    """What the numbers depend on."""
    rows = "".join(f"<dt>{html(name)}</dt><dd>{html(value)}</dd>" for name, value in _machine(one.result))
    return f'<dl class="machine">{rows}</dl>'


def _tiles(rows: Sequence[Summary]) -> Iterator[tuple[str, str]]:
    best = rows[0]
    yield str(best.contender), "has the shortest median makespan"
    yield seconds(best.makespan_s or 0), f"for all the jobs, {best.throughput or 0:,.0f} a second"
    if best.speed_up is not None and best.speed_up.shown:
        yield times(best.speed_up.value), "as fast as serial"
    if best.efficiency is not None and best.efficiency <= 1:
        yield percent(best.efficiency), "of what its slots and cores allow"


def _trouble(result: Result, workload: WorkloadResult, rows: Sequence[Summary]) -> Iterator[str]:
    if not rows:
        yield "No contender ran."
    for row in rows:
        for problem in row.problems:
            yield f"{row.contender}, {problem}. This run is invalid and counts nowhere."
        if row.duplicates:
            twice = counted(row.duplicates, "job")
            yield f"{row.contender} did {twice} twice; the second time counts nowhere."
    for kind, text in by_kind(cautions(result, workload)):
        yield f"{kind[0].upper()}{kind[1:]}: {text}"
    reasons: dict[str, list[str]] = {}
    for name, why in workload.left_out.items():
        reasons.setdefault(why, []).append(name)
    for why, names in reasons.items():
        yield f"{listed(names)} {'was' if len(names) == 1 else 'were'} left out: {why}."
    yield from _stalls(rows)


def _stalls(rows: Sequence[Summary]) -> Iterator[str]:
    stalls = [(row.contender, row.loop_stall_s) for row in rows if (row.loop_stall_s or 0) > STALL_S]
    if stalls:
        which = listed([f"that of {name} for up to {seconds(stall or 0)}" for name, stall in stalls])
        yield f"Event loops stood still, and so long no job had its turn: {which}."


def _machine(result: Result) -> Iterator[tuple[str, str]]:
    seen = result.machine
    build = "free-threaded build" if seen.free_threaded_build else "ordinary build"
    limit = f", limited to {seen.core_limit:g}" if seen.core_limit else ""
    yield "Measured", f"{moment(result.created)} on {seen.host}"
    yield "Processor", f"{seen.cpu}; {counted(seen.cores, 'core')}{limit}"
    yield "Memory", mebibytes(seen.memory_bytes)
    yield "System", seen.kernel
    yield "Python", f"{seen.python}, {build}, the GIL was {'on' if seen.gil else 'off'}"
    for one in result.interpreters:
        lines = (line.removeprefix(f"{one.label}: ") for line in interpreter_lines(one))
        yield f"Python {one.label}", "; ".join(lines)
    yield "Broker", result.broker_version or result.broker
    yield "Packages", ", ".join(f"{name} {version}" for name, version in seen.packages.items())
    yield "simul", f"commit {seen.commit}" if seen.commit else "not run from a checkout"
    yield (
        "Load",
        f"{seen.load:.2f} before, {result.load_after:.2f} after the last run (processes waiting to run)",
    )
    yield "Plan", f"{counted(result.rounds, 'round')}, order shuffled with seed {result.seed}"
