"""How long each contender took: bars with their intervals, and the limit that nothing can beat, estimated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from producer.show.charts.chart import ALONE, Chart, Picture, Shared
from producer.show.charts.claims import measure_ratio
from producer.show.charts.entries import Entry, Field
from producer.show.charts.families import choose_colour, list_families
from producer.show.columns import write_share_of_limit
from producer.show.facts import which_mean
from producer.show.limit import describe_limits, describe_reached, write_doubt
from producer.show.slots import behind_comma, between_commas
from producer.show.svg.axis import time
from producer.show.svg.drawing import Drawing
from producer.show.svg.rows import Band, Frame, Key, Row, draw_bar, draw_rows
from producer.stats.ratios import RUNS_TO_CLAIM, Ratio, paired
from producer.words import SPACE, are, counted, seconds, times

INTERVAL = Key(f"95{SPACE}% interval", "ink", "interval")
RANGE = Key(f"from the shortest to the longest of fewer than {RUNS_TO_CLAIM} runs", "ink", "line")
LIMIT = Key("physical limit, estimated", "ink", "diamond")
ONE_CORE = Key("limit on one core (GIL, or one thread)", "ink", "post")


@dataclass(frozen=True, slots=True)
class Bar:
    """A makespan with its interval, and the limit that nothing can beat, as estimated; in seconds."""

    entry: Entry
    #: The median makespan.
    value_s: float
    shortest_s: float
    longest_s: float
    #: The geometric mean, with its 95% interval from five runs on.
    mean_s: Ratio
    limit_s: float

    @property
    def ends_s(self) -> tuple[float, float]:
        """The ends of the interval; from fewer than five runs, the shortest and the longest makespan."""
        if self.mean_s.low is None or self.mean_s.high is None:
            return self.shortest_s, self.longest_s
        return self.mean_s.low, self.mean_s.high

    @property
    def reach_s(self) -> float:
        """The largest time at which anything of the bar is drawn."""
        return max(self.value_s, self.ends_s[1], self.limit_s, self.one_core_limit_s or 0.0)

    @property
    def one_core_limit_s(self) -> float | None:
        """The limit where the GIL, or the thread of an event loop, holds it to one core; None elsewhere."""
        return self.entry.summary.one_core_limit_s


def chart(field: Field, shared: Shared = ALONE) -> Chart | None:
    """Show how long each contender took; None without a valid run."""
    bars = derive(field.entries)
    if not bars:
        return None
    return Chart(
        "How long it took",
        f"Makespan: from the first job enqueued to the last one finished. {_ends(bars)} Shorter is better. "
        f"{describe_limits([bar.entry.summary for bar in bars])}",
        describe(bars),
        (Picture("makespan", "makespan", partial(draw, bars, longest_s=shared.longest_s)),),
    )


def derive(entries: Sequence[Entry]) -> list[Bar]:
    """Make a bar of each contender with a valid run."""
    bars = []
    for entry in entries:
        row, made = entry.summary, entry.makespans_s
        mean = paired(made, dict.fromkeys(made, 1.0))
        if row.makespan_s is not None and row.limit_s is not None and mean is not None:
            ends = min(made.values()), max(made.values())
            bars.append(Bar(entry, row.makespan_s, *ends, mean, row.limit_s))
    return bars


def describe(bars: Sequence[Bar]) -> str:
    """Say who was fastest, how sure that is, and how far it is from the physical limit."""
    best, last = bars[0], bars[-1]
    if len(bars) == 1:
        return f"{best.entry.name} took {seconds(best.value_s)}; {describe_reached(best.entry.summary)}."
    ratio = measure_ratio(last.entry, best.entry)
    longer = (
        f", {times(ratio.value)} as long{which_mean(ratio.value, last.value_s / best.value_s)}"
        if ratio
        else ""
    )
    spread = (
        f"{best.entry.name} was the shortest with {seconds(best.value_s)}, {last.entry.name} the longest "
        f"with {seconds(last.value_s)}{longer}"
        f"{behind_comma(last.entry.summary.slots, best.entry.summary.slots)}"
    )
    return f"{spread}; {_how_sure(best, bars[1])}; {describe_reached(best.entry.summary)}."


def draw(bars: Sequence[Bar], frame: Frame, longest_s: float | None = None) -> Drawing:
    """Draw the bars with intervals and limits; an axis that ends at `longest_s` is comparable with others."""
    axis = time("makespan", max(longest_s or 0.0, *(bar.reach_s for bar in bars)))
    rows = [Row(str(bar.entry.name), seconds(bar.value_s), _tip(bar)) for bar in bars]

    def paint(drawing: Drawing, place: int, band: Band) -> None:
        bar = bars[place]
        draw_bar(drawing, band, bar.value_s, choose_colour(bar.entry))
        _draw_whisker(drawing, band, bar)
        if bar.one_core_limit_s is not None:
            x = band.x(bar.one_core_limit_s)
            drawing.line(x, band.top - 2, x, band.top + band.height + 2, "paper", 5)
            drawing.line(x, band.top - 2, x, band.top + band.height + 2, "ink", 3)
        drawing.diamond(band.x(bar.limit_s), band.middle, 6)

    keys = [*list_families(bar.entry for bar in bars), *_whisker_keys(bars), LIMIT]
    keys += [ONE_CORE] if any(bar.one_core_limit_s is not None for bar in bars) else []
    return draw_rows(frame, axis, rows, keys, paint)


def _ends(bars: Sequence[Bar]) -> str:
    if any(bar.mean_s.claims for bar in bars):
        ends = f"at the median of its runs; the line is the 95{SPACE}% interval of their geometric mean"
    elif any(bar.mean_s.runs > 1 for bar in bars):
        ends = "at the median of its runs; the line reaches from the shortest to the longest"
    else:
        ends = "at its only run"
    return f"A bar ends {ends}."


def _how_sure(best: Bar, second: Bar) -> str:
    ratio = measure_ratio(best.entry, second.entry)
    if ratio is None or not ratio.claims:
        runs = ratio.runs if ratio else 0
        return f"{counted(runs, 'run')} of each {are(runs)} too few to claim a difference"
    if not ratio.shown:
        return f"between {best.entry.name} and {second.entry.name} no difference is shown"
    slots = between_commas(best.entry.summary.slots, second.entry.summary.slots)
    return f"that {best.entry.name} is faster than {second.entry.name}{slots} is shown"


def _draw_whisker(drawing: Drawing, band: Band, bar: Bar) -> None:
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
    lines.append(f"limit {seconds(bar.limit_s)}, estimated{write_doubt(row)}: {write_share_of_limit(row)}")
    if bar.one_core_limit_s is not None:
        lines.append(f"limit on one core {seconds(bar.one_core_limit_s)}")
    return "\n".join(lines)
