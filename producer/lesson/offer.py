"""What a lesson asks, as a page can ask it: plain dictionaries, texts and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from producer.lesson.contenders import POOLS, explain
from producer.lesson.questions import MOST, Sheet, make_sheet
from producer.words import counted
from producer.workloads import DEFAULT_SEED, WORKLOADS, build
from worker.errors import DataError


def offer_lessons(data_root: Path) -> Iterator[dict[str, Any]]:
    """Describe the questions about each workload; those whose data are not there are left out."""
    for name in WORKLOADS:
        with suppress(DataError):
            yield _describe(make_sheet(build(name, None, DEFAULT_SEED, 1, data_root), POOLS[0]))


def _describe(sheet: Sheet) -> dict[str, Any]:
    workload = sheet.workload
    explained = {spec.name: explain(spec) for spec in sheet.contenders}
    return {
        "workload": workload.name,
        "what": f"{counted(len(workload.jobs), 'job')}: {workload.description}.",
        "questions": [
            {
                "key": question.key,
                "text": question.text,
                "choices": [{"name": str(name), "is": explained[name]} for name in question.choices],
                "least": question.least,
                "most": MOST,
            }
            for question in sheet.questions
        ],
    }
