"""Decides when a consumer takes nothing, for the sake of a suspect: a message that may kill whoever has it.

A suspect is taken by a consumer that has nothing else in hand, and takes nothing beside it. So it is alone
when it does harm, and no other message is counted, or started again, because of it.
"""

from __future__ import annotations

import time

import redis

from celery_reliable_redis.redelivery import is_suspect
from celery_reliable_redis.reservation import Reservation

#: Seconds for which a consumer takes nothing, so that its hands are empty when it takes a suspect.
MAKING_ROOM_S = 30.0
#: Seconds for which suspects then wait behind the others, where that was in vain, unless its hands are empty
#: before: a long job must not keep a consumer from the others again and again.
PASSING_S = 10 * MAKING_ROOM_S
#: Seconds after which a consumer that has found nothing but suspects to pass looks again.
LOOK_S = 0.1
#: Seconds after which a consumer that makes room looks whether another has taken the suspect meanwhile.
STILL_THERE_S = 1.0


class Solitude:
    """What one consumer does about suspects."""

    def __init__(self) -> None:
        self._pass_until = 0.0
        self.end()

    def end(self) -> None:
        """Take whatever comes."""
        self._since = self._looked_at = 0.0
        self._has_suspect = False

    def begin(self, *, has_suspect: bool) -> None:
        """Take nothing until nothing is in hand: a suspect is next, or is in hand."""
        self._since = self._looked_at = time.monotonic()
        self._has_suspect = has_suspect

    @property
    def is_begun(self) -> bool:
        """Whether nothing is taken now."""
        return bool(self._since)

    def is_to_look(self) -> bool:
        """Return whether to look now if the suspect for which room is made is still there."""
        if not self._since or self._has_suspect or time.monotonic() - self._looked_at < STILL_THERE_S:
            return False
        self._looked_at = time.monotonic()
        return True

    def choose(self, reservation: Reservation | None) -> str | None:
        """Return what to do with a suspect that is next, as `scripts.TAKE` says; None: take nothing."""
        if not self._since:
            if reservation is None or not reservation.held:
                return "alone"
            return "pass" if self._is_passing else "stop"
        if reservation is None or reservation.is_hand_empty:
            self._pass_until = 0.0
            self.end()
            return "alone"
        patience_s = LOOK_S if self._is_passing else MAKING_ROOM_S
        if self._has_suspect or time.monotonic() - self._since < patience_s:
            return None
        if not self._is_passing:
            self._pass_until = time.monotonic() + PASSING_S
        self.end()
        return "pass"

    @property
    def _is_passing(self) -> bool:
        # Asked for each question, and almost always no: a clock is slower to read.
        return bool(self._pass_until) and time.monotonic() < self._pass_until


def is_suspect_next(client: redis.Redis, queues: list[str]) -> bool:
    """Return whether a suspect is next in one of the queues. Who may not look believes that it is."""
    with client.pipeline(transaction=False) as pipe:
        for queue in queues:
            pipe.lindex(queue, -1)
        ends = pipe.execute(raise_on_error=False)
    return any(isinstance(end, redis.ResponseError) or is_suspect(end or b"") for end in ends)
