"""What a lesson asks, and how its answers are read: from a terminal, a file and the live page alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from producer.contender_name import ContenderName
from producer.lesson.answers_file import MOST_BYTES, read_answers, write_answers, write_template
from producer.lesson.contenders import POOLS, choose_contenders, explain
from producer.lesson.offer import offer_lessons
from producer.lesson.questions import Question, Sheet, make_prediction, make_sheet, read_answer
from producer.results import ExpectedSpeed, Prediction
from producer.system.machine import cores
from producer.workloads import WORKLOADS, build
from worker.errors import AnswerError
from worker.settings import PROJECT_DATA

GOOD = """
[waits]
fastest = "threads@32"
times = 20
with_2_slots = 1.5

[search]  # the others are skipped
with_32_slots = 2
"""


def sheets(*names: str) -> list[Sheet]:
    """The questions about these workloads."""
    return [make_sheet(build(name, 4), "threads") for name in names or ("waits", "search")]


def question(key: str) -> Question:
    """A question about waits."""
    return next(question for question in sheets("waits")[0].questions if question.key == key)


def name(text: str) -> ContenderName:
    """A contender's name."""
    return ContenderName.parse(text)


@pytest.mark.parametrize("pool", POOLS)
def test_the_contenders_can_answer_the_questions(pool: str) -> None:
    names = [str(spec.name) for spec in choose_contenders(build("waits", 4), pool)]  # type: ignore[arg-type]

    assert names == [
        *("serial", "threads@32", "asyncio@32", f"processes@{cores()}"),
        *(f"celery:{pool}@2", f"celery:{pool}@32"),
    ]


def test_each_contender_is_explained() -> None:
    assert [explain(spec) for spec in choose_contenders(build("waits", 4), "prefork")] == [
        "one job after the other",
        "32 threads of one process",
        "32 coroutines of one process",
        "1 process" if cores() == 1 else f"{cores()} processes",
        "a Celery worker with 2 processes; each job is a message",
        "a Celery worker with 32 processes; each job is a message",
    ]


@pytest.mark.parametrize(
    ("key", "answer", "value"),
    [
        ("fastest", "threads@32", name("threads@32")),
        ("fastest", " 2 ", name("threads@32")),
        ("fastest", 2, name("threads@32")),  # a number as TOML writes it
        ("fastest", "asyncio", name("asyncio@32")),
        ("fastest", "threads", name("threads@32")),
        ("fastest", "celery:threads@2", name("celery:threads@2")),
        ("times", "10", 10.0),
        ("times", "10x", 10.0),
        ("times", "2.5 times", 2.5),
        ("times", 1, 1.0),
        ("with_2_slots", ".5", 0.5),
        ("with_32_slots", 0.25, 0.25),
    ],
)
def test_an_answer_is_read(key: str, answer: object, value: object) -> None:
    assert read_answer(question(key), answer) == value


CHOICES = f"serial, threads@32, asyncio@32, processes@{cores()}, celery:threads@2 and celery:threads@32"


@pytest.mark.parametrize(
    ("key", "answer", "why"),
    [
        ("fastest", "gevent", f"'gevent' is not one of {CHOICES}"),
        ("fastest", "celery:threads", f"'celery:threads' is not one of {CHOICES}"),
        ("fastest", "7", f"'7' is not one of {CHOICES}"),
        ("fastest", 7, f"7 is not one of {CHOICES}"),
        ("fastest", -1, f"-1 is not one of {CHOICES}"),
        ("fastest", 2.0, f"2.0 is not one of {CHOICES}"),
        ("fastest", True, f"True is not one of {CHOICES}"),
        ("times", "many", "'many' is no number from 1 to 100,000 (serial is one of them)"),
        ("times", "0.5", "'0.5' is no number from 1 to 100,000 (serial is one of them)"),
        ("with_2_slots", "0", "'0' is no number from 0.001 to 100,000"),
        ("with_2_slots", "-1", "'-1' is no number from 0.001 to 100,000"),
        ("with_2_slots", "nan", "'nan' is no number from 0.001 to 100,000"),
        ("with_2_slots", "1e5", "'1e5' is no number from 0.001 to 100,000"),
        ("with_2_slots", float("nan"), "nan is no number from 0.001 to 100,000"),
        ("with_2_slots", float("inf"), "inf is no number from 0.001 to 100,000"),
        ("with_2_slots", 10**400, f"1{'0' * 58}… is no number from 0.001 to 100,000"),
        ("with_2_slots", True, "True is no number from 0.001 to 100,000"),
        ("with_2_slots", None, "None is no number from 0.001 to 100,000"),
        ("with_2_slots", [2], "[2] is no number from 0.001 to 100,000"),
        ("with_2_slots", "9" * 99, f"'{'9' * 58}… is no number from 0.001 to 100,000"),
    ],
)
def test_what_is_no_answer_is_told_with_what_may_be(key: str, answer: object, why: str) -> None:
    with pytest.raises(AnswerError) as caught:
        read_answer(question(key), answer)
    assert str(caught.value) == why


def test_what_is_skipped_is_not_in_the_prediction() -> None:
    [sheet] = sheets("waits")
    assert make_prediction(sheet, {}) == Prediction("waits")
    assert make_prediction(sheet, {}).empty
    assert make_prediction(sheet, {"times": 3.0, "with_2_slots": 2.0}) == Prediction(
        "waits", None, 3.0, [ExpectedSpeed(name("celery:threads@2"), 2.0)]
    )


