"""A result for other programs: JSON or CSV with every number of the tables, or the tables in Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any, Literal, TypeAlias

from producer.contender_name import ContenderName
from producer.printable import json_text, markdown, spreadsheet, terminal
from producer.results import Result, WorkloadResult
from producer.show.advice import give_advice
from producer.show.columns import every_column
from producer.show.export_load import export_load
from producer.show.facts import describe_left_out, describe_problems, describe_workload
from producer.show.guarantees import describe_guarantees
from producer.show.used import describe_used
from producer.stats.cautions import cautions
from producer.stats.each_worker import each_worker
from producer.stats.guarantees import guarantees
from producer.stats.predictions import VERDICTS, answers_on
from producer.stats.ratios import Ratio
from producer.stats.scaling import curves
from producer.stats.starvation import starvations
from producer.stats.summary import Percentiles, Summary, summaries

Format: TypeAlias = Literal["csv", "markdown"]

#: Fields of a summary that are made of several numbers: a column each.
_PARTS: dict[str, type[Ratio] | type[Percentiles]] = {
    "speed_up": Ratio,
    "own_speed_up": Ratio,
    "to_winner": Ratio,
    "latency_ms": Percentiles,
    "wait_ms": Percentiles,
    "service_ms": Percentiles,
}


def export(result: Result, how: Format | Literal["json"]) -> str:
    """Write the comparison as text, which ends with a line break."""
    if result.kind == "load":
        return export_load(result, how)
    return {"json": to_json, "csv": to_csv, "markdown": to_markdown}[how](result)


def to_json(result: Result) -> str:
    """Write all that is derived of each workload: contenders, what to beware of, a sweep's curves, advice."""
    numbers = {workload.name: _numbers(result, workload) for workload in result.workloads}
    return json_text(numbers) + "\n"


def _numbers(result: Result, workload: WorkloadResult) -> dict[str, Any]:
    rows = summaries(result, workload)
    advice = give_advice(result, workload, rows)
    return {
        "contenders": rows,
        "cautions": cautions(result, workload),
        "left_out": {str(name): why for name, why in workload.left_out.items()},
        **({"guarantees": kept} if (kept := guarantees(row.contender for row in rows)) else {}),
        **({"workers": workers} if (workers := each_worker(result, workload)) else {}),
        **({"predictions": answers} if (answers := answers_on(result, workload)) else {}),
        **({"short_jobs": starved} if (starved := starvations(result, workload)) else {}),
        **({"curves": curves(result, workload)} if result.kind == "sweep" else {}),
        **({"facts": workload.facts, "advice": advice} if advice else {}),
    }


def to_csv(result: Result) -> str:
    """Write a row for each workload and contender; numbers in full, nothing where there is none."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["workload", *_headings()])
    for workload in result.workloads:
        for row in summaries(result, workload):
            writer.writerow(map(spreadsheet, [workload.name, *_values(row)]))
    return text.getvalue()


def to_markdown(result: Result) -> str:
    """Write a table for each workload, as the terminal shows it."""
    return "\n".join(line for workload in result.workloads for line in _section(result, workload.name))


def _section(result: Result, name: str) -> Iterator[str]:
    workload = next(workload for workload in result.workloads if workload.name == name)
    rows = summaries(result, workload)
    columns = every_column(rows)
    yield f"## {markdown(workload.name)}\n"
    yield f"{markdown(describe_workload(result, workload))}\n"
    yield _line("contender", *(column.heading.replace("/\n", "/").replace("\n", " ") for column in columns))
    yield _line(":--", *("--:" for _ in columns))
    for row in rows:
        yield _line(str(row.contender), *(column.cell(row) for column in columns))
    yield ""
    aside = [
        *describe_guarantees(row.contender for row in rows),
        *describe_used(rows, each_worker(result, workload)),
        *describe_left_out(workload),
        *(f"invalid: {why}" for why in describe_problems(result, workload)),
        *(
            f"predicted: {answer.asked}: {VERDICTS[answer.verdict]}. {answer.text}"
            for answer in answers_on(result, workload)
        ),
    ]
    if aside:
        yield "\n".join(f"- {markdown(line)}" for line in aside) + "\n"
    if advice := give_advice(result, workload, rows):
        yield f"{markdown(advice.text)}\n"
        if advice.command:
            yield f"    {terminal(advice.command)}\n"
            yield f"{markdown(advice.note)}\n"


def _line(*cells: str) -> str:
    return f"| {' | '.join(map(markdown, cells))} |"


def _headings() -> Iterator[str]:
    for field in fields(Summary):
        parts = _PARTS.get(field.name)
        if parts:
            yield from (f"{field.name}_{part.name}" for part in fields(parts))
        else:
            yield field.name


def _values(row: Summary) -> Iterator[Any]:
    for name, value in ((field.name, getattr(row, field.name)) for field in fields(row)):
        if name in _PARTS:
            yield from asdict(value).values() if value else [None] * len(fields(_PARTS[name]))
        elif isinstance(value, ContenderName):
            yield str(value)
        elif name == "problems":
            yield "; ".join(value)
        else:
            yield value
