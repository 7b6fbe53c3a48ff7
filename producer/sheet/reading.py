"""Reads a lab sheet: Markdown in which each question is an item of a list, with a place for its answer.

    - [Q1.2] How many times as fast as serial was threads? `simul compare files`
      <!-- check: times-as-fast files threads serial -->
      - Answer: ____

Only this program sees the comment; a question without one is open: no number decides it. Its commands are
what stands in backticks and begins with `simul` or `python`, perhaps after `uv run`, or with `cat`. An answer
may begin in the next line, and goes on in those that are indented. A line of no question is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from worker.errors import SheetError

#: A sheet that is longer is none, in bytes.
LONGEST_SHEET = 1_000_000

_QUESTION = re.compile(r"- \[(Q[0-9]+(\.[0-9]+)*)\](?P<text>\s.*)?")
_ALMOST = re.compile(r"\s*[-*+] *\[ *Q", re.IGNORECASE)
_ANSWER = re.compile(r"\s*([-*+]\s+)?Answer:(?P<answer>.*)", re.IGNORECASE)
_CHECK = re.compile(r"<!--\s*check:(?P<check>.*?)-->")
_COMMAND = re.compile(r"`((?:(?:uv run )?(?:simul|python)|cat) [^`]+)`")


@dataclass(slots=True)
class Question:
    """One question of a sheet, and what is written as its answer."""

    #: "Q1.2"
    name: str
    #: Where it begins; lines count from 1.
    line: int
    commands: list[str] = field(default_factory=list)
    #: What decides it: "times-as-fast files threads serial". None where no number does.
    check: str | None = None
    #: Empty where nothing is written there.
    answer: str = ""
    #: Where the answer stands; None where there is no place for it.
    answer_line: int | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """The questions in their order, and what cannot be read: the line, and why."""

    questions: list[Question]
    problems: list[tuple[int, str]]


def read(path: Path) -> Sheet:
    """Read the sheet in a file.

    Raises:
        SheetError: the file cannot be read, is no text, or has no question in it.
    """
    try:
        if path.exists() and not path.is_file():  # nobody may ever write to a FIFO
            raise SheetError(f"{path} is no sheet (open): it is no file. Name a sheet in Markdown.")
        with path.open("rb") as file:
            content = file.read(LONGEST_SHEET + 1)
        if len(content) > LONGEST_SHEET:
            raise SheetError(f"{path} is no sheet (read): it has more than {LONGEST_SHEET:,} bytes")
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise SheetError(
            f"{path} cannot be read (open): {error.strerror}. Name a sheet in Markdown."
        ) from None
    except UnicodeDecodeError:
        raise SheetError(f"{path} is no sheet (read): it is no text in UTF-8. Save it as such.") from None
    sheet = parse(text)
    if not sheet.questions:
        raise SheetError(
            f'{path} is no sheet (read): no line begins with "- [Q1.1]", as docs/lab-sheet.md has them'
        )
    return sheet


def parse(text: str) -> Sheet:
    """Read the questions of a sheet, and what is wrong with its lines."""
    questions: list[Question] = []
    problems: list[tuple[int, str]] = []
    lines_of: dict[str, int] = {}
    goes_on = -1  # the last line of an answer
    for number, line in _outside_code(text):
        if match := _QUESTION.fullmatch(line.rstrip()):
            question = Question(match[1], number)
            if question.name in lines_of:
                problems.append((number, f"{question.name} stands in line {lines_of[question.name]}, too"))
            lines_of.setdefault(question.name, number)
            questions.append(question)
        elif _ALMOST.match(line):
            problems.append((number, 'a question begins with "- [Q1.2] " at the beginning of its line'))
        if match := _ANSWER.fullmatch(line):
            if not questions or questions[-1].answer_line is not None:
                problems.append((number, "an answer without a question before it"))
                continue
            questions[-1].answer_line = goes_on = number
            questions[-1].answer = _clean(match["answer"])
        elif number == goes_on + 1 and _continues(line, questions[-1].answer):
            goes_on = number
            questions[-1].answer = f"{questions[-1].answer}\n{_clean(line)}".strip()
        elif questions and questions[-1].answer_line is None:
            questions[-1].commands += _COMMAND.findall(line)
            if match := _CHECK.search(line):
                questions[-1].check = match["check"].strip()
    problems += [
        (question.line, f'{question.name} has no place for its answer: a line "- Answer: ____"')
        for question in questions
        if question.answer_line is None
    ]
    return Sheet(questions, sorted(problems))


def _continues(line: str, answer: str) -> bool:
    """Whether an answer goes on in the next line: it is indented, or there was nothing in the line before."""
    return bool(line.strip()) and (line[0].isspace() or not (answer or line.startswith(("#", "<", "- "))))


def _clean(text: str) -> str:
    """Take away the place that was left for the answer, and the marks of a list, of bold text and of code."""
    return text.strip(" \t\r_*`").removeprefix("- ")


def _outside_code(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are in no block of code, with their numbers."""
    in_code = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            in_code = not in_code
        elif not in_code:
            yield number, line
