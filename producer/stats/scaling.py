"""How throughput grows with concurrency: the curve, its knee, and a fit of a law. Pure functions.

The knee is Kneedle's (Satopää, Albrecht, Irwin and Raghavan, "Finding a 'Kneedle' in a Haystack", 2011):
curve and axis are scaled to the unit square, and the knee is the point highest above the diagonal, if it
is higher than a mean step between points (sensitivity S = 1).

The law is Gunther's Universal Scalability Law ("Guerrilla Capacity Planning", 2007, chapter 4):
X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1)), contention sigma >= 0 and coherency kappa >= 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from producer.contender_name import Axis, ContenderName
from producer.results import Result, WorkloadResult
from producer.stats.ratios import Ratio, paired
from producer.stats.summary import makespan_s, runs_by_contender

#: The axes along which more can be expected to do more.
CONCURRENCY: tuple[Axis, ...] = ("slots", "workers")
#: The fewest points to which a law is fitted.
POINTS_TO_FIT = 5
#: Digits of the largest number that an option may have.
LONGEST_NUMBER = 9
#: A law that leaves more than this of the variance unexplained describes something else.
GOOD_FIT = 0.9


@dataclass(frozen=True, slots=True)
class Point:
    """One contender at one place on the axis."""

    #: The place: slots, workers, or the value of an option.
    at: int
    slots: int
    makespan_s: float
    #: Jobs per second, with its interval.
    throughput: Ratio
    #: Throughput / that of the curve's first point, round by round, with its interval.
    gain: Ratio
    #: The gain if twice the slots did twice the work; None along an option, of which nothing is expected.
    ideal: float | None


@dataclass(frozen=True, slots=True)
class Law:
    """The Universal Scalability Law as fitted to a curve."""

    #: Jobs per second of one slot.
    rate: float
    #: What is serial, and what each pair of slots costs; both 0 where it scales without end.
    contention: float
    coherency: float
    r_squared: float

    def throughput(self, slots: float) -> float:
        """Predict the jobs per second at that many slots."""
        cost = 1 + self.contention * (slots - 1) + self.coherency * slots * (slots - 1)
        return self.rate * slots / cost

    @property
    def peak(self) -> float | None:
        """The concurrency of the highest throughput, N* = sqrt((1 - sigma) / kappa); None without one."""
        if self.coherency <= 0 or self.contention >= 1:
            return None
        return math.sqrt((1 - self.contention) / self.coherency)


@dataclass(frozen=True, slots=True)
class Curve:
    """One way of running jobs, over all its places on the axis."""

    #: "celery:gevent", or "threads [3.13t]": a name without what the axis says.
    way: ContenderName
    points: tuple[Point, ...]
    #: The place at which more slots (or workers) stop paying; None where the curve has no knee.
    knee: int | None
    #: Whether some place is shown to be faster than the first.
    scales: bool
    #: None from fewer than five points, and along an option.
    law: Law | None
    axis: Axis = "slots"

    @property
    def law_holds(self) -> bool:
        """Whether the law describes the curve well enough to be drawn."""
        return self.law is not None and self.law.r_squared >= GOOD_FIT

    @property
    def best(self) -> int:
        """The place of the highest throughput."""
        return max(self.points, key=lambda point: point.throughput.value).at

    @property
    def counts(self) -> bool:
        """Whether the axis counts what works at the same time: slots or workers."""
        return self.axis in CONCURRENCY


def curves(result: Result, workload: WorkloadResult) -> list[Curve]:
    """Make a curve of every way that ran at two places on the axis or more."""
    by_way: dict[ContenderName, dict[int, tuple[int, dict[int, float]]]] = {}
    for name, runs in runs_by_contender(result, workload.name).items():
        makespans = {run.round: makespan_s(run) for run in runs if run.valid}
        place = place_on(result.axis, name, runs[0].slots)
        if makespans and place:
            by_way.setdefault(place[0], {})[place[1]] = (runs[0].slots, makespans)
    return [
        _curve(way, result.axis, places, workload.jobs)
        for way, places in sorted(by_way.items(), key=lambda item: str(item[0]))
        if len(places) > 1
    ]


def place_on(axis: Axis, name: ContenderName, slots: int) -> tuple[ContenderName, int] | None:
    """Split the name of a contender with so many slots into its way, and its place; None if it has none."""
    if axis == "slots":
        return (name.without_slots(), slots) if name.workers == 1 else None
    if axis == "workers":
        # One worker of one slot has a name without numbers.
        return replace(name, slots=max(slots // name.workers, 1), workers=1), name.workers
    value = dict(name.options).get(axis, "")
    if not value.isascii() or not value.isdigit() or len(value) > LONGEST_NUMBER:
        return None
    others = tuple(option for option in name.options if option[0] != axis)
    return replace(name, options=others), int(value)


def _curve(
    way: ContenderName, axis: Axis, places: Mapping[int, tuple[int, Mapping[int, float]]], jobs: int
) -> Curve:
    # A prefetch of 0 is none at all: no limit.
    ordered = sorted(places.items(), key=lambda item: (item[0] == 0, item[0]))
    first, (_, first_makespans) = ordered[0]
    points = []
    for at, (slots, makespans) in ordered:
        throughput = paired(dict.fromkeys(makespans, float(jobs)), makespans)
        gain = paired(first_makespans, makespans)
        if throughput and gain:
            median = float(np.median(list(makespans.values())))
            ideal = at / first if axis in CONCURRENCY else None
            points.append(Point(at, slots, median, throughput, gain, ideal))
    best = max(points, key=lambda point: point.gain.value)
    scales = best.gain.shown and best.gain.value > 1
    if axis not in CONCURRENCY:
        return Curve(way, tuple(points), None, scales, None, axis)
    line = [point.at for point in points]
    rates = [point.throughput.value for point in points]
    return Curve(way, tuple(points), knee(line, rates) if scales else None, scales, fit(line, rates), axis)


def knee(slots: Sequence[int], rates: Sequence[float]) -> int | None:
    """Find the knee of a rising curve, as Kneedle does; what comes after its peak is left out."""
    end = int(np.argmax(rates)) + 1
    if len(rates) < 3 or max(rates) <= rates[0]:
        return None
    # A curve that has turned down has its knee at the peak at the latest: keep one point beyond.
    x, y = np.array(slots[: end + 1], dtype=float), np.array(rates[: end + 1])
    if len(x) < 3:
        return None
    above = (y - y[0]) / (y.max() - y[0]) - (x - x[0]) / (x[-1] - x[0])
    place = int(np.argmax(above))
    return slots[place] if above[place] > 1 / (len(x) - 1) else None


def fit(slots: Sequence[int], rates: Sequence[float]) -> Law | None:
    """Fit the law with the least relative error; None from fewer than five points.

    N / X = (1 + sigma (N - 1) + kappa N (N - 1)) / lambda is linear in 1, N - 1 and N (N - 1). The signs
    are held by trying each of the last two with and without: with three unknowns that is exact.
    """
    if len(slots) < POINTS_TO_FIT:
        return None
    n, x = np.array(slots, dtype=float), np.array(rates)
    terms = np.stack([np.ones_like(n), n - 1, n * (n - 1)], axis=1) * (x / n)[:, None]
    solutions: list[tuple[float, np.ndarray[tuple[int], np.dtype[np.float64]]]] = []
    for mask in product((False, True), repeat=2):
        kept = np.array([True, *mask])
        solution = np.zeros(3)
        solution[kept] = np.linalg.lstsq(terms[:, kept], np.ones_like(n), rcond=None)[0]
        if solution[0] > 0 and (solution >= 0).all():
            solutions.append((float(((terms @ solution - 1) ** 2).sum()), solution))
    if not solutions:
        return None
    inverse, contention, coherency = min(solutions, key=lambda solution: solution[0])[1]
    law = Law(1 / inverse, contention / inverse, coherency / inverse, math.nan)
    left = sum((rate - law.throughput(slot)) ** 2 for slot, rate in zip(slots, rates, strict=True))
    total = float(((x - x.mean()) ** 2).sum())
    r_squared = 1 - left / total if total else 0.0
    return Law(float(law.rate), float(law.contention), float(law.coherency), float(r_squared))
