"""What the page teaches: the line to take home, what would change, which pool,
what Celery buys, and what the course asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from producer.printable import html
from producer.results import Result
from producer.show.charts.answers import answer_questions
from producer.show.charts.entries import Field
from producer.show.report.fold import fold, fold_answer
from producer.show.report.labelled import Labelled
from producer.show.report.table import write_scrolling
from producer.show.teaching.celery_costs import BUYS, describe_costs
from producer.show.teaching.choosing import choose_pools
from producer.show.teaching.take_home import list_rules, take_home
from producer.show.teaching.what_if import Estimate, WhatIf, ask_what_if
from producer.words import capital, listed, seconds


def write_take_home(field: Field) -> str:
    """Write the line for the back row; nothing where nothing was measured that shows one."""
    line = take_home(field)
    return f'<p class="take-home">{html(line)}</p>' if line else ""


def write_what_if(result: Result, field: Field) -> str:
    """Write what would change with more jobs, longer waits, more cores or no GIL."""
    asked = ask_what_if(result, field)
    if asked is None:
        return ""
    told = [*(f"{capital(case.title)}: {case.sentence}" for case in asked.cases), *asked.unchanged]
    reading = (
        "Estimates for the fastest of each way: the jobs are given to its slots anew, each to the slot that "
        "is free first, and what the way cost beyond that stays as it was for each job."
    )
    content = f'<p class="reading">{reading}</p>{_table(asked)}<ul>{_items(told)}</ul>'
    titles = [case.title for case in asked.cases]
    says = f"With {listed(titles)}: estimated from these numbers." if titles else "Next to nothing."
    return fold(
        "What would change", says, f'<figure class="what-if"><h4>What would change</h4>{content}</figure>'
    )


def write_rules(shown: Labelled) -> str:
    """Write the three rules, and what shows each here."""
    rules = "".join(
        f"<h4>{html(rule.text)}</h4><ul>{_items(rule.evidence)}</ul>" for rule in list_rules(shown.fields)
    )
    return f'<figure class="rules">{rules}</figure>'


def write_choosing(shown: Labelled) -> str:
    """Write which pool suits what, and how many slots it should have."""
    return "".join(
        fold_answer(choice.work, choice.general, choice.evidence)
        for choice in choose_pools(shown.result, shown.fields)
    )


def write_celery(shown: Labelled) -> str:
    """Write what Celery buys beside what it costs here."""
    return (
        '<figure class="told"><div class="columns">'
        f"<div><h4>What it buys</h4><ul>{_items(BUYS)}</ul></div>"
        f"<div><h4>What it cost here</h4><ul>{_items(describe_costs(shown.fields))}</ul></div></div></figure>"
    )


def write_answers(shown: Labelled) -> str:
    """Write the course's questions, and what this result says about each."""
    return "".join(
        fold_answer(answer.question, answer.general, answer.evidence)
        for answer in answer_questions(shown.fields, shown.result.machine)
    )


def _table(asked: WhatIf) -> str:
    if not asked.cases:
        return ""
    titles = ["contender", "measured", *(case.title for case in asked.cases)]
    head = "".join(f'<th scope="col">{html(title)}</th>' for title in titles)
    body = "".join(
        f'<tr><th scope="row">{html(str(first.entry.name))}</th><td>{seconds(first.before_s)}</td>'
        + "".join(_cell(case.estimates[place].after_s, _least(case.estimates)) for case in asked.cases)
        + "</tr>"
        for place, first in enumerate(asked.cases[0].estimates)
    )
    return write_scrolling(head, body, "What would change")


def _least(estimates: Sequence[Estimate]) -> float:
    return min(estimate.after_s for estimate in estimates)


def _cell(value_s: float, least_s: float) -> str:
    return f"<td{' class=best' if value_s == least_s else ''}>≈ {seconds(value_s)}</td>"


def _items(lines: Iterable[str]) -> str:
    return "".join(f"<li>{html(line)}</li>" for line in lines)
