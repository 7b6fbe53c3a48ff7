"""The charts with a row for each contender."""

from __future__ import annotations

from collections.abc import Sequence

from producer.charts.data import Bar, Cost, Pace, Split, Spread, Spreads
from producer.charts.entries import Entry
from producer.drawing.axis import Axis, amount, time, time_log
from producer.drawing.rows import Band, Frame, Key, Row, rows_chart
from producer.drawing.svg import Drawing
from producer.words import counted, digits, mebibytes, percent, seconds

HERE, CELERY = Key("in this machine's own processes", "here"), Key("through Celery", "celery")


def makespans(bars: Sequence[Bar], frame: Frame, longest_s: float | None = None) -> Drawing:
    """Makespan bars with intervals and limits; `longest_s` makes charts side by side comparable."""
    axis = time("makespan", max(longest_s or 0.0, *(max(bar.high_s, bar.limit_s) for bar in bars)))
    rows = [Row(bar.entry.name, seconds(bar.value_s), _bar_tip(bar)) for bar in bars]

    def paint(drawing: Drawing, place: int, band: Band) -> None:
        bar = bars[place]
        end = band.x(bar.value_s)
        drawing.rect(band.x(0), band.top, end - band.x(0), band.height, _colour(bar.entry), opacity=0.85)
        _whisker(drawing, band, bar)
        drawing.diamond(band.x(bar.limit_s), band.middle, 6)

    keys = [*_families(bars), Key("from the shortest to the longest run", "ink", "line")]
    return rows_chart(frame, axis, rows, [*keys, Key("physical limit", "ink", "diamond")], paint)


def latencies(spreads: Spreads, frame: Frame) -> Drawing:
    """For each contender a hill: high where many of its jobs have their latency."""
    edges = spreads.edges_s
    axis = time_log("latency", edges[0], edges[-1])
    rows = []
    for one in spreads.rows:
        p = one.latency_ms
        ends = [seconds(value / 1000) for value in (p.p50, p.p95, p.p99, p.max)]
        tip = f"{one.entry.name}, {counted(p.n, 'job')}\n" + "\n".join(
            f"{name} {end}" for name, end in zip(("p50", "p95", "p99", "longest"), ends, strict=True)
        )
        rows.append(Row(one.entry.name, f"{ends[0]} … {ends[2]}", tip))

    def paint(drawing: Drawing, place: int, band: Band) -> None:
        one = spreads.rows[place]
        _hill(drawing, band, edges, one.shares, _colour(one.entry))
        for value in (one.latency_ms.p50, one.latency_ms.p99):
            x = band.x(value / 1000)
            drawing.line(x, band.top, x, band.top + band.height, "ink", 2)

    keys = [*_families(spreads.rows), Key("half of the jobs (p50), 99 of 100 (p99)", "ink", "line")]
    return rows_chart(frame, axis, rows, keys, paint)


def waits(splits: Sequence[Split], frame: Frame) -> Drawing:
    """What the mean latency consists of."""
    axis = time("mean latency of a job", max(one.wait_s + one.service_s for one in splits))
    rows = [
        Row(
            one.entry.name,
            f"{seconds(one.wait_s)} + {seconds(one.service_s)}",
            f"{one.entry.name}, mean of its jobs\nin the queue {seconds(one.wait_s)}"
            f"\nbeing done {seconds(one.service_s)}\nalone it takes {seconds(one.alone_s)}",
        )
        for one in splits
    ]

    def paint(drawing: Drawing, place: int, band: Band) -> None:
        one = splits[place]
        start, middle = band.x(0), band.x(one.wait_s)
        drawing.rect(start, band.top, middle - start, band.height, "wait")
        end = band.x(one.wait_s + one.service_s)
        drawing.rect(middle, band.top, end - middle, band.height, _colour(one.entry))

    done = [
        Key(key.text.replace("in ", "being done in ").replace("through", "being done through"), key.colour)
        for key in _families(splits)
    ]
    return rows_chart(frame, axis, rows, [Key("waiting in the queue", "wait"), *done], paint)


