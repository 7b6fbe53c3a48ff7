"""Asks one question of a sheet: what is said of an answer, by a result of which all is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from producer.printable import terminal
from producer.results import Result
from producer.sheet.reading import parse
from producer.sheet.verdicts import Verdict, judge
from tests.made import a_result

#: Threads are twice as fast as serial, a little more or less; of gevent nobody can tell.
MADE = a_result(
    {
        "serial": [1.0, 1.1, 1.0, 0.9, 1.0],
        "threads@8": [0.5, 0.54, 0.51, 0.45, 0.49],
        "celery:gevent@8": [0.5, 0.57, 0.48, 0.45, 0.5],
    }
)


def asked(check: str, answer: str, made: Result | Mapping[str, Result] = MADE, text: str = "?") -> Verdict:
    """What is said of one answer."""
    sheet = parse(f"- [Q1] {text} <!-- check: {check} -->\n  Answer: {answer}\n")
    assert sheet.problems == []
    [verdict] = judge(sheet, {"a.json.gz": made} if isinstance(made, Result) else made)
    return replace(verdict, text=terminal(verdict.text))
