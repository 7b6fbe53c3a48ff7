"""What was predicted is held against what was measured, with the numbers and kindly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from producer.contender_name import ContenderName
from producer.results import ExpectedSpeed, Prediction, Result
from producer.show.terminal.tables import print_result
from producer.stats.predictions import Answer, confront, sum_up
from tests.made import a_result, left_out

#: Ten times as fast as serial, give or take 3 %.
STEADY = [0.1, 0.101, 0.099, 0.102, 0.098]
SERIAL = [1.0] * 5


def name(text: str) -> ContenderName:
    """A contender's name."""
    return ContenderName.parse(text)


def predicted(result: Result, **answers: object) -> Result:
    """The same result, before which somebody predicted this of `waits`."""
    return replace(result, predictions=[Prediction("waits", **answers)])  # type: ignore[arg-type]


def only(result: Result) -> Answer:
    """The only answer to the only question."""
    [confronted] = confront(result)
    [answer] = confronted.answers
    return answer


@pytest.mark.parametrize(
    ("expected", "verdict"),
    [
        (10, "right"),
        (12, "right"),
        (8.2, "right"),
        (14, "close"),
        (6, "close"),
        (30, "surprise"),
        (1, "surprise"),
    ],
)
def test_a_factor_is_right_close_or_a_surprise(expected: float, verdict: str) -> None:
    answer = only(predicted(a_result({"serial": SERIAL, "threads@32": STEADY}), times=expected))

    assert (answer.asked, answer.verdict) == ("the fastest against serial", verdict)
    assert answer.ratio
    assert answer.ratio.value == pytest.approx(10, rel=0.01)
    assert answer.measured.startswith("10.0 (9.8")


@pytest.mark.parametrize(
    ("expected", "more"), [(30, "3.00 times less"), (1, "10.0 times more"), (10, "times.")]
)
def test_the_numbers_stand_in_the_sentence(expected: float, more: str) -> None:
    answer = only(predicted(a_result({"serial": SERIAL, "threads@32": STEADY}), times=expected))

    assert answer.text.startswith(f"You said {'10.0' if expected == 10 else f'{expected:.3g}'}")
    assert more in answer.text


def test_an_interval_that_holds_right_and_wrong_tells_nothing() -> None:
    scattered = [0.3, 0.03, 0.2, 0.05, 0.1]
    answer = only(predicted(a_result({"serial": SERIAL, "threads@32": scattered}), times=10))

    assert answer.verdict == "open"
    assert "differ too much" in answer.text


def test_few_runs_claim_nothing_but_show_the_number() -> None:
    answer = only(predicted(a_result({"serial": [1.0], "threads@32": [0.1]}), times=10))

    assert (answer.verdict, answer.measured) == ("open", "10.0 times")
    assert answer.text.endswith("it was 10.0 times, from 1 run. Nothing is claimed from fewer than 5.")


@pytest.mark.parametrize(
    ("others", "verdict", "says"),
    [
        ({"threads@32": STEADY}, "right", "every other is shown to be slower"),
        (
            {"threads@32": STEADY, "asyncio@32": STEADY[::-1]},
            "open",
            "asyncio@32 has the shortest median, but no difference is shown",
        ),
        (
            {"threads@32": STEADY, "asyncio@32": [0.1005, 0.099, 0.102, 0.1, 0.103]},
            "open",
            "it has the shortest median; but between it and asyncio@32 no difference is shown",
        ),
        ({"threads@32": STEADY, "asyncio@32": [x / 1.1 for x in STEADY]}, "close", "it was asyncio@32"),
        ({"threads@32": STEADY, "asyncio@32": [x / 3 for x in STEADY]}, "surprise", "took 3.00"),
        ({"threads@32": STEADY[:2]}, "open", "from 2 runs"),
    ],
)
def test_who_was_the_fastest(others: dict[str, Sequence[float]], verdict: str, says: str) -> None:
    answer = only(predicted(a_result({"serial": SERIAL, **others}), fastest=name("threads@32")))

    assert (answer.asked, answer.verdict) == ("the fastest", verdict)
    assert answer.text.startswith("You said threads@32")
    assert says in answer.text


def test_each_contender_is_held_against_serial() -> None:
    result = a_result({"serial": SERIAL, "celery:threads@2": [0.5] * 5, "celery:threads@32": STEADY})
    speeds = [ExpectedSpeed(name("celery:threads@2"), 2), ExpectedSpeed(name("celery:threads@32"), 32)]
    [confronted] = confront(predicted(result, speeds=speeds))

    assert [(answer.asked, answer.verdict) for answer in confronted.answers] == [
        ("celery:threads@2 against serial", "right"),
        ("celery:threads@32 against serial", "surprise"),
    ]


@pytest.mark.parametrize(
    ("expected", "why"),
    [
        ("celery:gevent@2", "celery:gevent@2 could not take part"),
        ("threads@99", "threads@99 was not measured"),
    ],
)
def test_who_was_not_measured_cannot_be_judged(expected: str, why: str) -> None:
    result = a_result({"serial": SERIAL, "threads@32": STEADY})
    result.workloads[0].contenders.append(left_out("celery:gevent@2", "no gevent"))
    fastest = only(predicted(result, fastest=name(expected)))
    speed = only(predicted(result, speeds=[ExpectedSpeed(name(expected), 3)]))

    assert [fastest.verdict, speed.verdict] == ["open", "open"]
    assert fastest.text.endswith(f"It cannot be told: {why}.")
    assert speed.text == f"You said 3.00 times as fast as serial. It cannot be told: {why}."


def test_without_serial_there_is_no_factor() -> None:
    answer = only(predicted(a_result({"threads@32": STEADY}), times=10))

    assert answer.verdict == "open"
    assert "serial was not measured" in answer.text


def test_what_was_skipped_and_what_was_never_begun_is_not_spoken_of() -> None:
    result = predicted(a_result({"serial": SERIAL}))
    assert confront(result) == []
    assert confront(replace(result, complete=False, predictions=[Prediction("files", times=3)])) == []


@pytest.mark.parametrize(
    ("times", "says"),
    [
        (10, "1 answer: 1 right. You know this machine well."),
        (15, "1 answer: 1 close. Well guessed."),
        (
            99,
            "1 answer: 1 surprise. A surprise is worth the most: find out why, and you know something new.",
        ),
    ],
)
def test_it_is_summed_up_kindly(times: float, says: str) -> None:
    result = predicted(a_result({"serial": SERIAL, "threads@32": STEADY}), times=times)
    assert sum_up(confront(result)) == says


def test_the_terminal_tells_it_after_the_table() -> None:
    result = predicted(a_result({"serial": SERIAL, "threads@32": STEADY}), times=30)
    console = Console(file=StringIO(), width=120, highlight=False)
    print_result(console, result)
    assert isinstance(console.file, StringIO)
    table, heading, told = console.file.getvalue().partition("What you predicted\n")
    assert heading
    assert "makespan" in table
    assert "the fastest against serial: a surprise. You said 30.0 times as fast as serial; it was" in told


def test_without_predictions_nothing_is_said_of_any() -> None:
    console = Console(file=StringIO(), width=120)
    print_result(console, a_result({"serial": SERIAL}))
    assert isinstance(console.file, StringIO)
    assert "predicted" not in console.file.getvalue()