def pace(paces: Sequence[Pace], frame: Frame) -> Drawing:
    """When jobs were finished; each contender against its own makespan and its own best."""
    axis = Axis("time since the first job was enqueued, in % of the contender's own makespan", 0, 1, 100)
    if frame.above:
        axis = Axis("time, in % of the contender's own makespan", 0, 1, 100)
    rows = [
        Row(
            one.entry.name,
            f"peak {digits(max(one.rates))}/s",
            f"{one.entry.name}, one run of {seconds(one.makespan_s)}\n"
            f"mean {digits(sum(one.finished) / one.makespan_s)} jobs/s\npeak {digits(max(one.rates))} jobs/s",
        )
        for one in paces
    ]

    def paint(drawing: Drawing, place: int, band: Band) -> None:
        one = paces[place]
        steps = len(one.finished)
        edges = [step / steps for step in range(steps + 1)]
        _hill(drawing, band, edges, one.finished, _colour(one.entry))

    return rows_chart(frame, axis, rows, _families(paces), paint)


def speed(costs: Sequence[Cost], frame: Frame) -> Drawing:
    """Jobs per second."""
    values = [one.jobs_per_s for one in costs]
    return _plain(
        costs,
        values,
        [digits(value) for value in values],
        amount("speed, in jobs per second", max(values)),
        frame,
    )


def memory(costs: Sequence[Cost], frame: Frame) -> Drawing:
    """Peak memory, where it was in sight."""
    mib = [(one.memory_bytes or 0) / 2**20 for one in costs]
    texts = [mebibytes(one.memory_bytes) if one.memory_bytes else "not in sight" for one in costs]
    return _plain(costs, mib, texts, amount("peak memory, in MiB", max(mib)), frame)


def cpu(costs: Sequence[Cost], frame: Frame) -> Drawing:
    """CPU time for each job, where it was in sight."""
    values = [one.cpu_per_job_s or 0.0 for one in costs]
    texts = [seconds(value) if value else "too little to see" for value in values]
    return _plain(costs, values, texts, time("CPU time for each job", max(values)), frame)


def _plain(
    costs: Sequence[Cost], values: Sequence[float], texts: Sequence[str], axis: Axis, frame: Frame
) -> Drawing:
    rows = [
        Row(one.entry.name, text, f"{one.entry.name}\n{axis.title}: {text}")
        for one, text in zip(costs, texts, strict=True)
    ]

    def paint(drawing: Drawing, place: int, band: Band) -> None:
        start = band.x(0)
        if values[place]:
            end = band.x(values[place])
            drawing.rect(start, band.top, end - start, band.height, _colour(costs[place].entry), opacity=0.85)

    return rows_chart(frame, axis, rows, [], paint)


def _families(rows: Sequence[Bar | Spread | Split | Pace | Cost]) -> list[Key]:
    kinds = {row.entry.celery for row in rows}
    return [key for key, there in ((HERE, False in kinds), (CELERY, True in kinds)) if there]


def _colour(entry: Entry) -> str:
    return "celery" if entry.celery else "here"


def _whisker(drawing: Drawing, band: Band, bar: Bar) -> None:
    low, high = band.x(bar.low_s), band.x(bar.high_s)
    if high - low < 1:
        return
    drawing.line(low, band.middle, high, band.middle, "ink", 1.6)
    for x in (low, high):
        drawing.line(x, band.middle - 5, x, band.middle + 5, "ink", 1.6)


def _hill(
    drawing: Drawing, band: Band, edges: Sequence[float], heights: Sequence[float], colour: str
) -> None:
    # Steps, not a curve: between two counts nothing was measured.
    bottom, highest = band.top + band.height, max(heights) or 1
    points = [(band.x(edges[0]), bottom)]
    for left, right, height in zip(edges, edges[1:], heights, strict=False):
        y = bottom - band.height * height / highest
        points += [(band.x(left), y), (band.x(right), y)]
    drawing.area([*points, (band.x(edges[-1]), bottom)], colour, 0.85)
    drawing.line(band.x(edges[0]), bottom, band.x(edges[-1]), bottom, "soft")


def _bar_tip(bar: Bar) -> str:
    row = bar.entry.summary
    return (
        f"{row.contender}\nmakespan {seconds(bar.value_s)} ({seconds(bar.low_s)} to {seconds(bar.high_s)})\n"
        f"{counted(row.valid_runs, 'valid run')} of {row.runs}\nlimit {seconds(bar.limit_s)}, "
        f"reached to {percent(bar.limit_s / bar.value_s)}"
    )
