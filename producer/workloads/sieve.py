"""Count primes, segment by segment: the course's "Cave Betty".

Every segment has the same length, so more jobs reach further. There is nothing random about it: the
seed makes no difference.
"""

from __future__ import annotations

from collections.abc import Sequence

from producer.workloads.maker import Maker, Recipe
from worker.answers import Answer, PrimesCounted
from worker.jobs import Sieve

#: Numbers in each segment.
SEGMENT = 4_000_000


def make(recipe: Recipe) -> tuple[Sieve, ...]:
    """Make jobs for segments side by side, from 0 on."""
    return tuple(Sieve(i * SEGMENT, (i + 1) * SEGMENT) for i in range(recipe.jobs))


def summary(answers: Sequence[Answer]) -> str:
    """Say how many primes there are below the end of the last segment."""
    counts = [answer.count for answer in answers if isinstance(answer, PrimesCounted)]
    return f"pi({len(counts) * SEGMENT:,}) = {sum(counts):,}"


MAKER = Maker(
    description=f"primes counted with a sieve, {SEGMENT:,} numbers a segment",
    bound="cores",
    jobs=24,
    make=make,
    summary=summary,
)
