"""The page: everything it needs is in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any, TypeAlias

from producer.printable import html
from producer.results import Result
from producer.show.charts import makespans
from producer.show.charts.chart import MAX_BLOCKS, Shared
from producer.show.charts.entries import Field
from producer.show.report import glossary, present, sections, teaching, timelines
from producer.show.report.figures import make_charts, write_figures
from producer.show.report.gil_table import write_gil_gains
from producer.show.report.job_sizes import write_job_sizes
from producer.show.report.labelled import Labelled, having
from producer.show.report.overview import write_overview
from producer.show.report.predictions import write_link, write_predictions
from producer.show.svg.palette import DARK, LIGHT, declare
from producer.words import listed, moment

#: How every report begins; what begins otherwise is not ours to overwrite.
OPENING = "<!doctype html><!-- simul report -->"
#: Nothing may be fetched from anywhere; scripts and styles are those in the page.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath fill='%230072b2' d='M0 0h8v16h8V8H0z'/%3E%3C/svg%3E"
)


#: What the page's script consists of, in this order.
SCRIPTS = (
    *(
        "theme.js",
        "tip.js",
        "bars.js",
        "lanes.js",
        "timeline.js",
        "pair.js",
        "fold.js",
        "glossary.js",
        "present.js",
    ),
    "page.js",
)
#: Its styles, in this order.
STYLES = ("page.css", "parts.css", "figures.css", "glossary.css", "pair.css", "present.css")
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
    body = "".join(map(glossary.mark_words, parts))
    assets = files("producer.show.report")
    style, script = (
        "".join((assets / name).read_text("utf-8") for name in names) for names in (STYLES, SCRIPTS)
    )
    dark = declare(DARK)
    themes = (
        f":root{{{declare(LIGHT)}}}:root[data-theme=dark]{{{dark}}}"
        f"@media(prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}"
    )
    links = write_link(predicted) + "".join(f'<a href="#{html(name)}">{html(name)}</a>' for name in names)
    return (
        f'{OPENING}<html lang="en"><head><meta charset="utf-8"><title>{html(_title(results))}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<link rel="icon" href="{_ICON}"><style>{themes}{style}</style></head><body>'
        f'<header><a class="name" href="#top">simul</a><nav>{links}<a href="#take-home">take home</a>'
        '<a href="#pools">pools</a><a href="#celery">Celery</a><a href="#questions">questions</a>'
        '<a href="#machine">machine</a><a href="#words">words</a></nav>'
        f'{present.BUTTON}<button type="button" id="theme">Theme</button></header>'
        f'<main id="top"{" class=many" if len(results) > 1 else ""}>'
        f"{body}{glossary.write_all()}</main>{present.STAGE}{glossary.write_popovers()}"
        '<div id="tip" role="status" hidden></div>'
        f'<script type="application/json" id="lines">{_json(lines)}</script>'
        f"<script>{script}</script></body></html>\n"
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


def _json(value: object) -> str:
    # "<" would let a text end the script element it stands in.
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
