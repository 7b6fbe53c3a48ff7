"""A load for other programs: JSON or CSV with every number of its table, or the table in Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any, Literal

from producer.printable import json_text, markdown, spreadsheet
from producer.results import Result, WorkloadResult
from producer.show.facts import describe_left_out, describe_problems, describe_workload
from producer.show.load import OFFERED, columns, describe_capacities, describe_means
from producer.stats.guarantees import guarantees
from producer.stats.load import Step, capacities, steps
from producer.stats.summary import Percentiles


def export_load(result: Result, how: Literal["json", "csv", "markdown"]) -> str:
    """Write a load as text, which ends with a line break."""
    return {"json": _to_json, "csv": _to_csv, "markdown": _to_markdown}[how](result)


def _to_json(result: Result) -> str:
    numbers = {
        workload.name: {
            "steps": steps(result, workload),
            "capacities": capacities(result, workload),
            "guarantees": guarantees(step.contender for step in steps(result, workload)),
            "left_out": {str(name): why for name, why in workload.left_out.items()},
        }
        for workload in result.workloads
    }
    return json_text(numbers) + "\n"


def _to_csv(result: Result) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["workload", *_headings()])
    for workload in result.workloads:
        for step in steps(result, workload):
            writer.writerow(map(spreadsheet, [workload.name, *_values(step)]))
    return text.getvalue()


def _headings() -> Iterator[str]:
    for field in fields(Step):
        if field.name == "latency_ms":
            yield from (f"latency_ms_{part.name}" for part in fields(Percentiles))
        else:
            yield field.name


def _values(step: Step) -> Iterator[Any]:
    for field in fields(step):
        value = getattr(step, field.name)
        if field.name == "latency_ms":
            yield from asdict(value).values() if value else [None] * len(fields(Percentiles))
        elif field.name == "problems":
            yield "; ".join(value)
        else:
            yield str(value) if field.name == "contender" else value


def _to_markdown(result: Result) -> str:
    return "\n".join(line for workload in result.workloads for line in _section(result, workload))


def _section(result: Result, workload: WorkloadResult) -> Iterator[str]:
    rows = steps(result, workload)
    shown = [OFFERED, *columns(rows, wide=True)]
    yield f"## {markdown(workload.name)}\n"
    yield f"{markdown(describe_workload(result, workload))}\n"
    yield _line("contender", *(column.heading.replace("\n", " ") for column in shown))
    yield _line(":--", *("--:" for _ in shown))
    for row in rows:
        yield _line(str(row.contender), *(column.cell(row) for column in shown))
    yield ""
    aside = [
        *describe_capacities(result, workload),
        *describe_means(rows),
        *describe_left_out(workload),
        *(f"invalid: {why}" for why in describe_problems(result, workload)),
    ]
    yield "\n".join(f"- {markdown(line)}" for line in aside) + "\n"


def _line(*cells: str) -> str:
    return f"| {' | '.join(map(markdown, cells))} |"
