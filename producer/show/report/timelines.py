"""The timelines of one workload: a figure in which a contender is chosen, and the data its canvas draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from producer.printable import html, printable
from producer.show.charts.chart import Chart
from producer.show.charts.timeline import Timeline, TimelineChart, describe_thinning, process_name
from producer.stats.lanes import Block
from producer.words import counted, percent, seconds


def figure_key(workload: str, place: int) -> str:
    """Name a workload's timelines, in HTML as in JSON; `place` counts the results with that workload."""
    return printable(f"{workload}-{place}")


def write_figure(chart: TimelineChart, key: str) -> str:
    """Write the figure whose canvas draws what the page keeps under that key."""
    chips = "".join(
        f'<button type="button" data-line="{place}" aria-pressed="{"true" if not place else "false"}">'
        f"{html(str(line.entry.name))}</button>"
        for place, line in enumerate(chart.timelines)
    )
    return (
        f'<figure class="timeline" id="timeline-{html(key)}" data-key="{html(key)}">'
        f"<h4>{html(chart.title)}</h4>"
        f'<p class="reading">{html(chart.reading)}</p><div class="chips">{chips}</div>'
        f'<div class="stage"><canvas tabindex="0" role="img" aria-label="{html(chart.sentence)}">'
        '</canvas></div><p class="about"><span class="run"></span> '
        '<button type="button" class="whole" hidden>Show the whole run</button></p>'
        f"<figcaption>{html(chart.sentence)}</figcaption></figure>"
    )


def collect_data(charts: Sequence[Chart]) -> list[dict[str, Any]]:
    """Collect what the canvas needs, a dictionary for each contender; times in whole microseconds."""
    return [
        _plain(line, picture.sentence)
        for chart in charts
        if isinstance(chart, TimelineChart)
        for line, picture in zip(chart.timelines, chart.pictures, strict=True)
    ]


def _plain(line: Timeline, sentence: str) -> dict[str, Any]:
    blocks = line.blocks
    return {
        "name": printable(str(line.entry.name)),
        "sentence": printable(sentence),
        "about": printable(" ".join(filter(None, [_about(line), describe_thinning(line)]))),
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
        "cpu": _cpu(blocks),
        "stalls": [[_us(began), _us(length)] for began, length in line.stalls],
    }


def _about(line: Timeline) -> str:
    run, row = line.entry.typical, line.entry.summary
    size = f"{counted(line.jobs, 'job')} in {counted(len(line.lanes), 'lane')}"
    if len(line.lanes) < run.slots:
        size += f"; no more of its {run.slots:,} slots were busy at the same time"
    about = f"Round {run.round}, {seconds(line.makespan_s)}: {size}."
    if line.ran is not None:
        about = f"{about} Of the time in which they were open, jobs really ran for {percent(line.ran)}."
    if row.valid_runs > 1:
        about = f"The run of the median makespan. {about}"
    if not run.valid:
        about = f"An invalid run, shown because there is no valid one. {about}"
    return about


def _cpu(blocks: Sequence[Block]) -> list[int | None] | None:
    """The CPU time of each block's jobs; None where it is known of none."""
    known = [None if block.cpu_s is None else _us(block.cpu_s) for block in blocks]
    return None if all(cpu is None for cpu in known) else known


def _us(seconds: float) -> int:
    return round(seconds * 1e6)
