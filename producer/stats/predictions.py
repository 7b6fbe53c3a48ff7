"""Holds what somebody predicted against what was measured: right, close, a surprise, or not to be told.

A prediction gets the benefit of the doubt: it is judged by the end of the interval that is nearest to it.
Only where the interval is so wide that it holds both what would be right and what would be a surprise,
nothing is told. Nothing is told from fewer runs than anything else is claimed from, either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from producer.contender_name import ContenderName
from producer.results import Prediction, Result, WorkloadResult
from producer.stats.ratios import RUNS_TO_CLAIM, Ratio
from producer.stats.summary import Summary, asked_for, baseline, summaries
from producer.words import counted, digits, listed, times

Verdict: TypeAlias = Literal["right", "close", "surprise", "open"]
#: What each verdict is called where people read it.
VERDICTS: Mapping[Verdict, str] = {
    "right": "right",
    "close": "close",
    "surprise": "a surprise",
    "open": "cannot tell",
}
#: A prediction within this factor of what was measured is right, and within that one close.
RIGHT, CLOSE = 1.25, 2.0
#: What the question is called who wins.
FASTEST = "the fastest"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, and what became of it."""

    #: What was asked: "the fastest", "the fastest against serial", "celery:threads@2 against serial".
    asked: str
    #: What was said and what was measured, as people read it.
    expected: str
    measured: str
    verdict: Verdict
    #: A sentence or two with the numbers.
    text: str
    #: Where it is a factor: what was said, and what was measured; None where it was not measured.
    times: float | None = None
    ratio: Ratio | None = None


@dataclass(frozen=True, slots=True)
class Confronted:
    """The answers on one workload, in the order of the questions."""

    workload: str
    answers: Sequence[Answer]


def confront(result: Result) -> list[Confronted]:
    """Hold every prediction of a result against its runs; a workload that was never begun is left out."""
    confronted = (Confronted(workload.name, answers_on(result, workload)) for workload in result.workloads)
    return [each for each in confronted if each.answers]


def answers_on(result: Result, workload: WorkloadResult) -> list[Answer]:
    """Judge what was answered about one workload; nothing where nobody was asked."""
    prediction = next((each for each in result.predictions if each.workload == workload.name), None)
    return judge(prediction, workload, summaries(result, workload)) if prediction else []


def judge(prediction: Prediction, workload: WorkloadResult, rows: Sequence[Summary]) -> list[Answer]:
    """Judge the answers on a workload by its rows, the shortest median first."""
    return list(_answers(prediction, workload, rows))


def _answers(prediction: Prediction, workload: WorkloadResult, rows: Sequence[Summary]) -> Iterator[Answer]:
    serial = baseline(asked_for(workload, (row.contender for row in rows)))
    by_name = {row.contender: row for row in rows}
    if prediction.fastest is not None:
        yield _on_fastest(prediction.fastest, workload, rows)
    if prediction.times is not None:
        best = rows[0] if rows and rows[0].makespan_s is not None else None
        why = "no run was valid"
        yield _on_factor(FASTEST, prediction.times, best, serial, why)
    for speed in prediction.speeds:
        why = _why_not_there(speed.contender, workload, by_name)
        row = by_name.get(speed.contender)
        yield _on_factor(str(speed.contender), speed.times, row, serial, why)


def _on_fastest(expected: ContenderName, workload: WorkloadResult, rows: Sequence[Summary]) -> Answer:
    by_name = {row.contender: row for row in rows}
    own, best = by_name.get(expected), rows[0] if rows else None
    name = str(expected)
    if best is None or best.makespan_s is None or own is None or own.makespan_s is None:
        why = _why_not_there(expected, workload, by_name)
        return Answer(FASTEST, name, "–", "open", f"You said {name}. It cannot be told: {why}.")
    measured = str(best.contender)
    if best.valid_runs < RUNS_TO_CLAIM or own.valid_runs < RUNS_TO_CLAIM:
        few = counted(min(best.valid_runs, own.valid_runs), "run")
        text = (
            f"You said {name}; {measured} has the shortest median. That is from {few}: who wins is claimed "
            f"from {RUNS_TO_CLAIM} on."
        )
        return Answer(FASTEST, name, measured, "open", text)
    if own is best:
        alike = _alike(rows)
        if not alike:
            text = f"You said {name}, and every other is shown to be slower."
            return Answer(FASTEST, name, measured, "right", text)
        text = (
            f"You said {name}, and it has the shortest median; but between it and {listed(alike)} no "
            "difference is shown."
        )
        return Answer(FASTEST, name, measured, "open", text)
    return _on_second(own, best)


