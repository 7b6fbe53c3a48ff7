"""The timelines of one workload: a figure in which a contender is chosen, and the data its canvas draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from producer.printable import html, printable
from producer.show.charts.entries import Field
from producer.show.charts.lanes import process_name
from producer.show.charts.timeline import Timeline, timeline
from producer.show.charts.timeline_sentences import on_thinning, on_timeline
from producer.words import counted, seconds

_READING = (
    "One lane for each slot, one bar for each job, one colour for each process. Point at a bar to see its "
    "job; drag across a piece of time to see it closer."
)


def timelines(field: Field, gil: bool, max_blocks: int) -> list[dict[str, Any]]:
    """What the canvas needs, a dictionary for each contender; times in whole microseconds.

    `gil` is whether there was one where a run does not say; each contender gets `max_blocks` at the most.
    """
    found = [line for entry in field.entries if (line := timeline(entry, max_blocks))]
    asked = [gil if line.entry.typical.gil is None else line.entry.typical.gil for line in found]
    return [_plain(line, on_timeline(line, field, on)) for line, on in zip(found, asked, strict=True)]


def figure(key: str, lines: Sequence[dict[str, Any]]) -> str:
    """The figure whose canvas draws the lines kept under that key."""
    if not lines:
        return ""
    chips = "".join(
        f'<button type="button" data-line="{place}" aria-pressed="{"true" if not place else "false"}">'
        f"{html(line['name'])}</button>"
        for place, line in enumerate(lines)
    )
    return (
        f'<figure class="timeline" data-key="{html(key)}"><h4>Who did what, and when</h4>'
        f'<p class="reading">{_READING}</p><div class="chips">{chips}</div>'
        f'<div class="stage"><canvas tabindex="0" role="img" aria-label="{html(lines[0]["sentence"])}">'
        '</canvas></div><p class="about"><span class="run"></span> '
        '<button type="button" class="whole" hidden>Show the whole run</button></p>'
        f"<figcaption>{html(lines[0]['sentence'])}</figcaption></figure>"
    )


def _plain(line: Timeline, sentence: str) -> dict[str, Any]:
    blocks = line.blocks
    run, row = line.entry.typical, line.entry.summary
    size = f"{counted(line.jobs, 'job')} in {counted(len(line.lanes), 'lane')}"
    if len(line.lanes) < run.slots:
        size += f"; no more of its {run.slots:,} slots were busy at the same time"
    about = f"Round {run.round}, {seconds(line.makespan_s)}: {size}."
    if row.valid_runs > 1:
        about = f"The run of the median makespan. {about}"
    if not run.valid:
        about = f"An invalid run, shown because there is no valid one. {about}"
    return {
        "name": printable(str(line.entry.name)),
        "sentence": printable(sentence),
        "about": printable(" ".join(filter(None, [about, on_thinning(line)]))),
        "end": _us(line.makespan_s),
        "workers": [printable(process_name(worker)) for worker in line.workers],
        "lanes": line.lanes,
        "lane": [block.lane for block in blocks],
        "start": [_us(block.start_s) for block in blocks],
        "length": [_us(block.end_s - block.start_s) for block in blocks],
        "jobs": [block.jobs for block in blocks] if line.per_block > 1 else None,
        "index": [block.index for block in blocks],
        "wait": [_us(block.wait_s) for block in blocks],
        "service": [_us(block.service_s) for block in blocks],
        "alone": [_us(block.alone_s) for block in blocks],
    }


def _us(seconds: float) -> int:
    return round(seconds * 1e6)
