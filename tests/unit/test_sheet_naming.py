"""Whatever a student may reasonably write is read as the contender that is meant, or as neither."""

from __future__ import annotations

import pytest

from tests.asked import MADE, asked
from tests.made import a_result

#: Nobody can tell the two apart.
EQUAL = a_result({"serial": [1.0, 1.1, 1.0, 0.9, 1.0], "processes@2": [1.0, 0.9, 1.1, 1.0, 1.0]})


@pytest.mark.parametrize(
    "answer",
    [
        "threads",
        "threads@8",
        "Threads.",
        "the threads",
        "threads is faster",
        "threads were faster than serial",
        "threads were twice as fast as serial",
        "threads, 2.01 times as fast as serial",
        "threads@8, 500 ms",
        "(threads)",
        "`threads`",
        "threads (serial is slow)",
        "threads, because serial does one after the other",
        "threads\nserial does one after the other",
        "threads, none of the others comes close",
        "the winner: threads",
    ],
)
def test_a_name_counts_anywhere_where_only_one_is_meant(answer: str) -> None:
    text = answer.replace("\n", "\n    ")
    assert asked("faster waits threads serial", text).status == "supported", answer
    assert asked("faster waits serial threads@8", text).status == "supported", answer
    assert asked("fastest waits", text).status == "supported", answer


@pytest.mark.parametrize(
    "answer", ["celery:gevent", "celery:gevent@8", "gevent", "the Celery gevent pool", "gevent@8"]
)
def test_a_pool_is_named_with_or_without_celery(answer: str) -> None:
    assert asked("fastest waits", answer).status == "supported"
    assert asked("faster waits celery:gevent serial", answer).status == "supported"


@pytest.mark.parametrize(
    "answer",
    [
        "serial, threads",
        "threads or serial",
        "serial was slower than threads",
        "threads@8 / serial",
        "not serial",
    ],
)
def test_two_names_or_one_that_is_turned_round_are_unreadable(answer: str) -> None:
    verdict = asked("faster waits threads serial", answer)
    assert (verdict.status, verdict.text) == (
        "unreadable",
        "more than one contender may be meant: name one, or neither",
    )


@pytest.mark.parametrize(
    "answer",
    [
        *("neither", "Neither.", "none", "no difference", "no real difference", "equal", "both", "same"),
        *("neither, both the same", "they are alike", "serial and processes are the same", "not shown"),
        *("≈", "serial ≈ processes", "identical", "a tie", "no one", "I cannot tell"),
        "neither serial nor processes",
    ],
)
def test_neither_is_right_where_no_difference_is_shown(answer: str) -> None:
    assert asked("faster waits serial processes", answer, EQUAL).status == "supported"
    assert asked("fastest waits processes", answer, EQUAL).status == "supported"
    assert (
        asked("faster waits threads serial", answer.replace("processes", "threads")).status == "not supported"
    )


def test_nobody_is_the_fastest_only_where_another_is_not_shown_to_be_slower() -> None:
    assert (
        asked("fastest waits", "neither").text
        == "no difference is shown between threads@8 and celery:gevent@8"
    )
    clear = a_result({"serial": [1.0] * 5, "threads@8": [0.5] * 5})
    verdict = asked("fastest waits", "neither", clear)
    assert verdict.status == "not supported"
    assert verdict.text == "threads@8 had the shortest median, and every other is shown to be slower"


def test_a_name_that_is_nearly_one_is_asked_about() -> None:
    verdict = asked("fastest waits", "celery:gevnt")
    assert verdict.status == "not supported"
    assert verdict.text.startswith(
        "no contender there is called so: did you mean celery:gevent@8? there were"
    )
    assert "did you mean threads@8?" in asked("fastest waits", "a thread").text


def test_an_answer_that_one_result_cannot_read_may_be_read_with_another() -> None:
    other = a_result({"serial": [1.0] * 5, "threads@2": [0.5] * 5})
    results = {"a.json": other, "b.json": MADE}
    assert asked("faster waits threads serial", "threads@8", results).status == "supported"


def test_the_fastest_of_too_few_rounds_is_nobody() -> None:
    made = a_result({"serial": [1.0], "threads@8": [0.5]})
    for answer in ("threads", "serial", "neither", "tortoise"):
        verdict = asked("fastest waits", answer, made)
        assert verdict.status == "cannot tell"
        assert verdict.text == "threads@8 has 1 valid round, and nothing is claimed from fewer than 5"
