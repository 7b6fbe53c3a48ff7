"""Accounts for the time of an exhibition: of what it consists, thought by thought.

From the last move one goes back: what did it wait for? For its board, if a player was free; for its player,
if the board was there. So each moment belongs to a thought, or to what lay between two of them.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from producer.exhibition.moves import MoveMade, Played
from producer.exhibition.program import Program

#: The names of the parts of a difference to the ideal.
PARTS = {
    "messages": "messages_s",
    "queue wait": "queue_s",
    "start-up": "startup_s",
    "longer thoughts": "overshoot_s",
    "another order": "order_s",
}


@dataclass(frozen=True, slots=True)
class Account:
    """Where the time went, in seconds; the sum is what was measured."""

    #: What must be: the ideal.
    ideal_s: float
    #: Until the first thought began.
    startup_s: float
    #: From one move to where the next one's board is: over a broker, records and messages.
    messages_s: float
    #: There, until its player begins.
    queue_s: float
    #: By how much thoughts lasted longer than they had to: timers, and computing. Below 0 where some were
    #: shortened because others had been late.
    overshoot_s: float
    #: By how much more, or less, was thought along this way than along the ideal one: boards came in another
    #: order.
    order_s: float

    @property
    def parts(self) -> dict[str, float]:
        """What the difference to the ideal consists of, by its name, in seconds."""
        return {what: getattr(self, field) for what, field in PARTS.items()}

    @property
    def total_s(self) -> float:
        """What was measured."""
        return float(sum(dataclasses.astuple(self)))


def account(played: Played, program: Program, ideal_s: float) -> Account:
    """Account for an exhibition that was played to its end."""
    way = _critical_way(played)
    think_s = (program.judit_s, program.opponent_s)
    messages_s = queue_s = 0.0
    for before, after in pairwise(way):
        came_s = min(after.received_s, after.started_s)
        if came_s > before.finished_s:
            messages_s += came_s - before.finished_s
            queue_s += after.started_s - came_s
        else:  # it lay there; its player was still busy with the record and the message of the move before
            messages_s += after.started_s - before.finished_s
    return Account(
        ideal_s=ideal_s,
        startup_s=way[0].started_s - played.began_s,
        messages_s=messages_s,
        queue_s=queue_s,
        overshoot_s=sum(move.finished_s - move.started_s - think_s[move.ply % 2] for move in way),
        order_s=sum(think_s[move.ply % 2] for move in way) - ideal_s,
    )


def _critical_way(played: Played) -> list[MoveMade]:
    """Return the moves of which each began when the one before it let it, from the first to the last."""
    at = {(move.board, move.ply): move for move in played.moves}
    lasts = _Made([move for move in played.moves if (move.board, move.ply + 1) not in at])
    players = (played.judits, played.slots)
    releases = [_releases([m for m in played.moves if m.ply % 2 == side], players[side]) for side in (0, 1)]
    move = max(played.moves, key=_finish)
    way = [move]
    while True:
        # Its board was there, and a player was free: it began at the later of the two.
        board = at[move.board, move.ply - 1] if move.ply else lasts.before(move.handed_s)
        player = releases[move.ply % 2].before(move.started_s)
        # Earlier, too, than this one's own end: a move of no time, as records may say, is no cause of itself.
        causes = [
            cause
            for cause in (board, player)
            if cause and cause.finished_s <= move.started_s and cause.finished_s < move.finished_s
        ]
        if not causes:
            return way[::-1]
        move = max(causes, key=_finish)
        way.append(move)


class _Made:
    """Moves in the order in which they were made."""

    def __init__(self, moves: Iterable[MoveMade]) -> None:
        self._moves = sorted(moves, key=_finish)
        self._ends = [move.finished_s for move in self._moves]

    def before(self, moment_s: float) -> MoveMade | None:
        """Return the last that was made by then."""
        place = bisect_right(self._ends, moment_s)
        return self._moves[place - 1] if place else None


def _releases(moves: Sequence[MoveMade], players: int) -> _Made:
    """Return the moves after which a player was free, when none had been before."""
    starts = sorted(move.started_s for move in moves)
    ends = sorted(map(_finish, moves))
    return _Made(
        move
        for move in moves
        if bisect_left(starts, move.finished_s) - bisect_left(ends, move.finished_s) >= players
    )


def _finish(move: MoveMade) -> float:
    return move.finished_s
