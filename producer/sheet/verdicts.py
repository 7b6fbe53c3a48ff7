"""Says of every answer on a sheet whether the student's own numbers support it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from producer.results import Result
from producer.sheet.checks import find
from producer.sheet.findings import Finding, UnreadableError
from producer.sheet.reading import Question, Sheet

Status: TypeAlias = Literal["supported", "not supported", "not answered", "cannot tell", "unreadable", "open"]
#: What is said of findings, the best first.
_STATUSES: tuple[tuple[Status, bool | None], ...] = (
    ("supported", True),
    ("not supported", False),
    ("cannot tell", None),
)
#: Of these, a sheet may have any number and still be supported.
FINE: frozenset[Status] = frozenset({"supported", "not answered", "open"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of one answer, or of a line of the sheet that cannot be read."""

    #: "Q1.2"; empty for a line that belongs to no question.
    question: str
    line: int
    status: Status
    answer: str
    #: The numbers, what is wrong, or what to do.
    text: str


def judge(sheet: Sheet, results: Mapping[str, Result]) -> list[Verdict]:
    """Judge all answers by the results, which have the names of their files. The lines keep their order.

    An answer is supported where one of the results supports it: a student may have measured twice.
    """
    problems = [Verdict("", line, "unreadable", "", text) for line, text in sheet.problems]
    verdicts = [_judge(question, results) for question in sheet.questions if question.answer_line is not None]
    return sorted(problems + verdicts, key=lambda verdict: verdict.line)


def all_supported(verdicts: Sequence[Verdict]) -> bool:
    """Whether every line can be read, and every answer that numbers decide is supported."""
    return all(verdict.status in FINE for verdict in verdicts)


def _judge(question: Question, results: Mapping[str, Result]) -> Verdict:
    line = question.answer_line or question.line

    def verdict(status: Status, text: str) -> Verdict:
        return Verdict(question.name, line, status, question.answer, text)

    try:
        check, names = find(question.check) if question.check is not None else (None, [])
        if not question.answer:
            return verdict("not answered", _try_this(question))
        if check is None:
            return verdict("open", "no number decides it")
    except UnreadableError as error:
        return verdict("unreadable", str(error))
    findings: list[tuple[str, Finding]] = []
    unreadable = ""
    for name, result in sorted(results.items(), key=lambda item: not _names(question, item[0])):
        try:
            findings += [(name, finding) for finding in check(result, question.answer, names)]
        except UnreadableError as error:  # another result may know the contender that it names
            unreadable = unreadable or str(error)
    if unreadable and not findings:
        return verdict("unreadable", unreadable)
    for status, supported in _STATUSES:
        found = [(name, finding.text) for name, finding in findings if finding.supported is supported]
        if found:
            return verdict(status, _join(found, len(results), only_first=bool(supported)))
    return verdict("cannot tell", f"no result here has the numbers for it: {_missing(question, results)}")


def _names(question: Question, result: str) -> bool:
    """Whether the question names that file: what it says goes first."""
    return any(Path(result).name in command.split() for command in question.commands)


def _join(found: Sequence[tuple[str, str]], results: int, only_first: bool) -> str:
    """Put the findings together, each with the name of its file where not all files say the same."""
    alike = len(found) == results and len({text for _, text in found}) == 1
    told = [text if alike else f"{text} ({name})" if results > 1 else text for name, text in found]
    return told[0] if only_first else "; ".join(dict.fromkeys(told))


def _try_this(question: Question) -> str:
    return f"try {question.commands[0]}" if question.commands else ""


def _missing(question: Question, results: Mapping[str, Result]) -> str:
    """Say what to do for want of a result: the question names one that is not here, or else a command."""
    there = {Path(name).name for name in results}
    for word in " ".join(question.commands).split():
        if word.endswith(".json.gz") and word not in there:
            return f"name {word}, too"
    return question.commands[0] if question.commands else "compare it"
