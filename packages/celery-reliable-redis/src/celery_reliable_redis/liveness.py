"""Whether the consuming side of this process can still reach the broker. Knows no Redis and no kombu.

A lease says that a consumer is at work, and a thread of its own renews it. That thread must not speak for a
consumer that hangs on a dead connection: with `socket_timeout: None`, perhaps for ever. Two signs together
say that it hangs: it has had no turn, and some call to the broker has not returned, for longer than any
answer takes. A job that computes or sleeps for an hour, while the event loop has no turn, is no such call.

A call counts whoever makes it, for the consumer may wait for a lock that its thread holds. So of two
consumers in one process, one at a long job is taken for one that hangs, while the other does.
"""

from __future__ import annotations

import time

from celery_reliable_redis.calls import longest_s

#: How long a consumer may hang in a call, in leases, beyond what a call may wait by design.
LEASES = 2


class Liveness:
    """The signs of life of one consumer."""

    def __init__(self, limit_s: float) -> None:
        """`limit_s`: how long a call to the broker may take, in seconds."""
        #: The same.
        self.limit_s = limit_s
        self._seen_at = time.monotonic()
        #: Whether its lease was once left to run out: others may have its messages since.
        self.was_given_up = False

    def give_up(self) -> None:
        """Note that the lease is left to run out."""
        self.was_given_up = True

    def note(self) -> None:
        """Note that the consumer has a turn."""
        self._seen_at = time.monotonic()

    def hangs_for(self) -> float:
        """Return for how many seconds the consumer and some call have been hanging; 0.0 where none does."""
        if time.monotonic() - self._seen_at <= self.limit_s:
            return 0.0
        hanging_s = longest_s()
        return hanging_s if hanging_s > self.limit_s else 0.0