def _on_second(own: Summary, best: Summary) -> Answer:
    """Judge the answer that somebody is the fastest whose median is not the shortest."""
    name, measured, ratio = str(own.contender), str(best.contender), own.to_winner
    if ratio is None or not ratio.shown or ratio.value <= 1:
        text = f"You said {name}; {measured} has the shortest median, but no difference is shown."
        return Answer(FASTEST, name, measured, "open", text)
    close = ratio.low is not None and ratio.low <= RIGHT
    text = f"You said {name}; it was {measured}. {name} took {_times(ratio)} its time."
    return Answer(FASTEST, name, measured, "close" if close else "surprise", text)


def _alike(rows: Sequence[Summary]) -> list[str]:
    """List who is not shown to be slower than the first."""
    return [str(row.contender) for row in rows[1:] if row.to_winner and not row.to_winner.shown]


def _why_not_there(
    name: ContenderName, workload: WorkloadResult, rows: Mapping[ContenderName, Summary]
) -> str:
    if name in workload.left_out:
        return f"{name} could not take part"
    return f"{name} has no valid run" if name in rows else f"{name} was not measured"


def _on_factor(
    who: str, expected: float, row: Summary | None, serial: ContenderName | None, why_not: str
) -> Answer:
    asked, said = f"{who} against serial", f"You said {_as_fast(expected)}"
    if row is None or row.makespan_s is None:
        text = f"{said}. It cannot be told: {why_not}."
        return Answer(asked, times(expected), "–", "open", text, expected)
    if row.speed_up is None:
        why = "serial was not measured" if serial is None else "serial has no valid run beside it"
        return Answer(asked, times(expected), "–", "open", f"{said}. It cannot be told: {why}.", expected)
    ratio = row.speed_up
    verdict = _judge_factor(expected, ratio)
    measured = f"{said}; it was {_times(ratio)}"
    if not ratio.claims:
        runs = counted(ratio.runs, "run")
        text = f"{measured}, from {runs}. Nothing is claimed from fewer than {RUNS_TO_CLAIM}."
    elif verdict == "open":
        text = f"{measured}. The rounds differ too much to tell."
    else:
        text = f"{measured}{_by_how_much(expected, ratio, verdict)}"
    return Answer(asked, times(expected), _times(ratio), verdict, text, expected, ratio)


def _judge_factor(expected: float, ratio: Ratio) -> Verdict:
    if ratio.low is None or ratio.high is None:
        return "open"
    nearest = min(max(expected, ratio.low), ratio.high)
    farthest = max(ratio.low, ratio.high, key=lambda end: _apart(expected, end))
    kindest, harshest = (_call(_apart(expected, end)) for end in (nearest, farthest))
    return "open" if kindest == "right" and harshest == "surprise" else kindest


def _apart(one: float, other: float) -> float:
    """By what factor two numbers differ, whichever is the larger."""
    return max(one / other, other / one)


def _call(apart: float) -> Verdict:
    return "right" if apart <= RIGHT else "close" if apart <= CLOSE else "surprise"


def _by_how_much(expected: float, ratio: Ratio, verdict: Verdict) -> str:
    if verdict == "right":
        return "."
    where = "higher" if ratio.value > expected else "lower"
    apart = _apart(expected, ratio.value)
    doubt = "" if _call(apart) == verdict else ", or less, as its interval says,"
    return f": a factor of {digits(apart)}{doubt} {where} than you said."


def _as_fast(factor: float) -> str:
    return f"{times(factor)} as fast as serial"


def _times(ratio: Ratio) -> str:
    """Write a factor with its interval: "22.3 (21.9–22.8) times"."""
    if ratio.low is None or ratio.high is None or ratio.low == ratio.high:
        return times(ratio.value)
    return f"{digits(ratio.value)} ({digits(ratio.low)}–{digits(ratio.high)}) times"


def sum_up(confronted: Sequence[Confronted]) -> str:
    """Say in a sentence or two, and kindly, how it went."""
    verdicts = [answer.verdict for each in confronted for answer in each.answers]
    right, close, surprise, unknown = (verdicts.count(verdict) for verdict in VERDICTS)
    told = right + close + surprise
    parts = [
        f"{number} {what}"
        for number, what in (
            (right, "right"),
            (close, "close"),
            (surprise, "surprise" if surprise == 1 else "surprises"),
            (unknown, "that cannot be told"),
        )
        if number
    ]
    line = f"{counted(len(verdicts), 'answer')}: {listed(parts)}."
    if surprise:
        return f"{line} A surprise is worth the most: find out why, and you know something new."
    if told and right == told:
        return f"{line} You know this machine well."
    return f"{line} Well guessed." if told else f"{line} Measure with more rounds to tell."
