"""How throughput grows with concurrency: one small chart for each way."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from producer.show.charts.chart import ALONE, Chart, Picture, Shared
from producer.show.charts.entries import Field
from producer.show.svg.axis import amount
from producer.show.svg.drawing import Drawing, text_width
from producer.show.svg.rows import Frame
from producer.stats.scaling import POINTS_TO_FIT, Curve, Point
from producer.words import SPACE, digits

#: Height of the plot, and the room around it.
HEIGHT, TOP, LEFT, RIGHT = 200.0, 54.0, 46.0, 14.0
#: Pieces of which a curved line is drawn.
PIECES = 40


def chart(field: Field, _shared: Shared = ALONE) -> Chart | None:
    """Show how throughput grows with concurrency; None where nothing ran at several."""
    if not field.curves:
        return None
    return Chart(
        "How it scales",
        _how_to_read(field.curves),
        "\n".join(f"{curve.way}: {' '.join(describe(curve))}" for curve in field.curves),
        tuple(
            Picture(f"scaling-{curve.way}", f"scaling of {curve.way}", partial(draw, curve))
            for curve in field.curves
        ),
        beside=True,
    )


def describe(curve: Curve) -> Iterator[str]:
    """Say where the knee is, and what the law says, in a sentence each."""
    yield _on_knee(curve)
    yield _on_law(curve)


def draw(curve: Curve, frame: Frame) -> Drawing:
    """Draw the measured points with their intervals, the ideal, the knee, and the law where it fits."""
    drawing = Drawing(min(frame.width, 460))
    points = curve.points
    highest = max(point.throughput.high or point.throughput.value for point in points)
    axis = amount("jobs per second", highest)
    first, last = points[0].slots, points[-1].slots
    reach = drawing.width - LEFT - RIGHT

    def x(slots: float) -> float:
        return LEFT + reach * math.log(slots / first) / math.log(last / first)

    def y(rate: float) -> float:
        return TOP + HEIGHT * (1 - axis.at(rate))

    for part, label in axis.ticks(4):
        height = TOP + HEIGHT * (1 - part)
        drawing.line(LEFT, height, drawing.width - RIGHT, height)
        drawing.text(LEFT - 6, height + 4, label, fill="soft", size=12, anchor="end")
    drawing.text(0, 16, str(curve.way), bold=True)
    _draw_keys(drawing, curve)
    drawing.text(0, TOP - 16, axis.title, fill="soft", size=12)

    def line(rate: Callable[[float], float], colour: str) -> None:
        slots = [first * (last / first) ** (piece / PIECES) for piece in range(PIECES + 1)]
        drawing.path([(x(at), y(rate(at))) for at in slots if rate(at) <= axis.high], colour, 1.2)

    line(lambda slots: points[0].throughput.value * slots / first, "soft")
    if curve.law and curve.law_holds:
        line(curve.law.throughput, "good")
    colour = "celery" if curve.way.is_celery else "here"
    drawing.path([(x(point.slots), y(point.throughput.value)) for point in points], colour, 2.2)
    for point in points:
        _draw_point(drawing, curve, point, x(point.slots), y, colour)
    _draw_slots(drawing, [(x(point.slots), f"{point.slots:,}") for point in points])
    return drawing


def _how_to_read(curves: Sequence[Curve]) -> str:
    claims = any(curve.points[0].throughput.claims for curve in curves)
    interval = f" with its 95{SPACE}% interval" if claims else ""
    knee = " The large diamond is the knee." if any(curve.knee for curve in curves) else ""
    law = ", the green one the fitted law" if any(curve.law_holds for curve in curves) else ""
    return (
        f"Throughput at each concurrency{interval}.{knee} The thin grey line is what it would be if twice "
        f"the slots did twice the work{law}."
    )


def _on_knee(curve: Curve) -> str:
    first, last = curve.points[0].slots, curve.points[-1].slots
    if not curve.points[0].gain.claims:
        return "Too few runs to claim that it scales, or does not: ask for --rounds 5 or more."
    if not curve.scales:
        return (
            f"No concurrency up to {last} is shown to be faster than {first}: nothing shows that it scales."
        )
    if curve.knee is None and curve.best == last:
        return f"No knee (Kneedle) up to {last}: more slots still pay."
    if curve.knee is None:
        return f"No knee (Kneedle); {curve.best} was the fastest, and more slots did not pay any more."
    return f"The knee (Kneedle) is at {curve.knee}: each slot beyond it pays less than those before."


def _on_law(curve: Curve) -> str:
    law = curve.law
    if law is None:
        return f"No scalability law is fitted to fewer than {POINTS_TO_FIT} concurrencies."
    last = curve.points[-1].slots
    beyond = ", which is beyond what was measured" if law.peak and law.peak > last else ""
    peak = f"a peak at {law.peak:,.0f} slots{beyond}" if law.peak else "no peak"
    doubt = "" if curve.law_holds else "; too poor a fit to read anything into it"
    return (
        f"Universal Scalability Law: contention {law.contention:.3g}, coherency {law.coherency:.3g}, "
        f"{peak}, R² {law.r_squared:.3f}{doubt}."
    )


def _draw_keys(drawing: Drawing, curve: Curve) -> None:
    """What the large diamond and the thin lines are, in the corner."""
    x = drawing.width - RIGHT
    for text, there in (("knee", curve.knee is not None), ("law", curve.law_holds), ("ideal", True)):
        if not there:
            continue
        drawing.text(x, 16, text, fill="soft", size=12, anchor="end")
        x -= text_width(text, 12) + 6
        if text == "knee":
            drawing.diamond(x - 6, 12, 6)
        else:
            drawing.line(x - 14, 12, x, 12, "good" if text == "law" else "soft", 1.6)
        x -= 26


def _draw_point(
    drawing: Drawing, curve: Curve, point: Point, x: float, y: Callable[[float], float], colour: str
) -> None:
    rate = point.throughput
    if rate.low is not None and rate.high is not None:
        drawing.line(x, y(rate.low), x, y(rate.high), "ink", 1.4)
        for end in (y(rate.low), y(rate.high)):
            drawing.line(x - 3, end, x + 3, end, "ink", 1.4)
    knee = point.slots == curve.knee
    tip = (
        f"{curve.way}, {point.slots} at once{', the knee' if knee else ''}\n{digits(rate.value)} jobs/s, "
        f"{digits(point.gain.value)} times the first; ideal {digits(point.ideal)}"
    )
    drawing.diamond(x, y(rate.value), 8 if knee else 4, "ink" if knee else colour)
    drawing.hover(x - 12, TOP, 24, HEIGHT, tip)


def _draw_slots(drawing: Drawing, labels: Sequence[tuple[float, str]]) -> None:
    bottom = TOP + HEIGHT
    free = 0.0
    for x, label in labels:
        half = 4 * len(label)
        if x - half >= free:
            drawing.text(x, bottom + 18, label, fill="soft", size=12, anchor="middle")
            free = x + half + 4
    drawing.text(LEFT, bottom + 36, "slots", fill="soft", size=12)
    drawing.height = bottom + 44
