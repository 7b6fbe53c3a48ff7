"""How fast Celery is beside serial at each size of job, as a table, where results have jobs of several."""

from __future__ import annotations

from collections.abc import Sequence

from producer.printable import html
from producer.show.charts.entries import Field
from producer.show.report.table import write_scrolling
from producer.show.teaching.job_sizes import Size, compare_sizes
from producer.words import digits, seconds


def write_job_sizes(fields: Sequence[Field]) -> str:
    """Write the table and its sentences; nothing where all results have jobs of one size."""
    compared = compare_sizes(fields)
    if compared is None:
        return ""
    head = "".join(
        f'<th scope="col">{html(title)}</th>' for title in ("files in a job", "alone", *compared.ways)
    )
    body = "".join(_row(size, compared.ways) for size in compared.sizes)
    items = "".join(f"<li>{html(sentence)}</li>" for sentence in compared.sentences)
    title = "From which job size on Celery catches serial"
    reading = (
        "The makespan of serial divided by that of the fastest contender of each way through Celery, for "
        "each number of files in a job; from 1 on, Celery is as fast."
    )
    return (
        f'<figure class="sizes"><h4>{title}</h4><p class="reading">{reading}</p>'
        f"{write_scrolling(head, body, title)}<figcaption><ul>{items}</ul></figcaption></figure>"
    )


def _row(size: Size, ways: Sequence[str]) -> str:
    cells = "".join(_cell(size, way) for way in ways)
    return f'<tr><th scope="row">{size.chunk:,}</th><td>{seconds(size.alone_s)}</td>{cells}</tr>'


def _cell(size: Size, way: str) -> str:
    ratio = size.speeds[way]
    unsure = "≈ " if ratio.claims and not ratio.shown else ""
    return f"<td{' class=best' if ratio.value >= 1 else ''}>{unsure}{digits(ratio.value)}</td>"
