"""Moves delayed messages into their queues when they are due. Knows Redis, knows no kombu.

Every consumer does so for the queues it takes from, in the heartbeat's thread: whoever comes first. Nobody
polls. A script says when the next message is due, and the thread sleeps until then; a message that is sent
meanwhile is due after its next look (`LOOKS_PER_LEASE`), for what is due sooner is not delayed.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any, NamedTuple

import redis

from celery_reliable_redis import delay_scripts

#: Looks in one lease, at least.
LOOKS_PER_LEASE = 4
#: Messages, and bytes of all but one, that one script moves: the server is busy for about a millisecond.
MOST, MOST_BYTES = 50, 512 * 1024
#: Seconds between two looks: so of many workers, and of many messages that are due one after the other, the
#: server is not asked more often by each.
LEAST_S = 0.01
#: Seconds until the next look after one has failed.
REST_S = 0.5


class DelayKeys(NamedTuple):
    """Where the delayed messages of a queue are."""

    due: str
    messages: str


def make_delay_keys(base: str, queue: str) -> DelayKeys:
    """Return the keys for a queue's key. `base` begins every key of the transport."""
    return DelayKeys(f"{base}due:{queue}", f"{base}delayed:{queue}")


class Release:
    """When to look for what is due in some queues. Used by one thread alone."""

    def __init__(self, base: str, lease_s: float) -> None:
        self._base = base
        self._longest_s = lease_s / LOOKS_PER_LEASE
        #: When to look again, by the monotonic clock.
        self.next_at = 0.0
        #: Which queue is looked at first: each in turn, so that a flood in one holds up no other.
        self._turn = 0

    def look(self, client: redis.Redis, queues: Collection[str]) -> int:
        """Release what is due in queues, given by their keys, if it is time to look. Returns how many."""
        now = time.monotonic()
        if now < self.next_at:
            return 0
        self.next_at = now + min(REST_S, self._longest_s)  # where there is none, or it fails
        if not queues:
            return 0
        self._turn = (self._turn + 1) % len(queues)
        in_turn = [*queues][self._turn :] + [*queues][: self._turn]
        keys = [key for queue in in_turn for key in (*make_delay_keys(self._base, queue), queue)]
        bounds = MOST, MOST_BYTES, int(LEAST_S * 1000)
        answer: Any = client.eval(delay_scripts.RELEASE, len(keys), *keys, *bounds)
        moved, wait_ms = answer
        wait_s = self._longest_s if wait_ms < 0 else max(wait_ms / 1000, LEAST_S)
        self.next_at = time.monotonic() + min(wait_s, self._longest_s)
        return int(moved)
