"""The page of loads: for each workload its table, the rates that are held, latency and backlog."""

from __future__ import annotations

from collections.abc import Sequence

from producer.printable import html
from producer.results import Result, WorkloadResult
from producer.show.charts import load_backlog, load_latency
from producer.show.charts.chart import Chart
from producer.show.facts import describe_left_out, describe_problems, describe_workload
from producer.show.load import OFFERED, columns, describe_capacities, describe_means
from producer.show.report import glossary, sections
from producer.show.report.document import write_document
from producer.show.report.figures import write_figures
from producer.show.report.labelled import Labelled
from producer.show.report.table import write_scrolling
from producer.stats.load import steps
from producer.words import listed, moment

#: What stands above what went wrong.
TROUBLE = "Know before you conclude"


def load_charts(result: Result, workload: WorkloadResult) -> list[Chart]:
    """Make the charts of a workload of a load."""
    made = (load_latency.chart(result, workload), load_backlog.chart(result, workload))
    return [chart for chart in made if chart]


def write_load_page(results: Sequence[Labelled]) -> str:
    """Write the page of one load, or of several under each other."""
    parts, links = [_head(results)], []
    for place, labelled in enumerate(results):
        for workload in labelled.result.workloads:
            ident = f"{workload.name}-{place}" if len(results) > 1 else workload.name
            name = f"{workload.name}, {labelled.label}" if len(results) > 1 else workload.name
            links.append((ident, name))
            parts.append(_section(labelled.result, workload, ident, name))
    machines = "".join(
        f"<h3>{html(labelled.name)}</h3>{sections.write_machine(labelled)}" for labelled in results
    )
    parts.append(f'<section id="machine"><h2>What the numbers depend on</h2>{machines}</section>')
    body = "".join(map(glossary.mark_words, parts))
    links.append(("machine", "machine"))
    return write_document(f"simul: {listed([labelled.label for labelled in results])}", links, body, {})


def _head(results: Sequence[Labelled]) -> str:
    which = "".join(
        f"<li><b>{html(labelled.label)}</b> {html(moment(labelled.result.created))}, "
        f"{html(labelled.result.machine.python)}, {html(labelled.result.machine.cpu)}</li>"
        for labelled in results
    )
    names = listed(list(dict.fromkeys(work.name for each in results for work in each.result.workloads)))
    return (
        f'<section class="intro"><h1>{html(names or "Nothing was measured")}</h1><p>Jobs that arrive at a '
        "rate, whether or not anybody is ready for them: which latency they have, and which rate each "
        f'contender can hold.</p><ul class="which">{which}</ul></section>'
    )


def _section(result: Result, workload: WorkloadResult, ident: str, name: str) -> str:
    rows = steps(result, workload)
    trouble = [
        *(f"Invalid: {line}" for line in describe_problems(result, workload)),
        *describe_left_out(workload),
    ]
    aside = "".join(f"<li>{html(line)}</li>" for line in trouble)
    held = "".join(f"<li>{html(line)}</li>" for line in describe_capacities(result, workload))
    means = "".join(f"<p>{html(line)}</p>" for line in describe_means(rows))
    return (
        f'<section id="{html(ident)}"><h2>{html(name)}</h2>'
        f'<p class="what">{html(describe_workload(result, workload))}.</p><ul>{held}</ul>{means}'
        + (
            f'<aside class="trouble"><h4>Know before you conclude</h4><ul>{aside}</ul></aside>'
            if trouble
            else ""
        )
        + write_figures(load_charts(result, workload), ident)
        + _table(result, workload)
        + "</section>"
    )


def _table(result: Result, workload: WorkloadResult) -> str:
    rows = steps(result, workload)
    shown = [OFFERED, *columns(rows, wide=True)]
    head = "".join(f"<th>{html(column.heading.replace(chr(10), ' '))}</th>" for column in shown)
    body = "".join(
        f"<tr{'' if row.held is not None else ' class=invalid'}><th>{html(str(row.contender))}</th>"
        + "".join(f"<td>{html(column.cell(row))}</td>" for column in shown)
        + "</tr>"
        for row in rows
    )
    return write_scrolling(f"<th>contender</th>{head}", body, f"{workload.name}: every number")
