"""Do nothing, many times: what remains is what it costs to have anything done."""

from __future__ import annotations

from producer.workloads.maker import Maker, Recipe
from worker.jobs import NoOp


def make(recipe: Recipe) -> tuple[NoOp, ...]:
    """Make jobs that differ by their number alone."""
    return tuple(map(NoOp, range(recipe.jobs)))


MAKER = Maker(description="jobs that do nothing", bound="cores", jobs=1000, make=make)
