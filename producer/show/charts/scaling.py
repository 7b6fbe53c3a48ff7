"""How throughput grows with concurrency, or along another axis: one small chart for each way."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from producer.show.charts.chart import ALONE, Chart, Picture, Shared
from producer.show.charts.entries import Field
from producer.show.charts.families import family_of
from producer.show.svg.axis import amount
from producer.show.svg.drawing import Drawing, text_width
from producer.show.svg.rows import Frame
from producer.stats.scaling import POINTS_TO_FIT, Curve, Point
from producer.words import SPACE, digits, listed

#: Height of the plot, and the room around it.
HEIGHT, TOP, LEFT, RIGHT = 200.0, 74.0, 52.0, 14.0
#: Pieces of which a curved line is drawn.
PIECES = 40


def chart(field: Field, _shared: Shared = ALONE) -> Chart | None:
    """Show how throughput changes along the axis; None where nothing ran at several places."""
    if not field.curves:
        return None
    return Chart(
        "How it scales" if field.curves[0].counts else f"What {field.curves[0].axis} changes",
        _how_to_read(field.curves),
        "\n".join(f"{curve.way}: {' '.join(describe(curve))}" for curve in field.curves),
        tuple(
            Picture(f"scaling-{curve.way}", f"scaling of {curve.way}", partial(draw, curve))
            for curve in field.curves
        ),
        beside=True,
    )


def describe(curve: Curve) -> Iterator[str]:
    """Say where the knee is, and what the law says, in a sentence each; of an option, what it changes."""
    if not curve.counts:
        yield _on_option(curve)
        return
    yield _on_knee(curve)
    yield _on_law(curve)


def draw(curve: Curve, frame: Frame) -> Drawing:
    """Draw the measured points with their intervals, the ideal, the knee, and the law where it fits."""
    drawing = Drawing(min(frame.width, 460))
    points = curve.points
    highest = max(point.throughput.high or point.throughput.value for point in points)
    axis = amount("jobs per second", highest)
    first, last = points[0].at, points[-1].at
    reach = drawing.width - LEFT - RIGHT

    def x(at: float) -> float:
        if not curve.counts:  # values of an option, 0 among them, stand at equal distances
            return LEFT + reach * [point.at for point in points].index(int(at)) / (len(points) - 1)
        return LEFT + reach * math.log(at / first) / math.log(last / first)

    def y(rate: float) -> float:
        return TOP + HEIGHT * (1 - axis.at(rate))

    for part, label in axis.ticks(4):
        height = TOP + HEIGHT * (1 - part)
        drawing.line(LEFT, height, drawing.width - RIGHT, height)
        drawing.text(LEFT - 6, height + 4, label, fill="soft", anchor="end")
    drawing.text(0, 16, str(curve.way), bold=True)
    _draw_keys(drawing, curve)
    drawing.text(0, TOP - 16, axis.title, fill="soft")

    def line(rate: Callable[[float], float], colour: str, *, dashed: bool = False) -> None:
        places = [first * (last / first) ** (piece / PIECES) for piece in range(PIECES + 1)]
        drawing.path(
            [(x(at), y(rate(at))) for at in places if rate(at) <= axis.high], colour, 1.2, dashed=dashed
        )

    if curve.counts:
        line(lambda at: points[0].throughput.value * at / first, "soft")
    if curve.law and curve.law_holds:
        line(curve.law.throughput, "ink", dashed=True)
    colour = family_of(curve.way).colour
    drawing.path([(x(point.at), y(point.throughput.value)) for point in points], colour, 2.2)
    for point in points:
        _draw_point(drawing, curve, point, x(point.at), y, colour)
    _draw_places(drawing, curve.axis, [(x(point.at), f"{point.at:,}") for point in points])
    return drawing


def _how_to_read(curves: Sequence[Curve]) -> str:
    claims = any(curve.points[0].throughput.claims for curve in curves)
    interval = f" with its 95{SPACE}% interval" if claims else ""
    knee = " The large diamond is the knee." if any(curve.knee for curve in curves) else ""
    law = ", the dashed line the fitted law" if any(curve.law_holds for curve in curves) else ""
    axis = curves[0].axis
    if not curves[0].counts:
        return f"Throughput at each value of {axis}{interval}."
    where = "at each concurrency" if axis == "slots" else f"with each number of {axis}"
    return (
        f"Throughput {where}{interval}.{knee} The thin grey line is what it would be if twice "
        f"the {axis} did twice the work{law}."
    )


def _on_knee(curve: Curve) -> str:
    first, last, noun = curve.points[0].at, curve.points[-1].at, curve.axis
    if not curve.points[0].gain.claims:
        return "Too few runs to claim that it scales, or does not: ask for --rounds 5 or more."
    if not curve.scales:
        return f"{_no(curve)} up to {last} is shown to be faster than {first}: nothing shows that it scales."
    if curve.knee is None and curve.best == last:
        return f"No knee (Kneedle) up to {last}: more {noun} still pay."
    if curve.knee is None:
        return f"No knee (Kneedle); {curve.best} was the fastest, and more {noun} did not pay any more."
    one = noun.removesuffix("s")
    return f"The knee (Kneedle) is at {curve.knee}: each {one} beyond it pays less than those before."


def _no(curve: Curve) -> str:
    return "No concurrency" if curve.axis == "slots" else f"No number of {curve.axis}"


def _on_option(curve: Curve) -> str:
    first, *others = curve.points
    if not first.gain.claims:
        what = f"that {curve.axis} makes a difference, or none"
        return f"Too few runs to claim {what}: ask for --rounds 5 or more."
    shown = [point for point in others if point.gain.shown]
    if not shown:
        return f"No {curve.axis} is shown to be faster or slower than {first.at}."
    faster = listed([str(point.at) for point in shown if point.gain.value > 1]) or "none"
    slower = listed([str(point.at) for point in shown if point.gain.value < 1]) or "none"
    return f"Shown to be faster than {curve.axis} {first.at}: {faster}; slower: {slower}."


def _on_law(curve: Curve) -> str:
    law = curve.law
    if law is None:
        what = "concurrencies" if curve.axis == "slots" else f"numbers of {curve.axis}"
        return f"No scalability law is fitted to fewer than {POINTS_TO_FIT} {what}."
    last = curve.points[-1].at
    beyond = ", which is beyond what was measured" if law.peak and law.peak > last else ""
    peak = f"a peak at {law.peak:,.0f} {curve.axis}{beyond}" if law.peak else "no peak"
    doubt = "" if curve.law_holds else "; too poor a fit to read anything into it"
    return (
        f"Universal Scalability Law: contention {law.contention:.3g}, coherency {law.coherency:.3g}, "
        f"{peak}, R² {law.r_squared:.3f}{doubt}."
    )


def _draw_keys(drawing: Drawing, curve: Curve) -> None:
    """What the large diamond and the thin lines are, above the plot."""
    x = drawing.width - RIGHT
    for text, there in (("knee", curve.knee is not None), ("law", curve.law_holds), ("ideal", curve.counts)):
        if not there:
            continue
        drawing.text(x, 36, text, fill="soft", anchor="end")
        x -= text_width(text) + 6
        if text == "knee":
            drawing.diamond(x - 6, 32, 6)
        else:
            law = text == "law"
            drawing.path([(x - 18, 32), (x, 32)], "ink" if law else "soft", 1.6, dashed=law)
        x -= 30


def _draw_point(
    drawing: Drawing, curve: Curve, point: Point, x: float, y: Callable[[float], float], colour: str
) -> None:
    rate = point.throughput
    if rate.low is not None and rate.high is not None:
        drawing.line(x, y(rate.low), x, y(rate.high), "ink", 1.4)
        for end in (y(rate.low), y(rate.high)):
            drawing.line(x - 3, end, x + 3, end, "ink", 1.4)
    knee = point.at == curve.knee
    where = f"{point.at} at once" if curve.axis == "slots" else f"{curve.axis} {point.at}"
    ideal = f"; ideal {digits(point.ideal)}" if point.ideal else ""
    tip = (
        f"{curve.way}, {where}{', the knee' if knee else ''}\n{digits(rate.value)} jobs/s, "
        f"{digits(point.gain.value)} times the first{ideal}"
    )
    drawing.diamond(x, y(rate.value), 8 if knee else 4, "ink" if knee else colour)
    drawing.hover(x - 12, TOP, 24, HEIGHT, tip)


def _draw_places(drawing: Drawing, axis: str, labels: Sequence[tuple[float, str]]) -> None:
    bottom = TOP + HEIGHT
    free = 0.0
    for x, label in labels:
        half = text_width(label) / 2
        if x - half >= free:
            drawing.text(x, bottom + 20, label, fill="soft", anchor="middle")
            free = x + half + 4
    drawing.text(LEFT, bottom + 40, axis, fill="soft")
    drawing.height = bottom + 48
