"""Works out how long an exhibition takes if nothing takes longer than it must. Nothing waits here.

Whoever is free takes the board that has waited for longest: each Judit among the boards where it is her move,
each slot among those where it is an opponent's. So it holds for any number of Judits, opponents and slots.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence


def ideal_s(
    plies: Sequence[int],
    *,
    judits: int,
    slots: int,
    judit_s: float,
    opponent_s: float,
    in_turn: bool = False,
) -> float:
    """Return the seconds from the first thought to the end of the last one.

    `plies` are the half-moves of each game; `slots` says how many opponents can think at once. In turn, each
    Judit stays at a board until its game is over; otherwise all games begin at once.
    """
    think_s, free = (judit_s, opponent_s), [judits, slots]
    later = deque(range(min(judits, len(plies)) if in_turn else len(plies), len(plies)))
    waiting = (deque((board, 0) for board in range(len(plies) - len(later))), deque[tuple[int, int]]())
    #: Thoughts by their ends; those that end together, in the order in which they began.
    thoughts: list[tuple[float, int, int, int]] = []
    now_s, begun = 0.0, 0
    while True:
        for side in (0, 1):
            while free[side] and waiting[side]:
                board, ply = waiting[side].popleft()
                free[side] -= 1
                heapq.heappush(thoughts, (now_s + think_s[side], begun, board, ply))
                begun += 1
        if not thoughts:
            return now_s
        now_s = thoughts[0][0]
        while thoughts and thoughts[0][0] <= now_s:
            _, _, board, ply = heapq.heappop(thoughts)
            free[ply % 2] += 1
            if ply + 1 < plies[board]:
                waiting[(ply + 1) % 2].append((board, ply + 1))
            elif later:
                waiting[0].append((later.popleft(), 0))
