"""The parts of the page in words and tables: a workload's facts, its trouble, the machine, the answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from producer.printable import html
from producer.results import Result, WorkloadResult
from producer.show.advice import give_advice
from producer.show.calls import describe_calls
from producer.show.columns import every_column, write_share_of_limit
from producer.show.facts import (
    NOBODY_RAN,
    describe_answers,
    describe_left_out,
    describe_machine,
    describe_means,
    describe_problems,
    describe_python,
    describe_stalls,
    describe_workload,
)
from producer.show.guarantees import describe_guarantees
from producer.show.job import describe_job
from producer.show.report.fold import fold
from producer.show.report.glossary import HEAD
from producer.show.report.labelled import Labelled
from producer.show.report.table import write_scrolling
from producer.show.slots import behind_comma
from producer.show.starvation import describe_starvation
from producer.show.used import describe_used
from producer.stats.bound import describe_jobs
from producer.stats.cautions import by_kind, cautions
from producer.stats.each_worker import each_worker
from producer.stats.starvation import starvations
from producer.stats.summary import Summary
from producer.words import capital, counted, digits, moment, percent, seconds, times

#: How many troubles are shown at once; the others unfold.
AT_ONCE = 4


def write_facts(result: Result, workload: WorkloadResult, rows: Sequence[Summary]) -> str:
    """Write what the workload is, the three numbers that count, and what bound it."""
    parts = [f'<p class="what">{html(describe_workload(result, workload))}.</p>']
    if workload.facts:
        alone = "".join(f"<li>{html(capital(line))}</li>" for line in describe_job(workload.facts))
        parts.append(f"<ul>{alone}</ul>")
    if rows and rows[0].makespan_s is not None:
        tiles = "".join(
            f"<div><b>{_breakable(big)}</b><span>{html(small)}</span></div>" for big, small in _tiles(rows)
        )
        parts.append(f'<div class="tiles">{tiles}</div>')
        parts.append(f"<p>{html(describe_jobs(workload, rows))}</p>")
    lines = [*describe_answers(workload), *describe_starvation(starvations(result, workload))]
    lines += describe_guarantees(row.contender for row in rows)
    lines += describe_used(rows, each_worker(result, workload))
    lines += describe_calls(result, workload)
    parts += [f"<p>{html(line)}</p>" for line in lines]
    return "".join(parts)


def write_advice(result: Result, workload: WorkloadResult, rows: Sequence[Summary]) -> str:
    """Write the recommendation; nothing where the workload calls no function of the user's."""
    advice = give_advice(result, workload, rows)
    if advice is None:
        return ""
    command = f"<pre>{html(advice.command)}</pre><p>{html(advice.note)}</p>" if advice.command else ""
    return f'<aside class="advice"><h4>Recommendation</h4><p>{html(advice.text)}</p>{command}</aside>'


def _breakable(name: str) -> str:
    """Let a narrow tile break a contender's name between its parts, not within one."""
    return html(name).replace(":", ":<wbr>").replace("@", "<wbr>@")


def write_trouble(result: Result, workload: WorkloadResult, rows: Sequence[Summary]) -> str:
    """Write what went wrong or is missing; nothing where nothing did."""
    lines = list(_trouble(result, workload, rows))
    if not lines:
        return ""
    items = [f"<li>{html(line)}</li>" for line in lines]
    first, rest = items[:AT_ONCE], items[AT_ONCE:]
    more = (
        f"<details><summary>and {len(rest)} more</summary><ul>{''.join(rest)}</ul></details>" if rest else ""
    )
    return f'<aside class="trouble"><h4>Know before you conclude</h4><ul>{"".join(first)}</ul>{more}</aside>'


def write_table(rows: Sequence[Summary]) -> str:
    """Write the numbers as in the terminal; nothing where nobody ran."""
    if not rows:
        return ""
    columns = every_column(rows)
    head = "".join(f"{HEAD}{html(column.heading)}</th>" for column in columns)
    body = "".join(
        f'<tr{"" if row.valid_runs else " class=invalid"}><th scope="row">{html(str(row.contender))}</th>'
        + "".join(f"<td>{html(column.cell(row))}</td>" for column in columns)
        + "</tr>"
        for row in rows
    )
    table = write_scrolling(f"{HEAD}contender</th>{head}", body, "All the numbers")
    means = "".join(f"<p>{html(line)}</p>" for line in describe_means(rows))
    says = f"{counted(len(rows), 'contender')}, {counted(len(columns), 'number')} each"
    return fold("All the numbers", says, f"{table}{means}", name="numbers")


def write_machine(shown: Labelled) -> str:
    """Write what the numbers depend on."""
    rows = "".join(f"<dt>{html(name)}</dt><dd>{html(value)}</dd>" for name, value in _machine(shown.result))
    says = f"{shown.result.machine.cpu}, {shown.result.machine.python}"
    return fold("The machine, the broker and the plan", says, f'<dl class="machine">{rows}</dl>')


def _tiles(rows: Sequence[Summary]) -> Iterator[tuple[str, str]]:
    best = rows[0]
    yield str(best.contender), "has the shortest median makespan"
    yield seconds(best.makespan_s), f"for all the jobs, {digits(best.throughput)} a second"
    if best.speed_up is not None and best.speed_up.shown:
        yield (
            times(best.speed_up.value),
            f"as fast as serial{behind_comma(best.slots, 1)} (mean of the rounds)",
        )
    if best.beats_limit:
        yield write_share_of_limit(best), "of its limit, which nothing can beat: it is estimated too high"
    elif best.efficiency is not None:
        yield percent(best.efficiency), "of what its slots and cores allow, as estimated"


def _trouble(result: Result, workload: WorkloadResult, rows: Sequence[Summary]) -> Iterator[str]:
    if not rows:
        yield NOBODY_RAN
    for line in describe_problems(result, workload):
        yield f"{line}. Such a run is invalid and counts nowhere."
    for row in rows:
        if row.duplicates:
            twice = counted(row.duplicates, "job")
            yield f"{row.contender} did {twice} twice; the second time counts nowhere."
    for kind, text in by_kind(cautions(result, workload)):
        yield capital(f"{kind}: {text}")
    yield from (f"{capital(line)}." for line in describe_left_out(workload))
    yield from describe_stalls(rows)


def _machine(result: Result) -> Iterator[tuple[str, str]]:
    yield "Measured", moment(result.created)
    yield from ((capital(name), value) for name, value in describe_machine(result.machine))
    for python in result.pythons:
        yield f"Python {python.label}", "; ".join(describe_python(python))
    yield "Broker", result.broker_version or result.broker
    yield (
        "Load",
        f"{digits(result.machine.load)} before, {digits(result.load_after)} after the last run "
        "(processes waiting to run)",
    )
    yield "Plan", f"{counted(result.rounds, 'round')}, order shuffled with seed {result.seed}"
