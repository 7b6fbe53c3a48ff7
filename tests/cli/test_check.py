"""`simul check` says of each answer what the result supports, and its exit code says whether all is well."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from producer.cli import app
from producer.cli.check import UNSUPPORTED
from producer.sheet.reading import parse
from producer.sheet.verdicts import judge
from tests.cli.conftest import Here
from tests.made import a_result, saved
from tests.sheet_numbers import sheet_results

DOCS = Path(__file__).parents[2] / "docs"

SHEET = """# A sheet

- [Q1.1] Who was the fastest? `simul compare waits` <!-- check: fastest waits -->
  Answer: {fastest}
- [Q1.2] How many times as fast? <!-- check: times-as-fast waits threads serial -->
  Answer: {factor}
- [Q1.3] Why?
  Answer: because
- [Q1.4] How long? `simul compare files` <!-- check: makespan files serial -->
  Answer: ____
"""


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A result in which threads are twice as fast as serial."""
    path = tmp_path / "a.json"
    saved(path, a_result({"serial": [1.0] * 5, "threads@8": [0.5, 0.51, 0.5, 0.49, 0.5]}))
    return path


def sheet(directory: Path, fastest: str = "threads", factor: str = "2.0") -> str:
    path = directory / "sheet.md"
    path.write_text(SHEET.format(fastest=fastest, factor=factor))
    return str(path)


def test_answers_that_the_numbers_support_are_no_failure(
    tmp_path: Path, made: Path, simul_here: Here
) -> None:
    said = simul_here("check", sheet(tmp_path), str(made))
    assert said.code == 0, said.err
    first, second, third, fourth, _, last = said.out.splitlines()
    assert first.split(maxsplit=2) == [
        "Q1.1",
        "supported",
        "threads: threads@8 had the shortest median, 500 ms",
    ]
    assert "threads@8 was 2.00 (1.97–2.04) times as fast as serial" in second
    assert re.fullmatch(r"Q1\.3 +open +no number decides it", third)
    assert re.fullmatch(r"Q1\.4 +not answered +try simul compare files", fourth)
    assert last == "2 supported, 1 open, 1 not answered"


def test_many_questions_without_an_answer_have_one_line(tmp_path: Path, made: Path, simul_here: Here) -> None:
    path = tmp_path / "new.md"
    path.write_text("".join(f"- [Q{number}] What?\n  Answer: ____\n" for number in range(1, 7)))
    said = simul_here("check", str(path), str(made))
    assert said.out.splitlines() == ["not answered: Q1, Q2, Q3, Q4, Q5, Q6", "", "6 not answered"]


def test_an_answer_that_the_numbers_do_not_support_has_an_exit_code_of_its_own(
    tmp_path: Path, made: Path, simul_here: Here
) -> None:
    said = simul_here("check", sheet(tmp_path, "serial", "\x1b[mmany"), str(made))
    assert said.code == UNSUPPORTED == 8
    first, second, *_ = said.out.splitlines()
    assert re.match(r"Q1\.1 +not supported +serial: threads@8 had the shortest median, 500 ms; serial", first)
    assert re.match(
        r"Q1\.2 +unreadable +\\x1b\[mmany: the answer is a number, such as 3\.3 \(line 6\)", second
    )


def test_the_same_is_there_as_json(tmp_path: Path, made: Path, simul_here: Here) -> None:
    said = simul_here("check", sheet(tmp_path, factor="7"), str(made), "--json")
    assert said.code == UNSUPPORTED
    assert [(one["question"], one["line"], one["status"]) for one in json.loads(said.out)] == [
        ("Q1.1", 4, "supported"),
        ("Q1.2", 6, "not supported"),
        ("Q1.3", 8, "open"),
        ("Q1.4", 10, "not answered"),
    ]


def test_what_is_no_sheet_or_no_result_is_one_line(tmp_path: Path, made: Path, simul_here: Here) -> None:
    said = simul_here("check", str(made), str(made))
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert said.err.startswith("Sheet: ")
    said = simul_here("check", sheet(tmp_path), sheet(tmp_path))
    assert (said.code, said.out, said.err.count("\n")) == (6, "", 1)
    assert simul_here("check", sheet(tmp_path)).code == 2


def commands() -> list[str]:
    """Every command on the sheet of the course: in its blocks, and in its questions."""
    text = (DOCS / "lab-sheet.md").read_text()
    blocks = re.findall(r"^\$ (.*)", text, re.MULTILINE)
    return blocks + [command for question in parse(text).questions for command in question.commands]


@pytest.mark.parametrize("command", sorted(set(commands())))
def test_every_command_on_the_sheet_is_one(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DOCS.parent)
    words = shlex.split(command.removeprefix("uv run "))
    if "simul" not in words:
        assert Path(words[-1]).is_file()
        return
    name, *arguments = words[1:]
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    with group.make_context("simul", [name]) as context:
        subcommand = group.get_command(context, name)
        assert subcommand is not None, f"simul has no {name}"
        subcommand.make_context(name, arguments, parent=context)  # fails at what it does not take


def filled() -> str:
    """The sheet of the course with the answers of the solutions."""
    answers = {
        question.name: question.answer
        for question in parse((DOCS / "lab-sheet-solutions.md").read_text()).questions
    }
    text = (DOCS / "lab-sheet.md").read_text()
    assert [question.name for question in parse(text).questions] == [*answers]
    assert all(answers.values())
    parts = text.split("Answer: ____")
    return "".join(
        part + answer
        for part, answer in zip(parts, ["Answer: " + a for a in answers.values()] + [""], strict=True)
    )


def test_the_solutions_are_supported_by_what_was_measured(tmp_path: Path, simul_here: Here) -> None:
    (tmp_path / "filled.md").write_text(filled())
    paths = [str(saved(tmp_path / name, measured)) for name, measured in sheet_results().items()]
    said = simul_here("check", str(tmp_path / "filled.md"), *paths)
    assert said.code == 0, said.out
    statuses = {line.split("  ")[1] for line in said.out.splitlines() if line.startswith("Q")}
    assert "not answered" not in statuses


def test_each_result_that_is_left_out_leaves_answers_that_nobody_can_tell() -> None:
    # So each of the sheet's commands is needed for some answer.
    sheet, measured = parse(filled()), sheet_results()
    for name in measured:
        others = {other: result for other, result in measured.items() if other != name}
        assert "supported" in {verdict.status for verdict in judge(sheet, others)}
        assert {verdict.status for verdict in judge(sheet, others)} & {"cannot tell", "not supported"}, name
