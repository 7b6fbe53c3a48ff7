"""Jobs of every kind in seeded random order: what a real queue looks like."""

from __future__ import annotations

import random
from dataclasses import replace

from producer.workloads import files, search, sieve, trapezoid, waits
from producer.workloads.maker import Maker, Recipe
from worker.jobs import Job

_PARTS = (files.MAKER, waits.MAKER, search.MAKER, trapezoid.MAKER, sieve.MAKER)


def make(recipe: Recipe) -> tuple[Job, ...]:
    """Make an equal share of each kind; the first kinds take what cannot be shared equally.

    Raises:
        DataError: there are no data files, or they cannot be listed.
    """
    share, rest = divmod(recipe.jobs, len(_PARTS))
    jobs: list[Job] = []
    for place, part in enumerate(_PARTS):
        size = share + (place < rest)
        if size:
            jobs += part.make(replace(recipe, jobs=size))
    random.Random(recipe.seed).shuffle(jobs)
    return tuple(jobs)


MAKER = Maker(
    description="files, waits, searches, integrals and primes, shuffled",
    bound="mixed",
    jobs=60,
    make=make,
)
