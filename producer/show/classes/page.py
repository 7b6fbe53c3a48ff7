"""Writes the page of a class: everything it needs is in it, and nobody's name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files

from producer.printable import html
from producer.show.classes.charts import colours, draw_predictions, draw_strips
from producer.show.classes.load import Broken
from producer.show.report import present
from producer.show.report.document import OPENING, SCRIPTS, STYLES
from producer.show.report.table import write_scrolling
from producer.show.svg.drawing import Drawing
from producer.show.svg.palette import DARK, LIGHT, declare
from producer.show.svg.rows import NARROW, WIDE, Frame
from producer.stats.class_outliers import Group, describe_outlier, quartiles
from producer.stats.classes import Class, ClassWorkload, Strip
from producer.stats.predictions import VERDICTS
from producer.words import counted, digits

#: Nothing may be fetched from anywhere; scripts and styles are those in the page.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
#: Machines far from the others that are listed at once, of each workload.
MOST_OUTLIERS = 12
_READING = (
    "How many times as fast as serial each way was, on every machine: right of 1 is faster. A diamond is "
    "one machine; its colour and its line say what the machine is like. The number is the median, with the "
    "middle half."
)
_PREDICTED = (
    "A diamond is a prediction; beside it stands how many said the same. The box is the middle half of what "
    "was measured where somebody predicted, and the line in it the median."
)


def write_class_page(together: Class, broken: Sequence[Broken]) -> str:
    """Write the whole page."""
    groups = colours(sorted({member.group for member in together.members}))
    assets = files("producer.show.report")
    style, script = (
        "".join((assets / name).read_text("utf-8") for name in names) for names in (STYLES, SCRIPTS)
    )
    dark = declare(DARK)
    themes = (
        f":root{{{declare(LIGHT)}}}:root[data-theme=dark]{{{dark}}}"
        f"@media(prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}"
    )
    names = [workload.name for workload in together.workloads]
    links = "".join(f'<a href="#{html(name)}">{html(name)}</a>' for name in names)
    title = f"A class: {counted(len(together.members), 'result')}"
    body = "".join(_write_workload(workload, groups) for workload in together.workloads)
    return (
        f'{OPENING}<html lang="en"><head><meta charset="utf-8"><title>simul: {html(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">'
        f"<style>{themes}{style}</style></head><body>"
        f'<header><a class="name" href="#top">simul</a><nav>{links}</nav>'
        f'{present.BUTTON}<button type="button" id="theme">Theme</button></header>'
        f'<main id="top"><section class="intro"><h1>{html(title)}</h1>{_write_groups(together)}'
        f"{_write_left_out(together, broken)}</section>{body}</main>{present.STAGE}"
        '<div id="tip" role="status" hidden></div><script type="application/json" id="lines">{}</script>'
        f"<script>{script}</script></body></html>\n"
    )


def _write_groups(together: Class) -> str:
    groups = Counter(member.group for member in together.members)
    items = "".join(
        f"<li><b>{html(counted(number, 'result'))}</b> {html(str(group))}</li>"
        for group, number in sorted(groups.items())
    )
    what = "The same jobs, done on many machines, each of which a result stands for."
    return f'<p>{what}</p><ul class="which">{items}</ul>'


def _write_left_out(together: Class, broken: Sequence[Broken]) -> str:
    lines = [f"{each.file} is left out: {each.why}" for each in broken]
    lines += [f"{each.file} did other work as {each.workload}: {each.why}" for each in together.refused]
    return _write_aside("What is not in the numbers", lines)


def _write_aside(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    items = "".join(f"<li>{html(line)}.</li>" for line in lines)
    return f'<aside class="trouble"><h4>{html(title)}</h4><ul>{items}</ul></aside>'


def _write_workload(workload: ClassWorkload, groups: Mapping[Group, str]) -> str:
    work = workload.work
    chunk = f" of {work.chunk} files each" if work.chunk > 1 else ""
    what = (
        f"{counted(work.jobs, 'job')}{chunk}: {workload.description}; seed {work.seed}; "
        f"on {counted(len(workload.members), 'machine')}."
    )
    return (
        f'<section id="{html(workload.name)}"><h2>{html(workload.name)}</h2>'
        f'<p class="what">{html(what)}</p>{_write_strips(workload, groups)}'
        f"{_write_outliers(workload)}{_write_predictions(workload)}</section>"
    )


def _write_strips(workload: ClassWorkload, groups: Mapping[Group, str]) -> str:
    if not workload.strips:
        return "<p>Nowhere has serial a valid run: there is nothing to hold the others against.</p>"
    title = "How many times as fast as serial, machine by machine"
    drawn = _write_both(title, lambda frame: draw_strips(frame, workload, groups))
    caption = _sum_up(workload)
    return (
        f'<figure class="chart"><h4>{title}</h4><p class="reading">{html(_READING)}</p>{drawn}'
        f"<figcaption>{html(caption)}</figcaption></figure>{_write_table(workload)}"
    )


def _write_both(title: str, draw: Callable[[Frame], Drawing]) -> str:
    """Write a drawing twice: the page shows what fits."""
    return (
        f'<div class="wide">{draw(WIDE).svg(title)}</div><div class="narrow">{draw(NARROW).svg(title)}</div>'
    )


def _sum_up(workload: ClassWorkload) -> str:
    number = len(workload.members)
    fastest = sorted(workload.fastest.items(), key=lambda item: (-item[1], item[0]))
    wins = ", ".join(f"{name} on {counted(wins, 'machine')}" for name, wins in fastest)
    widest = max(workload.strips, key=lambda strip: strip.high / strip.low)
    line = f"The shortest median had {wins}." if wins else "Nobody had a valid run."
    if number > 1 and widest.high > widest.low:
        line += (
            f" The machines differ most in {widest.contender}: on the middle half of them "
            f"it was {digits(widest.low)} to {digits(widest.high)} times as fast as serial."
        )
    return line


def _write_table(workload: ClassWorkload) -> str:
    """Write the medians of each group: what cores, Python and the GIL change."""
    groups = sorted({member.group for member in workload.members})
    if len(groups) < 2:
        return ""
    head = "".join(f'<th scope="col">{html(str(group))}</th>' for group in groups)
    body = "".join(
        f'<tr><th scope="row">{html(str(strip.contender))}</th>'
        + "".join(f"<td>{html(_cell(strip, group))}</td>" for group in groups)
        + "</tr>"
        for strip in workload.strips
    )
    title = "The same by cores, Python and GIL"
    table = write_scrolling(f'<th scope="col">contender</th>{head}', body, title)
    return (
        f'<figure class="chart"><h4>{title}</h4><p class="reading">The median of each group, and its number '
        f"of machines.</p>{table}</figure>"
    )


def _cell(strip: Strip, group: Group) -> str:
    values = [value for member, value in strip.values if member.group == group]
    return f"{digits(quartiles(values)[1])} (n = {len(values)})" if values else "–"


def _write_outliers(workload: ClassWorkload) -> str:
    far = [(strip.contender, outlier) for strip in workload.strips for outlier in strip.outliers]
    far.sort(key=lambda each: -each[1].apart)
    lines = [describe_outlier(*each) for each in far[:MOST_OUTLIERS]]
    if len(far) > MOST_OUTLIERS:
        lines.append(f"and {len(far) - MOST_OUTLIERS} more, less far")
    return _write_aside("Far from the others", lines)


def _write_predictions(workload: ClassWorkload) -> str:
    if not workload.told:
        return ""
    drawn = [each for each in workload.told if each.said]
    title = f"{workload.name}: what was predicted, and what was measured"
    drawing = _write_both(title, lambda frame: draw_predictions(frame, drawn)) if drawn else ""
    reading = f'<p class="reading">{html(_PREDICTED)}</p>' if drawn else ""
    head = "".join(f'<th scope="col">{html(text)}</th>' for text in VERDICTS.values())
    body = "".join(
        f'<tr><th scope="row">{html(each.asked)}</th>'
        + "".join(f"<td>{number}</td>" for number in each.verdicts.values())
        + "</tr>"
        for each in workload.told
    )
    lines = "".join(f"<li>{html(line)}</li>" for line in _on_fastest(workload))
    table = write_scrolling(f'<th scope="col">predictions of</th>{head}', body, title)
    return (
        f'<figure class="chart"><h4>What was predicted</h4>{reading}{drawing}{table}'
        f"<figcaption><ul>{lines}</ul></figcaption></figure>"
    )


def _on_fastest(workload: ClassWorkload) -> Iterator[str]:
    names = sorted(workload.predicted, key=lambda name: (-workload.predicted[name], name))
    for name in names:
        on = workload.fastest.get(name, 0)
        was = f"it was on {counted(on, 'machine')}" if on else "it was on none"
        yield f"{workload.predicted[name]} predicted that {name} would be the fastest; {was}."
