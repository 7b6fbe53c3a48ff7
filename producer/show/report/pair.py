"""Two contenders of a workload on one axis of time, chosen by the reader and played back."""

from __future__ import annotations

from collections.abc import Sequence

from producer.printable import html
from producer.show.charts.timeline import Timeline, TimelineChart
from producer.show.report.fold import fold
from producer.words import listed

#: How long a playback takes: seconds, or what was measured.
SPEEDS = (("5", "in 5 seconds"), ("15", "in 15 seconds"), ("0", "as fast as it was"))


def write_pair(chart: TimelineChart, key: str) -> str:
    """Write the figure; nothing where there are no two timelines to choose from."""
    lines = chart.timelines
    if len(lines) < 2:
        return ""
    speeds = "".join(f'<option value="{value}">{text}</option>' for value, text in SPEEDS)
    sides = zip(("upper", "lower"), _first_two(lines), strict=True)
    figure = (
        f'<figure class="pair" id="pair-{html(key)}" data-key="{html(key)}"><h4>Two side by side</h4>'
        '<p class="reading">Both timelines on one axis: the same jobs, from the same moment on. Choose two, '
        "and play them back.</p>"
        f"{''.join(_side(name, lines, chosen) for name, chosen in sides)}"
        '<div class="stage"><canvas role="img" aria-label="Two timelines on one axis of time"></canvas></div>'
        '<div class="player"><button type="button" class="play">Play</button>'
        '<input type="range" min="0" max="1000" value="1000" aria-label="time">'
        '<output aria-live="off"></output>'
        f'<label>all of it <select class="speed">{speeds}</select></label></div>'
        "<figcaption></figcaption></figure>"
    )
    names = listed([str(lines[chosen].entry.name) for chosen in _first_two(lines)])
    return fold("Two side by side", f"{names}, or any other two, played back on one axis of time", figure)


def _first_two(lines: Sequence[Timeline]) -> tuple[int, int]:
    """The fastest of each family, or else the first two."""
    celery = next((place for place, line in enumerate(lines) if line.entry.name.through_broker), None)
    here = next((place for place, line in enumerate(lines) if not line.entry.name.through_broker), None)
    return (0, 1) if celery is None or here is None else (here, celery)


def _side(name: str, lines: Sequence[Timeline], chosen: int) -> str:
    options = "".join(
        f'<option value="{place}"{" selected" if place == chosen else ""}>'
        f"{html(str(line.entry.name))}</option>"
        for place, line in enumerate(lines)
    )
    return (
        f'<p class="side"><label>{name} <select data-side="{name}">{options}</select></label> '
        f'<span class="done" data-side="{name}"></span></p>'
    )
