"""Calls of one function in this process, one after the other, and what many of them leave behind."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from time import monotonic

from producer.measure.holdings import Room, holdings, private_bytes, settled
from producer.measure.outcomes import Outcome, make_call
from worker.jobs import Call

#: Seconds after which no more calls are made, also where they should be more.
TOO_LONG_S = 10.0
#: Calls after which memory no longer grows because they are the first ones, and the seconds they may take.
WARM_UP, WARM_UP_S = 20, 1.0
#: Calls whose memory is watched, and for how long, in seconds.
LEAST_GROWTH, MOST_GROWTH, GROWTH_S = 2, 1000, 4.0
#: The share of the room for what is left behind that is taken before that is watched.
ROOM_BEFORE = 0.3


class RepeatedCalls:
    """Calls with the lines' arguments, one after the other, and again from the first."""

    def __init__(self, jobs: Sequence[Call], beat: Callable[[], object]) -> None:
        self._jobs, self._beat = jobs, beat
        self.made = 0

    def __call__(self) -> Outcome:
        job = self._jobs[self.made % len(self._jobs)]
        self.made += 1
        outcome = make_call(job)
        self._beat()
        return outcome

    def repeat(
        self, do: Callable[[], object], least: int, most: int, seconds: float, room: Room | None = None
    ) -> None:
        """Do it at least so often, then until it was often enough, the time is up, or no room is left."""
        began = monotonic()
        for number in range(most):
            taken_s = monotonic() - began
            enough = number >= least and (taken_s > seconds or (room and not room.is_left(ROOM_BEFORE)))
            if number and (enough or taken_s > TOO_LONG_S):
                return
            do()


def watch_growth(calls: RepeatedCalls, mean_s: float, room: Room) -> dict[str, int]:
    """Make many calls, and see what they leave behind; nothing where not even two fit in the time."""
    planned = min(MOST_GROWTH, int(GROWTH_S / max(mean_s, 1e-9)))
    planned = planned if planned >= LEAST_GROWTH else 0
    if planned:
        calls.repeat(calls, 0, max(WARM_UP - calls.made, 0), WARM_UP_S, room)
    gc.collect()
    before, memory = holdings(), [(0, private_bytes())]
    until, runs = monotonic() + 1.5 * GROWTH_S, 0
    while runs < planned and (runs < LEAST_GROWTH or (monotonic() < until and room.is_left())):
        calls()
        runs += 1
        # After 1, 2, 4, 8, ... calls: wherever they have to stop, there was a look near their half.
        if runs >= 2 * memory[-1][0]:
            gc.collect()
            memory.append((runs, private_bytes()))
    gc.collect()
    after, at_end = settled(before), private_bytes()
    _, at_half = min(memory, key=lambda look: abs(look[0] - runs / 2))
    return {
        "growth_runs": runs,
        "growth_bytes": max(at_end - memory[0][1], 0),
        "growth_late_bytes": max(at_end - at_half, 0),
        "sockets_left": max(after.sockets - before.sockets, 0),
        "files_left": max(after.files - before.files, 0),
        "threads_left": max(after.threads - before.threads, 0),
    }
