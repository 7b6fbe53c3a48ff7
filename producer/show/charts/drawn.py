"""The charts with a row for each contender; makespans have a module of their own."""

from __future__ import annotations

from collections.abc import Sequence

from producer.show.charts.data import Cost, Pace, Split, Spreads
from producer.show.charts.families import colour, families
from producer.show.svg.axis import Axis, amount, time, time_log
from producer.show.svg.drawing import Drawing
from producer.show.svg.rows import Band, Frame, Key, Row, rows_chart
from producer.words import counted, digits, mebibytes, seconds


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
        rows.append(Row(str(one.entry.name), f"{ends[0]} … {ends[2]}", tip))

    def paint(drawing: Drawing, place: int, band: Band) -> None:
        one = spreads.rows[place]
        _hill(drawing, band, edges, one.shares, colour(one.entry))
        for value in (one.latency_ms.p50, one.latency_ms.p99):
            x = band.x(value / 1000)
            drawing.line(x, band.top, x, band.top + band.height, "ink", 2)

    keys = families(one.entry for one in spreads.rows)
    percentiles = Key("half of the jobs (p50), 99 of 100 (p99)", "ink", "line")
    return rows_chart(frame, axis, rows, [*keys, percentiles], paint)


def waits(splits: Sequence[Split], frame: Frame) -> Drawing:
    """What the mean latency consists of."""
    axis = time("mean latency of a job", max(one.wait_s + one.service_s for one in splits))
    rows = [
        Row(
            str(one.entry.name),
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
        drawing.rect(middle, band.top, end - middle, band.height, colour(one.entry))

    done = [
        Key(key.text.replace("in ", "being done in ").replace("through", "being done through"), key.colour)
        for key in families(one.entry for one in splits)
    ]
    return rows_chart(frame, axis, rows, [Key("waiting in the queue", "wait"), *done], paint)


def pace(paces: Sequence[Pace], frame: Frame) -> Drawing:
    """When jobs were finished; each contender against its own makespan and its own best."""
    axis = Axis("time since the first job was enqueued, in % of the contender's own makespan", 0, 1, 100)
    if frame.above:
        axis = Axis("time, in % of the contender's own makespan", 0, 1, 100)
    rows = [
        Row(
            str(one.entry.name),
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
        _hill(drawing, band, edges, one.finished, colour(one.entry))

    return rows_chart(frame, axis, rows, families(one.entry for one in paces), paint)


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
        Row(str(one.entry.name), text, f"{one.entry.name}\n{axis.title}: {text}")
        for one, text in zip(costs, texts, strict=True)
    ]

    def paint(drawing: Drawing, place: int, band: Band) -> None:
        start = band.x(0)
        if values[place]:
            end = band.x(values[place])
            drawing.rect(start, band.top, end - start, band.height, colour(costs[place].entry), opacity=0.85)

    return rows_chart(frame, axis, rows, [], paint)


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
