"""How long each contender took: bars with their intervals, and the limit that nothing can beat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from producer.show.charts.data import Bar
from producer.show.charts.families import colour, families
from producer.show.svg.axis import time
from producer.show.svg.drawing import Drawing
from producer.show.svg.rows import Band, Frame, Key, Row, rows_chart
from producer.stats.ratios import RUNS_TO_CLAIM
from producer.words import SPACE, counted, percent, seconds

INTERVAL = Key(f"95{SPACE}% interval", "ink", "interval")
RANGE = Key(f"from the shortest to the longest of fewer than {RUNS_TO_CLAIM} runs", "ink", "line")
LIMIT = Key("physical limit", "ink", "diamond")


def makespans(bars: Sequence[Bar], frame: Frame, longest_s: float | None = None) -> Drawing:
    """Makespan bars with intervals and limits; `longest_s` makes charts side by side comparable."""
    axis = time("makespan", max(longest_s or 0.0, *map(reach_s, bars)))
    rows = [Row(str(bar.entry.name), seconds(bar.value_s), _tip(bar)) for bar in bars]

    def paint(drawing: Drawing, place: int, band: Band) -> None:
        bar = bars[place]
        end = band.x(bar.value_s)
        drawing.rect(band.x(0), band.top, end - band.x(0), band.height, colour(bar.entry), opacity=0.85)
        _whisker(drawing, band, bar)
        drawing.diamond(band.x(bar.limit_s), band.middle, 6)

    keys = [*families(bar.entry for bar in bars), *_whisker_keys(bars), LIMIT]
    return rows_chart(frame, axis, rows, keys, paint)


def reach_s(bar: Bar) -> float:
    """How far along the axis of time anything of a bar is drawn."""
    return max(bar.value_s, bar.ends_s[1], bar.limit_s)


def _whisker(drawing: Drawing, band: Band, bar: Bar) -> None:
    low, high = map(band.x, bar.ends_s)
    if high - low < 1:
        return
    drawing.line(low, band.middle, high, band.middle, "ink", 1.6)
    # Only an interval has caps: a range claims nothing.
    for x in (low, high) if bar.mean_s.claims else ():
        drawing.line(x, band.middle - 5, x, band.middle + 5, "ink", 1.6)


def _whisker_keys(bars: Sequence[Bar]) -> Iterator[Key]:
    if any(bar.mean_s.claims for bar in bars):
        yield INTERVAL
    if any(bar.mean_s.runs > 1 and not bar.mean_s.claims for bar in bars):
        yield RANGE


def _tip(bar: Bar) -> str:
    row = bar.entry.summary
    of_all = f" of {row.runs}" if row.runs > row.valid_runs else ""
    lines = [str(row.contender), f"makespan {seconds(bar.value_s)}"]
    if row.valid_runs > 1:
        lines[-1] += f", the median of {counted(row.valid_runs, 'valid run')}{of_all}"
        lines.append(f"the runs took {seconds(bar.shortest_s)} to {seconds(bar.longest_s)}")
    else:
        lines[-1] += f", 1 valid run{of_all}"
    if bar.mean_s.claims:
        low, high = bar.ends_s
        lines.append(f"95{SPACE}% interval {seconds(low)} to {seconds(high)}")
    lines.append(f"limit {seconds(bar.limit_s)}, reached to {percent(bar.limit_s / bar.value_s)}")
    return "\n".join(lines)
