"""`simul lesson`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from producer.cli import lesson_options, options
from producer.cli.compare import (
    DEFAULT_WORKLOADS,
    QUICK_JOBS,
    carry_out,
    require_free,
    require_measured,
)
from producer.cli.console import stderr, tell
from producer.cli.report import write_page
from producer.printable import printable
from producer.workloads import DEFAULT_SEED, build
from worker import settings
from worker.errors import AnswerError

if TYPE_CHECKING:
    from producer.lesson.questions import Question, Sheet, Value
    from producer.results import Prediction


def lesson(
    workloads: lesson_options.Workloads = None,
    answers: lesson_options.Answers = None,
    template: lesson_options.Template = False,
    pool: lesson_options.SlotsOf = "threads",
    jobs: options.Jobs = None,
    rounds: options.Rounds = 5,
    seed: options.Seed = DEFAULT_SEED,
    broker: options.BrokerUrl = None,
    transport: options.Transport = settings.TRANSPORTS[0],
    data: options.Data = settings.PROJECT_DATA,
    out: options.Out = None,
    report: options.WithReport = None,
    quick: options.Quick = False,
    wide: options.Wide = False,
    quiet: options.Quiet = False,
) -> None:
    """Ask what you expect, measure it, and hold the two against each other.

    Who wins, by what factor, and what do 2 slots do, and 32? The answers are kept in the result, without a
    name, and its page shows them beside what was measured.
    """
    from producer.lesson.answers_file import read_answers, write_template
    from producer.lesson.questions import make_sheet
    from producer.measure.plan import Plan

    if quick:
        jobs, rounds = jobs or QUICK_JOBS, 1
    lists = [build(name, jobs, seed, 1, data) for name in dict.fromkeys(workloads or DEFAULT_WORKLOADS)]
    sheets = [make_sheet(workload, pool) for workload in lists]
    if template:
        for line in write_template(sheets).splitlines():
            tell(line)
        return
    require_free(out, report)  # found out now, and not after everything was answered
    plan = Plan(
        workloads=lists,
        contenders={sheet.workload.name: sheet.contenders for sheet in sheets},
        rounds=rounds,
        seed=seed,
        chunk=1,
        data_root=data.resolve(),
        out=out,
        broker_url=broker,
        transport=transport,
        predictions=_said(read_answers(answers, sheets) if answers else _ask(sheets)),
    )
    result, path = carry_out(plan, as_json=False, export=None, wide=wide, quiet=quiet)
    require_measured(result)
    if report:
        write_page([path], report, quiet)


def _said(predictions: Sequence[Prediction]) -> list[Prediction]:
    """Leave those out that say nothing."""
    return [prediction for prediction in predictions if not prediction.empty]


def _ask(sheets: Sequence[Sheet]) -> list[Prediction]:
    """Ask everything on the terminal; nothing has begun yet, and Ctrl-C ends it.

    Raises:
        AnswerError: there is no terminal, or it has been closed.
    """
    from producer.lesson.questions import make_prediction

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise AnswerError(
            "nobody can be asked, for this is no terminal (questions): write the answers into a file "
            "(simul lesson --template > answers.toml) and give it with --answers answers.toml"
        )
    _print("First say what you expect. Enter skips a question; a guess is worth more than nothing.")
    try:
        return [make_prediction(sheet, _ask_about(sheet)) for sheet in sheets]
    except EOFError:
        _print("")  # the line of the question has not ended
        raise AnswerError("the answers ended before the questions did: nothing was measured") from None


def _ask_about(sheet: Sheet) -> dict[str, Value]:
    from producer.lesson.contenders import explain
    from producer.words import counted

    workload, console = sheet.workload, stderr()
    console.print()
    console.print(
        f"{workload.name}: {counted(len(workload.jobs), 'job')}: {workload.description}", style="bold"
    )
    for number, spec in enumerate(sheet.contenders, 1):
        console.print(printable(f"  {number}  {spec.name}: {explain(spec)}"))
    answered = ((question.key, _ask_one(question)) for question in sheet.questions)
    return {key: value for key, value in answered if value is not None}


def _ask_one(question: Question) -> Value | None:
    """Ask until the answer is one, or is skipped."""
    from producer.lesson.questions import read_answer

    hint = f"1 to {len(question.choices)}" if question.choices else "a number"
    while True:
        _print(f"{question.text} [{hint}] ", end="")
        text = input().strip()
        if not text:
            return None
        try:
            return read_answer(question, text)
        except AnswerError as error:
            _print(str(error), style="red")


def _print(line: str, style: str = "", end: str = "\n") -> None:
    """Print beside the answers; a line is broken by the terminal, where it must be."""
    stderr().print(printable(line), style=style, end=end, soft_wrap=True)
