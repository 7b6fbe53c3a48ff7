"""The whole comparison at a glance: every way against every workload, and every Python."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from producer.contender_name import ContenderName
from producer.printable import html
from producer.show.charts.entries import Field
from producer.show.report.labelled import Labelled, having
from producer.show.report.table import write_scrolling
from producer.show.report.timelines import figure_key
from producer.stats.ratios import RUNS_TO_CLAIM
from producer.stats.summary import Summary, asked_for, baseline
from producer.words import digits, listed, seconds

#: How many times as fast or as slow as serial a way is where its shade is at its fullest.
FULL = 16.0
#: The fullest shade, in percent, on which text stays readable.
FULLEST = 55.0
#: The faintest that says faster or slower, where that is shown.
FAINTEST = 14.0


@dataclass(frozen=True, slots=True)
class _Column:
    """One workload of one result under one Python."""

    title: str
    #: Where its timelines are on the page.
    key: str
    #: The fastest of each way, whatever its slots.
    rows: dict[ContenderName, Summary]
    #: Who was the fastest at the workload under any Python.
    best: Summary | None


def write_overview(results: Sequence[Labelled], names: Sequence[str]) -> str:
    """Write a table of how many times as fast as serial each way did each workload."""
    several = len(results) > 1
    columns = [
        column
        for name in names
        for place, labelled in enumerate(having(results, name))
        for column in _columns(labelled, name, figure_key(name, place), several)
    ]
    ways = list(dict.fromkeys(name for column in columns for name in column.rows))
    rows = [row for column in columns for row in column.rows.values()]
    if len(rows) < 2 or not any(row.speed_up for row in rows):
        return ""
    head = "".join(f'<th scope="col">{html(column.title)}</th>' for column in columns)
    body = "".join(
        f'<tr><th scope="row">{html(str(name))}</th>{"".join(_cell(name, column) for column in columns)}</tr>'
        for name in sorted(ways, key=lambda name: (name.through_broker, name.is_peer, str(name)))
    )
    serials = {str(name) for labelled in results for field in labelled.fields if (name := _baseline(field))}
    return (
        '<figure class="overview"><h4>How many times as fast as serial</h4><p class="reading">'
        f"Makespan of {html(listed(sorted(serials)))} divided by that of each way, round by round, the "
        "fastest of each way. The number behind the @ is that of its slots: 32 where jobs may wait (for "
        "files, too) and slots are light, else one for each core, unless somebody asked for others. The "
        "shortest median of each workload is framed, and what is not shown to be slower. Green is faster, "
        "hatched purple slower; \u2248 stands where no difference from serial is shown. "
        f"From fewer than {RUNS_TO_CLAIM} runs nothing is claimed. \u2013 was not compared. A number leads "
        "to the timeline of its contender.</p>"
        f"{write_scrolling(f'<td></td>{head}', body, 'How many times as fast as serial')}</figure>"
    )


def _columns(labelled: Labelled, name: str, key: str, several: bool) -> Iterator[_Column]:
    """Make a column, or one for each Python in the order in which they were asked for."""
    field = labelled.field(name)
    if field is None:
        return
    title = f"{name}: {labelled.label}" if several else name
    best = next(iter(field.rows), None)
    pythons = [python.label for python in labelled.result.pythons] or [""]
    for python in pythons:
        rows: dict[ContenderName, Summary] = {}
        for row in field.rows:
            if row.contender.python == python or len(pythons) == 1:
                rows.setdefault(replace(row.contender.without_slots(), python=""), row)
        yield _Column(f"{title} [{python}]" if python else title, key, rows, best)


def _baseline(field: Field) -> ContenderName | None:
    return baseline(asked_for(field.workload, (row.contender for row in field.rows)))


def _cell(name: ContenderName, column: _Column) -> str:
    row = column.rows.get(name)
    if row is None or row.makespan_s is None:
        return "<td><span>\u2013</span></td>"
    tip = f"{row.contender}: {seconds(row.makespan_s)}"
    link = (
        f'<a href="#timeline-{html(column.key)}" data-contender="{html(str(row.contender))}" '
        f'data-tip="{html(tip)}">'
    )
    if row.speed_up is None:
        return f"<td>{link}{seconds(row.makespan_s)}</a></td>"
    speed = row.speed_up.value
    shade = "faster" if speed >= 1 else "slower"
    much = FULLEST * min(abs(math.log(speed)) / math.log(FULL), 1)
    if row.speed_up.shown:
        much = max(much, FAINTEST)
    unsure = "\u2248 " if row.speed_up.claims and not row.speed_up.shown and speed != 1 else ""
    slots = f"<small>{f'@{row.slots:,}' if row.contender.slots else ''}</small>"
    return (
        f'<td class="{shade}{" best" if _may_be_best(row, column) else ""}" '
        f'style="--shade:var(--{shade});--much:{much:.0f}">{link}{unsure}{digits(speed)}{slots}</a></td>'
    )


def _may_be_best(row: Summary, column: _Column) -> bool:
    """Whether nobody is shown to be faster at the workload."""
    return row is column.best or bool(row.to_winner and row.to_winner.may_be_no_longer)
