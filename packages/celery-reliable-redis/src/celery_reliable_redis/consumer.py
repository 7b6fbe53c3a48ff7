"""A consumer as the server knows it: its name, its lease, its lists. It also looks after consumers that died.

Knows Redis, knows no kombu. What a consumer holds and gives back is `reservation`'s affair.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable
from typing import Any

import redis

from celery_reliable_redis import scripts
from celery_reliable_redis.redelivery import LONGEST, mark_redelivered
from celery_reliable_redis.servers import is_refusal, make_refused_error
from celery_reliable_redis.survey import Survey

#: The beginning of every key of this transport.
BASE = "reliable:"
#: How long a dead consumer is remembered, in seconds. Longer than a kernel goes on sending a command
#: that was written before its sender died (about 15 minutes): the command may still reserve a message.
REMEMBER_DEAD_S = 3600
#: Messages put back by one script, so that no script keeps the server busy for long.
PUT_BACK_AT_ONCE = 100


class Consumer:
    """One consumer, alive as long as it renews its lease."""

    def __init__(self, client: redis.Redis, prefix: str, lease_s: float, longest: int = LONGEST) -> None:
        """`client` is this consumer's own: only the threads that call the consumer use it."""
        self.client = client
        self.lease_s = lease_s
        #: The longest message that is read to be marked as redelivered, in bytes.
        self.longest = longest
        self.base = f"{prefix}{BASE}"
        self.id = f"{os.getpid()}-{uuid.uuid4().hex}"
        #: For each queue, the list into which messages from it are reserved.
        self.lists: dict[str, str] = {}
        #: The list by which this consumer can be woken.
        self.wake_key = f"{self.base}wake-{self.id}"
        self.registry = [f"{self.base}{name}" for name in ("consumers", "suspects", "queues")]
        self._survey: Survey | None = None

    def register(self, queues: Iterable[str]) -> None:
        """Let others know of the queues, before the first message is taken from them.

        Raises:
            UnsupportedServerError: the server refuses what will be asked of it.
        """
        lists = {queue: f"{self.base}{self.id}:{queue}" for queue in queues}
        try:
            self._renew(self.client, lists)
            keys = [*lists, *lists.values()]
            # Declared, for once: so the server says now which of them it would refuse later.
            self.client.eval(scripts.TAKE, len(keys), *keys, 0, 1, *keys)
            for key in lists.values():
                self.client.lrem(key, -1, "")
        except redis.ResponseError as error:
            raise make_refused_error(error) if is_refusal(error) else error from None
        self.lists = lists

    def renew(self, client: redis.Redis) -> None:
        """Prolong the lease; register again if somebody took this consumer for dead."""
        self._renew(client, self.lists)

    def _renew(self, client: redis.Redis, queues: Iterable[str]) -> None:
        lease_ms, as_json = int(self.lease_s * 1000), json.dumps(list(queues))
        is_due = client.eval(scripts.RENEW, 3, *self.registry, self.id, lease_ms, as_json)
        if is_due and self._survey is None:
            self._survey = Survey(self.base, self.registry)

    def rescue(self, client: redis.Redis) -> int:
        """Put the messages of dead consumers back to the head of their queues. Returns how many."""
        if self._survey is not None and self._survey.look_further(client):
            self._survey = None
        lease_ms, remember_ms = int(self.lease_s * 1000), REMEMBER_DEAD_S * 1000
        left: Any = client.eval(scripts.FIND_DEAD, 3, *self.registry, lease_ms, remember_ms, self.base)
        moved = 0
        for consumer, queue in zip(*[(x.decode() for x in left)] * 2, strict=True):
            try:
                raws: Any = client.lrange(f"{self.base}{consumer}:{queue}", 0, -1)
                moved += self.put_back(client, consumer, queue, raws, "dead")
            except redis.ResponseError as error:
                if not is_refusal(error):  # a queue to which others have the right
                    raise
        return moved

    def put_back(self, client: redis.Redis, consumer: str, queue: str, raws: list[bytes], why: str) -> int:
        """Put messages of a consumer ('dead', or our 'own') to the head of `queue`. Returns how many."""
        keys = [*self.registry[:2], f"{self.base}{consumer}:{queue}", queue]
        moved = 0
        for start in range(0, len(raws), PUT_BACK_AT_ONCE):
            batch = raws[start : start + PUT_BACK_AT_ONCE]
            pairs = [x for raw in batch for x in (raw, mark_redelivered(raw, self.longest))]
            count: Any = client.eval(scripts.PUT_BACK, 4, *keys, consumer, why, "head", *pairs)
            if count < 0:
                break
            moved += count
        return moved
