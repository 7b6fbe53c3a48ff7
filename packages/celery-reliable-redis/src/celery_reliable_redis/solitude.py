"""Decides when a consumer takes nothing, for the sake of a suspect: a message that may kill whoever has it.

A suspect is taken by a consumer that has nothing else in hand, and takes nothing beside it. So it is alone
when it does harm, and no other message is counted, or started again, because of it.
"""

from __future__ import annotations

import time

from celery_reliable_redis.reservation import Reservation

#: Seconds for which a consumer takes nothing, so that its hands are empty when it takes a suspect. After
#: that the suspect waits behind the others once more.
MAKING_ROOM_S = 30.0
#: Seconds for which a consumer then lets suspects go by, and does not make room again: beside a job of hours
#: every other one would wait for it in vain. Unless its hands are empty before.
PASSING_S = 300.0
#: How long it takes nothing where there is nothing but suspects, in seconds.
REST_S = 0.5


class Solitude:
    """What one consumer does about suspects."""

    def __init__(self) -> None:
        self.end()

    def end(self) -> None:
        """Take whatever comes."""
        self._since = self._passes_until = 0.0
        self._has_suspect = False

    def begin(self, *, has_suspect: bool) -> None:
        """Take nothing until nothing is in hand: a suspect is next, or is in hand."""
        self._since = time.monotonic()
        self._has_suspect = has_suspect

    def choose(self, reservation: Reservation | None) -> str | None:
        """Return what to do with a suspect that is next, as `scripts.TAKE` says; None: take nothing."""
        passes = bool(self._passes_until) and time.monotonic() < self._passes_until
        if not self._since:
            if reservation is None or not reservation.held:
                return "alone"
            return "pass" if passes else "stop"
        if reservation is None or reservation.is_hand_empty:
            self.end()
            return "alone"
        if self._has_suspect or time.monotonic() - self._since < (REST_S if passes else MAKING_ROOM_S):
            return None
        if not passes:
            self._passes_until = time.monotonic() + PASSING_S
        self._since = 0.0
        return "pass"
