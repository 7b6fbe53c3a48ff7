"""What was predicted is held against what was measured, with the numbers and kindly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from producer.contender_name import ContenderName
from producer.results import ExpectedSpeed, Prediction, Result
from producer.show.export import export
from producer.show.report.labelled import label
from producer.show.report.page import write_page
from producer.show.svg.factors import factor_axis
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
    ("expected", "more"),
    [(30, "a factor of 3.00 lower than you said"), (1, "a factor of 10.0 higher"), (10, "times.")],
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


def test_a_verdict_by_the_interval_does_not_contradict_the_mean_beside_it() -> None:
    result = a_result({"serial": SERIAL, "threads@32": [0.1, 0.09, 0.11, 0.095, 0.105]})
    answer = only(predicted(result, times=20.6))
    assert answer.verdict == "close"
    assert answer.text.endswith(": a factor of 2.05, or less, as its interval says, lower than you said.")


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


def test_other_programs_get_it_too() -> None:
    result = predicted(a_result({"serial": SERIAL, "threads@32": STEADY}), times=30)
    [answer] = json.loads(export(result, "json"))["waits"]["predictions"]

    assert (answer["asked"], answer["verdict"]) == ("the fastest against serial", "surprise")
    assert answer["ratio"]["value"] == pytest.approx(10, rel=0.01)
    assert "- predicted: the fastest against serial: a surprise. You said" in export(result, "markdown")
    assert "predict" not in export(a_result({"serial": SERIAL}), "json")


def test_without_predictions_nothing_is_said_of_any() -> None:
    console = Console(file=StringIO(), width=120)
    print_result(console, a_result({"serial": SERIAL}))
    assert isinstance(console.file, StringIO)
    assert "predicted" not in console.file.getvalue()


def on_page(*results: Result) -> str:
    """The page of these results."""
    return write_page([label(f"r{place}", result) for place, result in enumerate(results)])


def test_the_page_has_a_section_of_it_near_the_top() -> None:
    page = on_page(predicted(a_result({"serial": SERIAL, "threads@32": STEADY}), times=30))
    nav, _, main = page.partition("<main")
    before, heading, after = main.partition("<h2>What you predicted</h2>")

    assert '<a href="#predictions">predictions</a><a href="#waits">' in nav
    assert heading
    assert '<section id="waits">' not in before
    section = after.partition("</section>")[0]
    assert "<b>the fastest against serial: a surprise.</b> You said 30.0 times" in section
    assert section.count("<svg") == 2  # for screens and for phones
    assert "celery:" not in section  # no contender is spoken of that nobody predicted


def test_of_several_results_each_has_its_own_predictions() -> None:
    made = a_result({"serial": SERIAL, "threads@32": STEADY})
    page = on_page(predicted(made, times=10), made, predicted(made, fastest=name("serial")))
    section = page.partition('<section id="predictions">')[2].partition("</section>")[0]

    assert section.count('<div class="column">') == 2
    assert "<h3>r0" in section
    assert "<h3>r2" in section


def test_who_wins_alone_is_told_without_a_drawing() -> None:
    page = on_page(predicted(a_result({"serial": SERIAL, "threads@32": STEADY}), fastest=name("threads@32")))
    section = page.partition('<section id="predictions">')[2].partition("</section>")[0]

    assert "<svg" not in section
    assert "<b>the fastest: right.</b>" in section


def test_a_page_without_predictions_says_nothing_of_them() -> None:
    assert "predict" not in on_page(a_result({"serial": SERIAL})).partition("<script>")[0]


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ([1], (0.5, 2)),
        ([1, 22.3], (1, 50)),
        ([0.34, 1], (0.2, 1)),
        ([0.001, 1e6], (0.001, 1e6)),
        ([9.99, 10.01], (5, 20)),
    ],
)
def test_an_axis_of_factors_has_round_ends(values: list[float], ends: tuple[float, float]) -> None:
    axis = factor_axis(values)
    assert (axis.low, axis.high) == pytest.approx(ends)
    assert len(axis.ticks()) >= 2
