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
from dataclasses import dataclass
from itertools import product

import numpy as np

from producer.contender_name import ContenderName
from producer.results import Result, WorkloadResult
from producer.stats.ratios import Ratio, paired
from producer.stats.summary import makespan_s, runs_by_contender

#: The fewest points to which a law is fitted.
POINTS_TO_FIT = 5
#: A law that leaves more than this of the variance unexplained describes something else.
GOOD_FIT = 0.9


@dataclass(frozen=True, slots=True)
class Point:
    """One contender at one concurrency."""

    slots: int
    makespan_s: float
    #: Jobs per second, with its interval.
    throughput: Ratio
    #: Throughput / that of the curve's first point, round by round, with its interval.
    gain: Ratio
    #: The gain if twice the slots did twice the work.
    ideal: float


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
    """One way of running jobs, over all its concurrencies."""

    #: "celery:gevent", or "threads [3.13t]": a name without slots.
    way: ContenderName
    points: tuple[Point, ...]
    #: The concurrency at which more slots stop paying; None where the curve has no knee.
    knee: int | None
    #: Whether some concurrency is shown to be faster than the first.
    scales: bool
    #: None from fewer than five points.
    law: Law | None

    @property
    def law_holds(self) -> bool:
        """Whether the law describes the curve well enough to be drawn."""
        return self.law is not None and self.law.r_squared >= GOOD_FIT

    @property
    def best(self) -> int:
        """The concurrency of the highest throughput."""
        return max(self.points, key=lambda point: point.throughput.value).slots


def curves(result: Result, workload: WorkloadResult) -> list[Curve]:
    """Make a curve of every way that ran at two concurrencies or more."""
    by_way: dict[ContenderName, dict[int, dict[int, float]]] = {}
    for name, runs in runs_by_contender(result, workload.name).items():
        makespans = {run.round: makespan_s(run) for run in runs if run.valid}
        if makespans:
            by_way.setdefault(name.without_slots(), {})[runs[0].slots] = makespans
    return [
        _curve(way, by_slots, workload.jobs)
        for way, by_slots in sorted(by_way.items(), key=lambda item: str(item[0]))
        if len(by_slots) > 1
    ]


def _curve(way: ContenderName, by_slots: Mapping[int, Mapping[int, float]], jobs: int) -> Curve:
    first = min(by_slots)
    points = []
    for slots, makespans in sorted(by_slots.items()):
        throughput = paired(dict.fromkeys(makespans, float(jobs)), makespans)
        gain = paired(by_slots[first], makespans)
        if throughput and gain:
            median = float(np.median(list(makespans.values())))
            points.append(Point(slots, median, throughput, gain, slots / first))
    best = max(points, key=lambda point: point.gain.value)
    scales = best.gain.shown and best.gain.value > 1
    axis = [point.slots for point in points]
    rates = [point.throughput.value for point in points]
    return Curve(way, tuple(points), knee(axis, rates) if scales else None, scales, fit(axis, rates))


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
