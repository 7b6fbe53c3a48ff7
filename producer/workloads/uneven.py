"""Mostly short waits and a few long ones: what prefetch does to short jobs that stand behind long ones."""

from __future__ import annotations

import random
from itertools import islice

from producer.workloads.maker import Maker, Recipe
from producer.workloads.search import positions
from producer.workloads.waits import OPENING
from worker.jobs import ChessMove

#: The shortest and the longest that a short job and a long one wait, in milliseconds.
SHORT_MS, LONG_MS = (5, 15), (500, 700)
#: One job in so many is long; the place among them is drawn.
ONE_IN = 30


def make(recipe: Recipe) -> tuple[ChessMove, ...]:
    """Make opponents of whom nearly all play at once, and a few think for long."""
    rng = random.Random(recipe.seed)
    long = {first + rng.randrange(ONE_IN) for first in range(0, recipe.jobs, ONE_IN)}
    fens = islice(positions(rng, OPENING), recipe.jobs)
    return tuple(
        ChessMove(
            fen,
            wait_ms=round(rng.uniform(*(LONG_MS if index in long else SHORT_MS)), 1),
            seed=rng.getrandbits(32),
        )
        for index, fen in enumerate(fens)
    )


MAKER = Maker(
    description=f"opponents who think for {SHORT_MS[0]} to {SHORT_MS[1]} ms, and one in {ONE_IN} for "
    f"{LONG_MS[0]} to {LONG_MS[1]} ms",
    bound="waiting",
    jobs=90,
    make=make,
)
