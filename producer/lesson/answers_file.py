"""A file of answers: TOML, a table for each workload, a line for each answer; what is skipped is left out.

    [waits]
    fastest = "threads@32"
    times = 20
    with_2_slots = 2
    with_32_slots = 20

Errors name the line. Who answers is never asked: a key that is none of the questions' is refused.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from producer.contender_name import ContenderName
from producer.lesson.contenders import explain
from producer.lesson.questions import Sheet, Value, read_prediction
from producer.results import Prediction
from producer.words import counted, listed
from worker.errors import AnswerError

#: Bytes of a file of answers.
MOST_BYTES = 64 * 1024


def read_answers(path: Path, sheets: Sequence[Sheet]) -> list[Prediction]:
    """Read a file of answers to these sheets, a prediction for each, in their order.

    Raises:
        AnswerError: it cannot be read, is no TOML, or answers what is not asked; the text names the line.
    """
    text = _read(path)
    try:
        tables = tomllib.loads(text)
    except ValueError as error:  # of a number of thousands of digits, too
        raise AnswerError(f"{path} is no TOML (answers): {error}") from None
    except RecursionError:
        raise AnswerError(f"{path} is no TOML (answers): it is nested too deeply") from None
    lines = text.splitlines()
    by_name = {sheet.workload.name: sheet for sheet in sheets}
    for name, table in tables.items():
        if name not in by_name:
            why = f"no workload {name!r} is asked about; there are: {', '.join(by_name)}"
            raise AnswerError(f"{path}:{_line_of_table(lines, name)} (answers): {why}")
        if not isinstance(table, dict):
            why = f"{name} is a table: write [{name}], and the answers below it"
            raise AnswerError(f"{path}:{_line_of_table(lines, name)} (answers): {why}")
    return [_read_sheet(path, lines, sheet, tables.get(sheet.workload.name, {})) for sheet in sheets]


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise AnswerError(f"{path} cannot be read (answers): it is larger than {MOST_BYTES // 1024} KiB")
        # A line that ends as on Windows is one line.
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise AnswerError(f"{path} cannot be read (answers): {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise AnswerError(f"{path} cannot be read (answers): it is no text in UTF-8") from None


def _read_sheet(path: Path, lines: Sequence[str], sheet: Sheet, table: Mapping[str, Any]) -> Prediction:
    def where(key: str) -> str:
        return f"{path}:{_line_of_key(lines, sheet.workload.name, key)} (answers): {key}"

    return read_prediction(sheet, table, where)


def _line_of_table(lines: Sequence[str], name: str) -> int:
    """Find the line in which a table begins: `[waits]`, `waits = ...` or `waits.times = ...`."""
    quoted = rf"[\"']?{re.escape(name)}[\"']?"
    form = re.compile(rf"\s*(\[+\s*{quoted}\s*[\].]|{quoted}\s*[.=])")
    return next((number for number, line in enumerate(lines, 1) if form.match(line)), 1)


def _line_of_key(lines: Sequence[str], name: str, key: str) -> int:
    """Find the line of an answer, below the beginning of its table."""
    first = _line_of_table(lines, name)
    form = re.compile(rf"(^|[\s.,{{\[])[\"']?{re.escape(key)}[\"']?\s*[.=\]]")
    below = enumerate(lines[first - 1 :], first)
    return next((number for number, line in below if form.search(line.partition("#")[0])), first)


def write_answers(sheets: Sequence[Sheet], predictions: Sequence[Prediction]) -> str:
    """Write predictions as the file that `read_answers` reads."""
    by_name = {prediction.workload: prediction for prediction in predictions}
    lines = []
    for sheet in sheets:
        lines.append(f"[{sheet.workload.name}]")
        answers = _answers_of(sheet, by_name.get(sheet.workload.name))
        lines += [f"{key} = {_as_toml(value)}" for key, value in answers.items()]
    return "\n".join([*lines, ""])


def _answers_of(sheet: Sheet, prediction: Prediction | None) -> dict[str, Value]:
    if prediction is None:
        return {}
    speeds = {speed.contender: speed.times for speed in prediction.speeds}
    values = {"fastest": prediction.fastest, "times": prediction.times} | {
        question.key: speeds.get(question.contender) for question in sheet.questions if question.contender
    }
    return {key: value for key, value in values.items() if value is not None}


def _as_toml(value: Value) -> str:
    return json.dumps(str(value)) if isinstance(value, ContenderName) else f"{value!r}"


def write_template(sheets: Sequence[Sheet]) -> str:
    """Write a file to fill in: every question, and every choice, in comments."""
    return "\n".join(_template(sheets)) + "\n"


def _template(sheets: Sequence[Sheet]) -> Iterator[str]:
    names = listed([sheet.workload.name for sheet in sheets])
    yield f"# What do you expect of {names}? Write answers behind the =, and take the # before them away."
    yield "# What you do not want to answer, leave as it is. No name is asked for, and none is kept."
    for sheet in sheets:
        workload = sheet.workload
        yield f"\n[{workload.name}]"
        yield f"# {counted(len(workload.jobs), 'job')}: {workload.description}."
        for question in sheet.questions:
            yield f"\n# {question.text}"
            for spec in sheet.contenders if question.choices else ():
                yield f"#   {spec.name}: {explain(spec)}"
            yield f"# {question.key} = {json.dumps(str(question.choices[-1])) if question.choices else 1}"