def answered(tmp_path: Path, text: str | bytes, *names: str) -> list[Prediction]:
    """What is read of a file of answers."""
    path = tmp_path / "a.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_answers(path, sheets(*names))


def test_a_file_of_answers_is_read(tmp_path: Path) -> None:
    assert answered(tmp_path, GOOD) == [
        Prediction("waits", name("threads@32"), 20.0, [ExpectedSpeed(name("celery:threads@2"), 1.5)]),
        Prediction("search", None, None, [ExpectedSpeed(name("celery:threads@32"), 2.0)]),
    ]
    # As editors on Windows write it.
    assert answered(tmp_path, "\ufeff" + GOOD.replace("\n", "\r\n")) == answered(tmp_path, GOOD)


def test_a_file_may_answer_less_than_is_asked(tmp_path: Path) -> None:
    assert answered(tmp_path, "", "waits") == [Prediction("waits")]
    assert answered(tmp_path, "[waits]\n", "waits", "search") == [Prediction("waits"), Prediction("search")]


TABLE = "waits is a table: write [waits], and the answers below it"
KEYS = "fastest, times, with_2_slots, with_32_slots"
RANGE = "is no number from 1 to 100,000 (serial is one of them)"


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("[wait]\ntimes = 2\n", 1, "no workload 'wait' is asked about; there are: waits, search"),
        ("\nwaits = 3\n", 2, TABLE),
        ("[[waits]]\n", 1, TABLE),
        (f"[waits]\ntimes = 0x{'f' * 5000}\n", 2, f"times: what is so long {RANGE}"),
        ("[waits]\nname = 'Bob'\n", 2, f"name: nothing called 'name' is asked; there are: {KEYS}"),
        ("[search]\ntimes = 2\n[waits]\n# times\ntimes = 0\n", 5, f"times: 0 {RANGE}"),
        ("[waits]\n\n'with_2_slots' = 'x'\n", 3, "with_2_slots: 'x' is no number from 0.001 to 100,000"),
        ("[waits]\n[waits.times]\n", 2, f"times: {{}} {RANGE}"),
        ("\nwaits.times = -3", 2, f"times: -3 {RANGE}"),
        ("\nwaits = {times = 0}", 2, f"times: 0 {RANGE}"),
        ("[waits]\nfastest = 9\n", 2, f"fastest: 9 is not one of {CHOICES}"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_its_line(tmp_path: Path, text: str, line: int, why: str) -> None:
    with pytest.raises(AnswerError) as caught:
        answered(tmp_path, text)
    assert str(caught.value) == f"{tmp_path}/a.toml:{line} (answers): {why}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[waits]\ntimes = \n", "is no TOML (answers): Invalid value (at line 2, column 9)"),
        ("[waits]\nx = 2\nx = 3\n", "is no TOML (answers): Cannot overwrite a value (at line 3, column 6)"),
        (b"[waits]\nfastest = '\xff'\n", "cannot be read (answers): it is no text in UTF-8"),
        (b"#" * (MOST_BYTES + 1), "cannot be read (answers): it is larger than 64 KiB"),
    ],
)  # fmt: skip
def test_what_is_no_file_of_answers_is_refused(tmp_path: Path, text: str | bytes, why: str) -> None:
    with pytest.raises(AnswerError) as caught:
        answered(tmp_path, text)
    assert str(caught.value) == f"{tmp_path}/a.toml {why}"


@pytest.mark.parametrize("text", ["x = " + "[" * 60_000, "x = " + "{a=" * 20_000, "9" * 60_000])
def test_a_hostile_file_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(AnswerError) as caught:
        answered(tmp_path, text)
    assert len(str(caught.value)) < len(str(tmp_path)) + 200
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(AnswerError, match=r"none.toml cannot be read \(answers\): No such file or directory"):
        read_answers(tmp_path / "none.toml", sheets())


def test_a_number_of_more_digits_than_python_reads_is_no_toml(tmp_path: Path) -> None:
    with pytest.raises(AnswerError, match=r"a\.toml is no TOML \(answers\): Exceeds the limit"):
        answered(tmp_path, f"[waits]\ntimes = {'9' * 5000}\n")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    for predictions in (answered(tmp_path, GOOD), answered(tmp_path, "")):
        assert answered(tmp_path, write_answers(sheets(), predictions)) == predictions


def test_the_template_skips_everything_and_is_filled_in_line_by_line(tmp_path: Path) -> None:
    template = write_template(sheets())
    assert answered(tmp_path, template) == [Prediction("waits"), Prediction("search")]

    keys = ("fastest", "times", "with_2_slots", "with_32_slots")
    filled = "\n".join(
        line.removeprefix("# ") if line.removeprefix("# ").startswith(keys) else line
        for line in template.splitlines()
    )
    speeds = [ExpectedSpeed(name(f"celery:threads@{slots}"), 1.0) for slots in (2, 32)]
    assert answered(tmp_path, filled) == [
        Prediction(workload, name("celery:threads@32"), 1.0, speeds) for workload in ("waits", "search")
    ]


def test_a_page_is_offered_every_workload_whose_data_are_there(tmp_path: Path) -> None:
    offered = list(offer_lessons(PROJECT_DATA))
    assert [each["workload"] for each in offered] == list(WORKLOADS)
    questions = {each["key"]: each for each in offered[1]["questions"]}
    assert questions["fastest"]["choices"][1] == {"name": "threads@32", "is": "32 threads of one process"}
    assert (questions["times"]["least"], questions["with_2_slots"]["choices"]) == (1.0, [])

    without = [each["workload"] for each in offer_lessons(tmp_path)]
    assert "waits" in without
    assert "files" not in without
