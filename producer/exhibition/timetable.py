"""The timetable of the exhibition: who moves when, if nothing takes longer than it must. Nothing waits here.

Judit Polgar plays 24 amateurs, as the course tells it: she needs 5 s for a move, an opponent 55 s, and a
game has 30 moves of each. One game after the other that is 24 x 30 x 60 s = 12 h. Going from table to
table, one move at each, it is 30 x 24 x 5 s = 1 h, and 55 s more until the last opponent has answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from worker.errors import InvalidJobError

#: Seconds that Judit and an opponent need for a move.
JUDIT_S, OPPONENT_S = 5, 55
OPPONENTS = 24
MOVES = 30
#: Opponents there may be: each is a thread in one of the designs.
MAX_OPPONENTS = 1_000
MAX_MOVES = 1_000
#: The shortest hour, in which nothing can be done in time, and the longest: as long as it really is.
LEAST_HOUR_S, MAX_HOUR_S = 1e-6, 3_600


@dataclass(frozen=True, slots=True)
class Move:
    """One move of Judit's and the answer to it, in seconds since the exhibition began."""

    #: Both count from 0.
    opponent: int
    number: int
    #: Judit starts to think, makes her move, and the opponent has answered.
    started_s: float
    moved_s: float
    replied_s: float


def schedule(
    opponents: int = OPPONENTS, moves: int = MOVES, simultaneous: bool = True, hour_s: float = 3600
) -> Iterator[Move]:
    """Yield the moves of an exhibition in which nothing takes longer than it must, in Judit's order.

    She starts a move when she is free and the board is hers again. Playing one game after the other
    she is not free before the answer; from table to table, before she has moved.

    Raises:
        InvalidJobError: a number makes no sense.
    """
    require_numbers(opponents, moves, hour_s)
    return _schedule(opponents, moves, simultaneous, hour_s / 3600)


def require_numbers(opponents: int, moves: int, hour_s: float) -> None:
    """Make sure that these are the numbers of an exhibition.

    Raises:
        InvalidJobError: one makes no sense.
    """
    if not 1 <= opponents <= MAX_OPPONENTS:
        raise InvalidJobError(f"Judit has 1 to {MAX_OPPONENTS:,} opponents, not {opponents:,} (--opponents)")
    if not 1 <= moves <= MAX_MOVES:
        raise InvalidJobError(f"a game has 1 to {MAX_MOVES:,} moves, not {moves:,} (--moves)")
    if not 0 < hour_s <= MAX_HOUR_S:
        raise InvalidJobError(
            f"an hour takes more than 0 and at most {MAX_HOUR_S:,} seconds, not {hour_s:g} (--hour)"
        )
    if hour_s < LEAST_HOUR_S:
        raise InvalidJobError(f"an hour takes at least {LEAST_HOUR_S:g} s (--hour)")


def _schedule(opponents: int, moves: int, simultaneous: bool, scale: float) -> Iterator[Move]:
    # Whole seconds until the end, so that nothing is lost in sums of small fractions.
    free, hers = 0, [0] * opponents
    for visit in range(opponents * moves):
        number, opponent = divmod(visit, opponents) if simultaneous else divmod(visit, moves)[::-1]
        start = max(free, hers[opponent])
        moved = start + JUDIT_S
        hers[opponent] = moved + OPPONENT_S
        free = moved if simultaneous else hers[opponent]
        yield Move(opponent, number, start * scale, moved * scale, hers[opponent] * scale)
