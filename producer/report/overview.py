"""The whole comparison at a glance: every way against every workload."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from producer.charts.entries import way
from producer.report.labelled import Labelled
from producer.stats import Summary
from producer.words import digits, seconds

#: The difference from serial at which a shade is at its fullest, either way.
FULL = 16.0
#: How full that is, in percent: text has to stay readable on it.
FULLEST = 55.0


def overview(results: Sequence[Labelled], names: Sequence[str]) -> str:
    """A table: how many times as fast as serial each way did each workload."""
    heads = [(name, place) for name in names for place, _ in enumerate(results)]
    columns = [_column(results[place], name) for name, place in heads]
    ways = list(dict.fromkeys(name for column in columns for name in column))
    if not any(row.speed_up for column in columns for row in column.values()):
        return ""
    titles = [f"{name}: {results[place].label}" if len(results) > 1 else name for name, place in heads]
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in titles)
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>{"".join(_cell(name, column) for column in columns)}</tr>'
        for name in sorted(ways, key=lambda name: (name.startswith("celery:"), name))
    )
    return (
        '<figure class="overview"><h4>How many times as fast as serial</h4><p class="reading">'
        "Makespan of serial divided by that of each way, round by round; the shortest median of each "
        "workload is framed. "
        "Blue is faster, orange slower; \u2248 stands where no difference from serial is shown.</p>"
        '<div class="scroll">'
        f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table></div></figure>"
    )


def _column(one: Labelled, name: str) -> dict[str, Summary]:
    """The fastest of each way, whatever its slots."""
    found: dict[str, Summary] = {}
    if field := one.field(name):
        for row in field.rows:
            found.setdefault(way(row.contender), row)
    return found


def _cell(name: str, column: dict[str, Summary]) -> str:
    row = column.get(name)
    if row is None or row.makespan_s is None:
        return "<td>\u2013</td>"
    best = row is next(iter(column.values()))
    tip = f"{row.contender}: {seconds(row.makespan_s)}"
    if row.speed_up is None:
        return f'<td data-tip="{escape(tip)}">{seconds(row.makespan_s)}</td>'
    speed = row.speed_up.value
    shade = "here" if speed >= 1 else "celery"
    much = FULLEST * min(abs(math.log(speed)) / math.log(FULL), 1)
    unsure = "" if row.speed_up.shown or speed == 1 else "\u2248 "
    return (
        f'<td{" class=best" if best else ""} style="--shade:var(--{shade});--much:{much:.0f}" '
        f'data-tip="{escape(tip)}">{unsure}{digits(speed)}</td>'
    )
