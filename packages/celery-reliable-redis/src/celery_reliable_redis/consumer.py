"""A consumer as the server knows it: its name, its lease, its lists. It also looks after consumers that died.

Knows Redis, knows no kombu. What a consumer holds and gives back is `reservation`'s affair.
"""

from __future__ import annotations

import json
import os
import socket
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import redis

from celery_reliable_redis import lease_scripts, scripts
from celery_reliable_redis.counters import counters
from celery_reliable_redis.parts import Parts
from celery_reliable_redis.returning import DEFAULT, Returns, Rules
from celery_reliable_redis.servers import is_refusal, make_refused_error
from celery_reliable_redis.survey import Survey

#: The beginning of every key of this transport.
BASE = "reliable:"
#: How long a dead consumer is remembered, in seconds. Longer than a kernel goes on sending a command
#: that was written before its sender died (about 15 minutes): the command may still reserve a message.
REMEMBER_DEAD_S = 3600
#: Lists of dead consumers that one look finds; there is another look at once.
LISTS_AT_ONCE = 20


class Consumer:
    """One consumer, alive as long as it renews its lease."""

    def __init__(self, client: redis.Redis, prefix: str, lease_s: float, rules: Rules = DEFAULT) -> None:
        """`client` is this consumer's own: only the threads that call the consumer use it."""
        self.client = client
        self.lease_s = lease_s
        self.base = f"{prefix}{BASE}"
        self.id = f"{os.getpid()}-{uuid.uuid4().hex}"
        #: For each queue, the lists into which messages from it are reserved.
        self.lists: dict[str, Parts] = {}
        #: The list by which this consumer can be woken.
        self.wake_key = f"{self.base}wake-{self.id}"
        self.registry = [f"{self.base}{name}" for name in ("consumers", "suspects", "queues")]
        #: How messages go back.
        self.returns = Returns(self.registry[:2], rules)
        self._survey: Survey | None = None
        #: Lists of dead consumers that we cannot put back, and those of them that we may not.
        self._stuck: set[str] = set()
        self._refused: set[str] = set()

    def register(self, queues: Iterable[str]) -> None:
        """Let others know of the queues, before the first message is taken from them.

        Raises:
            UnsupportedServerError: the server refuses what will be asked of it.
        """
        lists = {queue: self.lists.get(queue) or Parts(self.base, self.id, queue) for queue in queues}
        currents = [parts.current for parts in lists.values()]
        try:
            self._renew(self.client, _count(lists), "new")
            asides = {self.returns.rules.find_dead_key(queue) for queue in lists}
            keys = [*lists, *currents, *asides]
            # Declared, for once: so the server says now which of them it would refuse later.
            self.client.eval(scripts.TAKE, len(keys), *keys, 0, 1, "stop", *lists, *currents)
            for key in currents:
                self.client.lrem(key, -1, "")
        except redis.ResponseError as error:
            raise make_refused_error(error) if is_refusal(error) else error from None
        self.lists = lists

    def make_room(self) -> None:
        """Begin another list for each queue of which no list has room, and let others know of it first."""
        full = [queue for queue, parts in self.lists.items() if parts.is_full()]
        if not full:
            return
        counts = _count(self.lists)
        for queue in full:
            counts[queue] += 1
        self._renew(self.client, counts, "new")
        for queue in full:
            self.lists[queue].grow()

    def renew(self, client: redis.Redis) -> None:
        """Prolong the lease; register again if somebody took this consumer for dead."""
        self._renew(client, _count(self.lists), "known")

    def _renew(self, client: redis.Redis, counts: dict[str, int], state: str) -> None:
        lease_ms = int(self.lease_s * 1000)
        entry = json.dumps({"host": socket.gethostname(), "queues": counts})
        is_due = client.eval(lease_scripts.RENEW, 3, *self.registry, self.id, lease_ms, entry, state)
        if is_due and self._survey is None:
            self._survey = Survey(self.base, self.registry)

    def rescue(self, client: redis.Redis) -> int:
        """Put back some messages of dead consumers. Returns how many: 0 if there are none.

        What cannot be put back keeps nothing else waiting.

        Raises:
            redis.ResponseError: the server cannot put something back, whoever asks for it.
        """
        if self._survey is not None and self._survey.look_further(client):
            self._survey = None
        lease_ms, remember_ms = int(self.lease_s * 1000), REMEMBER_DEAD_S * 1000
        args = lease_ms, remember_ms, self.base, LISTS_AT_ONCE + len(self._stuck)
        found: Any = client.eval(lease_scripts.FIND_DEAD, 3, *self.registry, *args)
        moved = 0
        failure = None
        self._stuck = {*self._refused}
        names = (name.decode(errors="replace") for name in found)
        for consumer, queue, key, host in zip(names, names, names, names, strict=True):
            if key in self._refused:
                continue
            try:
                raws: Any = client.lrange(key, 0, -1)
                moved += self.returns.put_back_of_dead(client, consumer, queue, key, raws, host)
            except redis.ResponseError as error:
                self._stuck.add(key)
                if is_refusal(error):  # a queue to which others have the right
                    self._refused.add(key)
                else:
                    failure = error
        counters.add("rescued", moved)
        if failure is not None and not moved:
            raise failure
        return moved


def _count(lists: Mapping[str, Parts]) -> dict[str, int]:
    return {queue: len(parts.keys) for queue, parts in lists.items()}


def read_entry(entry: bytes) -> dict[str, int]:
    """Return the number of lists for each queue of a consumer's entry in the registry."""
    try:
        queues = json.loads(entry)["queues"]
        return {queue: int(number) for queue, number in queues.items()}
    except (ValueError, TypeError, KeyError, AttributeError):  # not ours, whoever wrote it
        return {}
