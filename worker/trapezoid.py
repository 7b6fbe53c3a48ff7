"""Integrates one piece of 3^(3x-1) by the trapezoidal rule (the course's "Twin Tongue").

Pure Python without numpy: the work is meant to keep the interpreter busy. Both twins add up the same
slices in the same order, so that their values are equal to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from worker.answers import Integral
from worker.deadline import UNLIMITED, Deadline
from worker.jobs import Trapezoid

#: The integral from 0 to 2.
EXACT = 728 / (9 * math.log(3))
#: Steps between two chances for others to run: about a millisecond of work.
SLICE_STEPS = 10_000


def integrate(job: Trapezoid, until: Deadline = UNLIMITED) -> Integral:
    """Add up the value of the piece."""
    return Integral(math.fsum(_slices(job, until)))


async def integrate_async(job: Trapezoid, until: Deadline = UNLIMITED) -> Integral:
    """Add up the same value, letting other tasks run after every slice.

    This is cooperation, not parallelism: the sum takes just as long.
    """
    from asyncio import sleep  # not at the top: a worker without an event loop needs no asyncio

    sums = []
    for value in _slices(job, until):
        sums.append(value)
        await sleep(0)
    return Integral(math.fsum(sums))


def _slices(job: Trapezoid, until: Deadline) -> Iterator[float]:
    """Yield terms that add up to the integral: the two ends, then the points between them slice by slice."""
    step = (job.upper - job.lower) / job.steps
    yield step * (_f(job.lower) + _f(job.upper)) / 2
    for first in range(1, job.steps, SLICE_STEPS):
        until.check()
        points = range(first, min(first + SLICE_STEPS, job.steps))
        yield step * math.fsum([_f(job.lower + i * step) for i in points])


def _f(x: float) -> float:
    # math.pow: without it mypy, and the reader, must wonder whether ** gives a complex number.
    return math.pow(3.0, 3.0 * x - 1.0)
