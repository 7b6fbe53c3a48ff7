"""Exchange messages between producers and consumers: the course's "Marsh Wintercress" and "Colemark Cove".

A job is a whole exchange, with producers and consumers of its own: threads, or tasks of an event loop. So
there are two levels: a contender's slots hold many exchanges at once, and each holds its producers, who wait
beside each other. Nothing travels between processes within a job: under `processes` and prefork an exchange
is threads in the one process that does it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from producer.workloads.maker import Maker, Recipe
from worker.answers import Answer, Exchanged
from worker.jobs import Exchange

PRODUCERS, CONSUMERS = 3, 2
#: Messages of each producer, and how many the buffer holds.
MESSAGES, CAPACITY = 8, 4
#: How long a producer waits before each message, in milliseconds.
PAUSE_MS = 2.0


def make(recipe: Recipe) -> tuple[Exchange, ...]:
    """Make exchanges that differ in their numbers alone."""
    rng = random.Random(recipe.seed)
    return tuple(
        Exchange(rng.getrandbits(32), PRODUCERS, CONSUMERS, MESSAGES, CAPACITY, PAUSE_MS)
        for _ in range(recipe.jobs)
    )


def summary(answers: Sequence[Answer]) -> str:
    """Say how many messages have arrived, of how many, and what their numbers add up to."""
    arrived = [answer for answer in answers if isinstance(answer, Exchanged)]
    sent = len(arrived) * PRODUCERS * MESSAGES
    return (
        f"{sum(answer.count for answer in arrived):,} of {sent:,} messages arrived, "
        f"their numbers add up to {sum(answer.total for answer in arrived):,}"
    )


MAKER = Maker(
    description=f"exchanges of {PRODUCERS * MESSAGES} messages between {PRODUCERS} producers, who wait "
    f"{PAUSE_MS:g} ms for each, and {CONSUMERS} consumers",
    bound="waiting",
    jobs=48,
    make=make,
    summary=summary,
)
