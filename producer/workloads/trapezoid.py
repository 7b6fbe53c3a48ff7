"""The integral of 3^(3x-1) from 0 to 2, cut into pieces: the course's "Twin Tongue" and "Colemark Cove".

Every piece has the same number of steps, so more jobs mean more work and a better value. There is
nothing random about it: the seed makes no difference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from producer.workloads.maker import Maker, Recipe
from worker import trapezoid
from worker.answers import Answer, Integral
from worker.jobs import Trapezoid

LOWER, UPPER = 0.0, 2.0
#: Steps of each piece.
STEPS = 150_000


def make(recipe: Recipe) -> tuple[Trapezoid, ...]:
    """Make pieces of equal width, from left to right, each beginning exactly where the last one ends."""
    width = UPPER - LOWER
    ends = [LOWER + width * i / recipe.jobs for i in range(recipe.jobs + 1)]
    return tuple(Trapezoid(ends[i], ends[i + 1], STEPS) for i in range(recipe.jobs))


def summary(answers: Sequence[Answer]) -> str:
    """State the whole integral beside its exact value."""
    value = math.fsum(answer.value for answer in answers if isinstance(answer, Integral))
    exact = trapezoid.EXACT
    return f"integral {value:.10f}, exact {exact:.10f}, error {abs(value - exact):.1e}"


MAKER = Maker(
    description=f"the integral of 3^(3x-1) by the trapezoidal rule, {STEPS:,} steps a piece",
    bound="cores",
    jobs=24,
    make=make,
    summary=summary,
)
