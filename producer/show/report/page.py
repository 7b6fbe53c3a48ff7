"""The page of comparisons, workload by workload."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from producer.printable import html
from producer.results import Result
from producer.show.charts import makespans
from producer.show.charts.chart import MAX_BLOCKS, Shared
from producer.show.charts.entries import Field
from producer.show.report import glossary, sections, teaching, timelines
from producer.show.report.document import write_document
from producer.show.report.figures import make_charts, write_figures
from producer.show.report.gil_table import write_gil_gains
from producer.show.report.job_sizes import write_job_sizes
from producer.show.report.labelled import Labelled, having
from producer.show.report.overview import write_overview
from producer.show.report.predictions import PLACE, write_predictions
from producer.words import listed, moment

#: Blocks in all the timelines of a page together: about 40 bytes each, of 6 MB that a page may have.
PAGE_BLOCKS = 80_000
#: What the canvases draw, by the key of the figure: a dictionary for each contender.
Lines: TypeAlias = dict[str, list[dict[str, Any]]]


def write_page(results: Sequence[Labelled]) -> str:
    """Write the whole page; several results stand side by side, workload by workload."""
    lines: Lines = {}
    names = list(dict.fromkeys(field.workload.name for labelled in results for field in labelled.fields))
    contenders = sum(len(field.entries) for labelled in results for field in labelled.fields)
    max_blocks = min(MAX_BLOCKS, PAGE_BLOCKS // max(contenders, 1))
    parts = [
        _head(results, names),
        predicted := write_predictions(results),
        *(_workload(name, results, lines, max_blocks) for name in names),
        _part("take-home", "What to take home", results, teaching.write_rules),
        _part("pools", "Which pool, and how many slots?", results, teaching.write_choosing),
        _part("celery", "What Celery buys, and what it costs", results, teaching.write_celery),
        _part("questions", "What the course asks", results, teaching.write_answers),
        _part("machine", "What the numbers depend on", results, sections.write_machine),
    ]
    links = [(name, name) for name in names]
    if predicted:
        links.insert(0, (PLACE, "predictions"))
    links += [
        ("take-home", "take home"),
        ("pools", "pools"),
        ("celery", "Celery"),
        ("questions", "questions"),
    ]
    body = "".join(map(glossary.mark_words, parts))
    return write_document(
        _title(results), [*links, ("machine", "machine")], body, lines, many=len(results) > 1
    )


def _title(results: Sequence[Labelled]) -> str:
    return f"simul: {listed([labelled.label for labelled in results])}"


def _head(results: Sequence[Labelled], names: Sequence[str]) -> str:
    what = "The same jobs, done in the ways that Python has of doing many things at once."
    which = "".join(
        f"<li><b>{html(labelled.label)}</b> {html(moment(labelled.result.created))}, "
        f"{html(labelled.result.machine.python)}, "
        f"{html(labelled.result.machine.cpu)}</li>"
        for labelled in results
    )
    title = html(listed(names) or "Nothing was measured")
    return (
        f'<section class="intro"><h1>{title}</h1><p>{what}</p><ul class="which">{which}</ul>'
        f"{write_overview(results, names)}{write_gil_gains(results, names)}</section>"
    )


def _workload(name: str, results: Sequence[Labelled], lines: Lines, max_blocks: int) -> str:
    shown = [(labelled, field) for labelled in having(results, name) if (field := labelled.field(name))]
    shared = Shared(_longest_s([field for _, field in shown]), max_blocks)
    columns = []
    for place, (labelled, field) in enumerate(shown):
        label = f"<h3>{html(labelled.name)}</h3>" if len(results) > 1 else ""
        key = timelines.figure_key(name, place)
        column = _column(labelled.result, field, key, shared, lines)
        columns.append(f'<div class="column">{label}{column}</div>')
    return (
        f'<section id="{html(name)}"><h2>{html(name)}</h2>{write_job_sizes([field for _, field in shown])}'
        f'<div class="columns">{"".join(columns)}</div></section>'
    )


def _longest_s(shown: Sequence[Field]) -> float | None:
    """Where the makespan axes end: at the same place, if all did the same jobs."""
    same = {(field.workload.seed, field.workload.jobs, field.workload.chunk) for field in shown}
    ends = [bar.reach_s for field in shown for bar in makespans.derive(field.entries)]
    return max(ends) if len(same) == 1 and ends else None


def _column(result: Result, field: Field, key: str, shared: Shared, lines: Lines) -> str:
    workload, rows = field.workload, field.rows
    shown = make_charts(field, shared)
    lines[key] = timelines.collect_data(shown)
    return (
        f"{teaching.write_take_home(field)}"
        f"{sections.write_facts(result, workload, rows)}{sections.write_advice(result, workload, rows)}"
        f"{sections.write_trouble(result, workload, rows)}"
        f"{write_figures(shown, key)}{teaching.write_what_if(result, field)}{sections.write_table(rows)}"
    )


def _part(ident: str, title: str, results: Sequence[Labelled], write: Callable[[Labelled], str]) -> str:
    return f'<section id="{ident}"><h2>{title}</h2>{_each(results, write)}</section>'


def _each(results: Sequence[Labelled], part: Callable[[Labelled], str]) -> str:
    labels = [f"<h3>{html(labelled.name)}</h3>" if len(results) > 1 else "" for labelled in results]
    columns = [
        f'<div class="column">{label}{part(labelled)}</div>'
        for label, labelled in zip(labels, results, strict=True)
    ]
    return f'<div class="columns">{"".join(columns)}</div>'
