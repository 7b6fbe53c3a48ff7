"""The right answers, and what the work itself takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from producer.measure.reference_run import work_out
from producer.results.reference import fingerprint
from producer.workloads import data_files
from tests.made import reference
from worker.answers import FilesChecked, FileVerdict, MovePlayed
from worker.jobs import ChessMove, FileCheck, Job
from worker.records import JobRecord

START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"


def record(index: int, answer: dict[str, Any] | None, error: str | None = None) -> JobRecord:
    """A record of which only the answer matters."""
    return JobRecord(index, "lab/1", 0, 0, 0, 0, answer, error)


def test_the_order_of_fields_and_the_kind_of_sequence_make_no_difference() -> None:
    assert fingerprint({"a": 1, "b": (2, 3)}, None) == fingerprint({"b": [2, 3], "a": 1}, None)


def test_every_difference_in_an_answer_makes_one() -> None:
    answers: list[dict[str, Any] | None] = [{"a": 1}, {"a": 2}, {"a": 1.5}, {"a": None}, {"b": 1}, {}, None]
    marks = {fingerprint(answer, error) for answer in answers for error in (None, "Oh", "Oh: no")}
    assert len(marks) == 3 * len(answers)


def test_answers_are_worked_out_without_their_waits(tmp_path: Path) -> None:
    data_files.make(tmp_path, 1)
    jobs: list[Job] = [FileCheck(("test001.txt",)), ChessMove(START, wait_ms=20_000, seed=4)]
    expected, answers = work_out(jobs, tmp_path)
    assert answers[0] == FilesChecked((FileVerdict("test001.txt", "correct"),))
    assert isinstance(answers[1], MovePlayed)
    assert list(expected.waits_s) == [0.0, 20.0]
    assert len(expected.work_s) == len(expected.fingerprints) == 2
    assert all(seconds > 0 for seconds in expected.work_s)
    assert expected.cpu_s >= 0
    assert expected.summary is None


def test_only_answers_that_differ_are_told(tmp_path: Path) -> None:
    data_files.make(tmp_path, 2)
    expected, _ = work_out([FileCheck((name,)) for name in ("test001.txt", "test002.txt")], tmp_path)
    right = {"file": "test001.txt", "verdict": "correct", "expected": None, "found": None, "reason": None}
    other = {**right, "file": "test002.txt"}
    assert expected.differing([]) == []
    assert expected.differing([record(1, {"verdicts": [other]}), record(0, {"verdicts": [right]})]) == []
    assert expected.differing([record(0, {"verdicts": [other]})]) == [0]
    assert expected.differing([record(1, None, "Oh: no")]) == [1]


def test_a_job_that_cannot_be_done_has_an_error_for_an_answer(tmp_path: Path) -> None:
    expected, answers = work_out([ChessMove("no fen", depth=1)], tmp_path)
    assert answers == []
    error = "InvalidPositionError: 'no fen' is no FEN: "
    [mark] = expected.fingerprints
    assert mark != fingerprint(None, error)
    assert expected.differing([record(0, {"move": "e2e4"})]) == [0]


def test_a_record_of_a_job_that_was_never_asked_for_is_no_right_answer() -> None:
    # Whoever can write to the broker can write a message with the run's id and any index.
    assert reference([0.0], [0.1], 0.1).differing([record(7, {"move": "e2e4"})]) == [7]
