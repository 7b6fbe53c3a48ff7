"""A sheet is read line by line, and the sheet of the course has no line that cannot be read."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from producer.sheet.reading import Sheet, parse, read
from producer.sheet.verdicts import all_supported, judge
from tests.asked import MADE
from worker.errors import SheetError

DOCS = Path(__file__).parents[2] / "docs"


def test_a_question_has_a_name_commands_a_check_and_an_answer() -> None:
    sheet = parse(
        "# A sheet\n\n- a list\n- [Q1.2] How many? `uv run simul show a`\n  or `python x.py`, `files`\n"
        "  <!-- check: cores -->\n  - Answer: __2__\n\n- [Q1.3] Why?\n  Answer: ____\n"
    )
    assert sheet.problems == []
    first, second = sheet.questions
    assert (first.name, first.line, first.answer_line) == ("Q1.2", 4, 7)
    assert first.commands == ["uv run simul show a", "python x.py"]
    assert (first.check, first.answer) == ("cores", "2")
    assert (second.name, second.check, second.answer) == ("Q1.3", None, "")


def test_what_stands_in_a_block_of_code_is_no_question() -> None:
    assert parse("```\n- [Q1] x\n```\n") == Sheet([], [])


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        ("x\n* [Q1] x\n", 2, "a question begins with"),
        (" - [Q1] x\n", 1, "a question begins with"),
        ("- [Q1.] x\n", 1, "a question begins with"),
        ("- [Q1] x\n\n- [Q2] x\n  Answer: 1\n", 1, "Q1 has no place for its answer"),
        ("- [Q1] x\n  Answer: 1\n  Answer: 2\n", 3, "an answer without a question"),
        ("Answer: 2\n", 1, "an answer without a question"),
        ("- [Q1] x\n  Answer: 1\n- [Q1] x\n  Answer: 1\n", 3, "Q1 stands in line 1, too"),
    ],
)
def test_a_bad_line_is_told_with_its_number(text: str, line: int, complaint: str) -> None:
    [(where, why)] = parse(text).problems
    assert where == line
    assert complaint in why
    [verdict] = [verdict for verdict in judge(parse(text), {}) if verdict.status == "unreadable"]
    assert verdict.line == line
    assert not all_supported([verdict])


def test_what_is_no_sheet_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.md")
    (tmp_path / "empty.md").write_text("# Nothing\n")
    (tmp_path / "bytes.md").write_bytes(b"\xff\xfe- [Q1]")
    (tmp_path / "long.md").write_text("x" * 1_000_001)
    for name, complaint in (
        ("empty.md", "no line begins with"),
        ("bytes.md", "no text in UTF-8"),
        ("long.md", "more than 1,000,000 bytes"),
        ("none.md", "cannot be read"),
        (".", "it is no file"),
        ("fifo.md", "it is no file"),
        ("x" * 300, "cannot be read"),
    ):
        with pytest.raises(SheetError, match=complaint):
            read(tmp_path / name)


def test_the_sheet_of_the_course_takes_ninety_minutes() -> None:
    text = (DOCS / "lab-sheet.md").read_text()
    rows = re.findall(r"^\| (\d) \| \[(.+)\]\(#part-\d-(.+)-(\d+)-minutes\) \| (\d+) \|$", text, re.MULTILINE)
    headings = re.findall(r"^## Part (\d): (.+) \((\d+) minutes\)$", text, re.MULTILINE)
    assert [(part, name.lower(), minutes) for part, name, _, _, minutes in rows] == [
        (part, name.lower(), minutes) for part, name, minutes in headings
    ]
    assert all(name.lower().replace(" ", "-") == link for _, name, link, _, _ in rows)
    assert all(linked == minutes for *_, linked, minutes in rows)
    assert sum(int(minutes) for *_, minutes in rows) == 90


def test_the_sheet_of_the_course_is_empty_and_every_line_of_it_can_be_read() -> None:
    sheet = read(DOCS / "lab-sheet.md")
    assert sheet.problems == []
    assert {verdict.status for verdict in judge(sheet, {"a": MADE})} == {"not answered"}
    assert all(question.commands for question in sheet.questions)
    assert sum(question.check is not None for question in sheet.questions) > 20


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("- Answer: 2", "2"),
        ("- Answer:\n    2", "2"),
        ("- Answer: ____\n    2", "2"),
        ("- Answer:\n2", "2"),
        ("- Answer:\n    - 2", "2"),
        ("- Answer: 2\n    and more", "2\nand more"),
        ("- Answer: 2\n    and\n    more", "2\nand\nmore"),
        ("- Answer: 2\nand more", "2"),
        ("- Answer: 2\n\n    and more", "2"),
        ("- Answer:\n\n  2", ""),
        ("- Answer:\n# 2", ""),
        ("- Answer:\n- [Q2] Why?\n  - Answer: 3", ""),
        ("- Answer: ____ 2", "2"),
    ],
)
def test_an_answer_goes_on_in_the_lines_below_it(text: str, answer: str) -> None:
    sheet = parse(f"- [Q1] How many?\n  {text}\n")
    assert sheet.problems == []
    assert sheet.questions[0].answer == answer


def test_the_code_that_answers_a_question_is_one_of_its_commands() -> None:
    sheet = parse("- [Q1] Why? `cat worker/sieve.py`, `worker/jobs.py`\n  Answer: x\n")
    assert isinstance(sheet, Sheet)
    assert sheet.questions[0].commands == ["cat worker/sieve.py"]
