"""What was predicted before it was measured, beside what was measured: the section of the page for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from producer.printable import html
from producer.show.report.labelled import Labelled
from producer.show.svg.drawing import Drawing
from producer.show.svg.factors import factor_axis
from producer.show.svg.rows import NARROW, WIDE, Band, Frame, Key, Row, draw_rows
from producer.stats.predictions import FASTEST, VERDICTS, Answer, Confronted, confront, sum_up
from producer.words import counted

#: Where the section is on the page.
PLACE = "predictions"
SAID = Key("what you said", "process-3", "diamond")
WAS = Key("what was measured, with its 95 % interval", "ink", "interval")
_READING = (
    "How many times as fast as serial: right of 1 is faster. The diamond is what you said, the mark what was "
    "measured; the shorter the line between them, the better the guess."
)


def write_predictions(results: Sequence[Labelled]) -> str:
    """Write the section; nothing where nobody predicted anything."""
    columns = []
    for labelled in results:
        if confronted := confront(labelled.result):
            label = f"<h3>{html(labelled.name)}</h3>" if len(results) > 1 else ""
            figures = "".join(map(_write_figure, confronted))
            reading = f'<p class="reading">{html(_READING)}</p>' if "<svg" in figures else ""
            columns.append(
                f'<div class="column">{label}<p>{html(sum_up(confronted))}</p>{reading}{figures}</div>'
            )
    if not columns:
        return ""
    return (
        f'<section id="{PLACE}"><h2>What you predicted</h2>'
        f'<div class="columns">{"".join(columns)}</div></section>'
    )


def _write_figure(confronted: Confronted) -> str:
    answers = confronted.answers
    lines = "".join(
        f"<li><b>{html(answer.asked)}: {html(VERDICTS[answer.verdict])}.</b> {html(answer.text)}</li>"
        for answer in answers
    )
    drawn = [answer for answer in answers if answer.times is not None]
    title = f"{confronted.workload}: {counted(len(answers), 'prediction')}"
    return (
        f'<figure class="chart"><h4>{html(title)}</h4>{_write_drawings(title, drawn)}'
        f"<figcaption><ul>{lines}</ul></figcaption></figure>"
    )


def _write_drawings(title: str, answers: Sequence[Answer]) -> str:
    if not answers:
        return ""
    return "".join(
        f'<div class="{size}">{_draw(frame, answers).svg(title)}</div>'
        for size, frame in (("wide", WIDE), ("narrow", NARROW))
    )


def _draw(frame: Frame, answers: Sequence[Answer]) -> Drawing:
    axis = factor_axis([1.0, *_ends(answers)])
    rows = [Row(_name(answer), VERDICTS[answer.verdict], answer.text) for answer in answers]

    def paint(drawing: Drawing, place: int, band: Band) -> None:
        _paint(drawing, band, answers[place])

    keys = [SAID, WAS] if any(answer.ratio for answer in answers) else [SAID]
    return draw_rows(frame, axis, rows, keys, paint)


def _name(answer: Answer) -> str:
    """Name a row: "the fastest" alone is another question, which is about a name."""
    short = answer.asked.removesuffix(" against serial")
    return answer.asked if short == FASTEST else short


def _ends(answers: Sequence[Answer]) -> Iterator[float]:
    for answer in answers:
        yield answer.times or 1.0
        if ratio := answer.ratio:
            yield from (ratio.value, ratio.low or ratio.value, ratio.high or ratio.value)


def _paint(drawing: Drawing, band: Band, answer: Answer) -> None:
    said = band.x(answer.times or 1.0)
    if ratio := answer.ratio:
        was, low, high = (band.x(end or ratio.value) for end in (ratio.value, ratio.low, ratio.high))
        drawing.line(said, band.middle, was, band.middle, "wait", 3)
        drawing.line(low, band.middle, high, band.middle, "ink", 2)
        for end in {low, was, high}:
            half = 8 if end == was else 5
            drawing.line(end, band.middle - half, end, band.middle + half, "ink", 2)
    drawing.diamond(said, band.middle, 7, SAID.colour)
