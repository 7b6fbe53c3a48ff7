"""Opponents who think, then move: nothing but waiting, as before a network or a human."""

from __future__ import annotations

import random
from itertools import islice

from producer.workloads.maker import Maker, Recipe
from producer.workloads.search import positions
from worker.jobs import ChessMove

#: The shortest and the longest time that an opponent thinks, in milliseconds.
SHORTEST_MS, LONGEST_MS = 10, 30
#: Half-moves played before the first of these positions.
OPENING = 4


def make(recipe: Recipe) -> tuple[ChessMove, ...]:
    """Make opponents at the boards of one exhibition, thinking for seeded random times."""
    rng = random.Random(recipe.seed)
    return tuple(
        ChessMove(fen, wait_ms=round(rng.uniform(SHORTEST_MS, LONGEST_MS), 1), seed=rng.getrandbits(32))
        for fen in islice(positions(rng, OPENING), recipe.jobs)
    )


MAKER = Maker(
    description=f"chess opponents who think for {SHORTEST_MS} to {LONGEST_MS} ms, then move",
    bound="waiting",
    jobs=60,
    make=make,
)
