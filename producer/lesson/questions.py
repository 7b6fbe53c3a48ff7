"""What a lesson asks about a workload, and how an answer is read, whoever has typed it where."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from producer.contender_name import ContenderName
from producer.contenders.spec import Spec
from producer.lesson.contenders import FEW, MANY, SlotsPool, choose_contenders, name_pool
from producer.results import ExpectedSpeed, Prediction
from producer.words import listed
from producer.workloads import Workload
from worker.errors import AnswerError

#: The largest and the smallest factor that can be answered: nothing here is faster or slower.
LEAST, MOST = 0.001, 100_000.0
#: What is answered: who, or a factor.
Value: TypeAlias = ContenderName | float


@dataclass(frozen=True, slots=True)
class Question:
    """One question about a workload."""

    #: What it is called in a file of answers, and in a request of the live page.
    key: str
    text: str
    #: Who can be answered; nobody where a factor is asked for.
    choices: Sequence[ContenderName] = ()
    #: The contender that a factor is asked of; None for whoever is the fastest.
    contender: ContenderName | None = None
    #: The least factor that makes sense.
    least: float = LEAST


@dataclass(frozen=True, slots=True)
class Sheet:
    """The questions about one workload."""

    workload: Workload
    contenders: Sequence[Spec]
    questions: Sequence[Question]


def make_sheet(workload: Workload, pool: SlotsPool) -> Sheet:
    """Make the questions about a workload."""
    contenders = choose_contenders(workload, pool)
    fastest = Question("fastest", "Who will be the fastest?", [spec.name for spec in contenders])
    # Serial takes part: nobody who is slower than that is the fastest.
    times = Question("times", "How many times as fast as serial will the fastest be?", least=1.0)
    return Sheet(
        workload, contenders, [fastest, times, *(_ask_for_slots(pool, slots) for slots in (FEW, MANY))]
    )


def _ask_for_slots(pool: SlotsPool, slots: int) -> Question:
    name = name_pool(pool, slots)
    text = f"And {name}: how many times as fast as serial? 0.5 is half as fast"
    return Question(f"with_{slots}_slots", text, contender=ContenderName.parse(name))


def read_answer(question: Question, answer: object) -> Value:
    """Read an answer: a contender by its name, way or number in the list, or a factor ("10", "10x", 0.5).

    Raises:
        AnswerError: it is none; the text says in half a line what it may be.
    """
    return _read_name(question, answer) if question.choices else _read_factor(question, answer)


def _read_name(question: Question, answer: object) -> ContenderName:
    text = answer.strip() if isinstance(answer, str) else ""
    number = answer if isinstance(answer, int) and not isinstance(answer, bool) else 0
    if re.fullmatch(r"[1-9][0-9]?", text):
        number = int(text)
    if 1 <= number <= len(question.choices):
        return question.choices[number - 1]
    meant = [name for name in question.choices if text in (str(name), name.way)]
    if len(meant) == 1:  # "threads" will do where only one of them is called so
        return meant[0]
    raise AnswerError(f"{_quote(answer)} is not one of {listed([str(name) for name in question.choices])}")


def _read_factor(question: Question, answer: object) -> float:
    factor = math.nan
    if isinstance(answer, str):
        match = re.fullmatch(r"\s*([0-9]{1,7}([.][0-9]{1,7})?|[.][0-9]{1,7})\s*(x|times)?\s*", answer)
        factor = float(match[1]) if match else math.nan
    elif isinstance(answer, int | float) and not isinstance(answer, bool):
        # No number of so many digits is one that floats can hold.
        factor = float(answer) if abs(answer) <= MOST else math.nan
    if not question.least <= factor <= MOST:  # what is no number is in no range
        why = " (serial is one of them)" if question.least == 1 else ""
        raise AnswerError(f"{_quote(answer)} is no number from {question.least:g} to {MOST:,.0f}{why}")
    return factor


def _quote(answer: object) -> str:
    try:
        text = repr(answer)
    except ValueError:  # Python does not write so many digits
        text = "what is so long"
    return text if len(text) <= 60 else f"{text[:59]}…"


def read_prediction(
    sheet: Sheet, table: Mapping[str, object], where: Callable[[str], str] = str
) -> Prediction:
    """Read the answers to a sheet, by the keys of its questions.

    Raises:
        AnswerError: one is none, or answers what is not asked; the text begins with `where` of its key.
    """
    questions = {question.key: question for question in sheet.questions}
    answers: dict[str, Value] = {}
    for key, answer in table.items():
        if key not in questions:
            asked = ", ".join(questions)
            raise AnswerError(f"{where(key)}: nothing called {_quote(key)} is asked; there are: {asked}")
        try:
            answers[key] = read_answer(questions[key], answer)
        except AnswerError as error:
            raise AnswerError(f"{where(key)}: {error}") from None
    return make_prediction(sheet, answers)


def make_prediction(sheet: Sheet, answers: Mapping[str, Value]) -> Prediction:
    """Make a prediction of the answers, by the keys of their questions; what was skipped is not there."""
    fastest, times = answers.get("fastest"), answers.get("times")
    return Prediction(
        workload=sheet.workload.name,
        fastest=fastest if isinstance(fastest, ContenderName) else None,
        times=times if isinstance(times, float) else None,
        speeds=[
            ExpectedSpeed(question.contender, factor)
            for question in sheet.questions
            if question.contender and isinstance(factor := answers.get(question.key), float)
        ],
    )
