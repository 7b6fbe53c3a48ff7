"""One consumer's reserved messages: taken, acknowledged, put back. Knows Redis, knows no kombu.

Once a reply may have been lost on the connection that takes messages for it, a reservation is *abandoned*:
it takes nothing more, its jobs go on under its lease, and what it holds without a living message object goes
back to its queue. It never guesses: a message is put back by the script that finds it in the list, or not at
all.
"""

from __future__ import annotations

import gc
import json
import os
import uuid
import weakref
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import redis

from celery_reliable_redis import scripts
from celery_reliable_redis.acks import Acks, Removal
from celery_reliable_redis.servers import is_refusal, refuses
from celery_reliable_redis.survey import Survey

#: The first words of every key of this transport.
BASE = "reliable:"
#: How long a dead consumer is remembered, in seconds. Longer than a kernel goes on sending a command
#: that was written before its sender died (about 15 minutes): the command may still reserve a message.
REMEMBER_DEAD_S = 3600
#: Messages put back by one script, so that no script keeps the server busy for long.
PUT_BACK_AT_ONCE = 100
#: The longest message that anybody reads here where nobody says otherwise, in bytes: to read it may take 25
#: times as much memory. RabbitMQ, from version 4, takes as much.
LONGEST = 16 * 1024 * 1024


class Held:
    """One delivery of a message, until it is acknowledged. Equal to itself alone."""

    __slots__ = "message", "queue", "raw", "reservation"

    def __init__(self, reservation: Reservation | None, queue: str = "", raw: bytes = b"") -> None:
        """What `reservation` has taken from `queue`: `raw`. None for what nobody has reserved."""
        self.reservation = reservation
        self.queue = queue
        self.raw = raw
        #: Dead once nobody can acknowledge the message any more.
        self.message: Callable[[], Any] = _nobody

    def is_received_as(self, message: Any) -> None:
        """The consumer has it now, and can acknowledge it."""
        self.message = weakref.ref(message)
        if self.reservation is not None:
            self.reservation.held.add(self)


def _nobody() -> None:
    return None


def redelivered(raw: bytes, longest: int = LONGEST) -> bytes:
    """The message marked as kombu marks it; unchanged if it is none, or longer than `longest`."""
    if len(raw) > longest:
        return raw
    try:
        payload = json.loads(raw)
        payload["properties"]["delivery_info"]["redelivered"] = True
        headers = payload.get("headers") or {}  # null, [] or missing is as good as none
        payload["headers"] = {**headers, "redelivered": True}
        return json.dumps(payload).encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return raw


class Reservation:
    """What one consumer has taken and not yet given away."""

    def __init__(self, client: redis.Redis, prefix: str, lease_s: float, longest: int = LONGEST) -> None:
        """`client` is this reservation's own: no other thread but those that call it use it."""
        self.client = client
        self.lease_s = lease_s
        #: The longest message that is read to be marked as redelivered, in bytes.
        self.longest = longest
        self.base = f"{prefix}{BASE}"
        self.id = f"{os.getpid()}-{uuid.uuid4().hex}"
        self.lists: dict[str, str] = {}
        self.held: set[Held] = set()
        self.abandoned = False
        self.acks = Acks(client.connection_pool)
        self._registry = [f"{self.base}{name}" for name in ("consumers", "suspects", "queues")]
        #: The list by which this consumer can be woken.
        self.wake_key = f"{self.base}wake-{self.id}"
        self._survey: Survey | None = None

    # -- being alive

    def register(self, queues: Iterable[str]) -> None:
        """Let others know of the queues, before the first message is taken from them.

        Raises:
            BrokerUnavailableError: the server refuses what will be asked of it.
        """
        lists = {queue: f"{self.base}{self.id}:{queue}" for queue in queues}
        try:
            self._renew(self.client, lists)
            keys = [*lists, *lists.values()]
            self.client.eval(scripts.TAKE, len(keys), *keys, 0, 1, 0)
            for key in lists.values():
                self.client.lrem(key, -1, "")
        except redis.ResponseError as error:
            raise refuses(error) if is_refusal(error) else error from None
        self.lists = lists

    def renew(self, client: redis.Redis) -> None:
        """Prolong the lease; register again if somebody took this consumer for dead."""
        self._renew(client, self.lists)

    def _renew(self, client: redis.Redis, queues: Iterable[str]) -> None:
        lease_ms, as_json = int(self.lease_s * 1000), json.dumps(list(queues))
        is_due = client.eval(scripts.RENEW, 3, *self._registry, self.id, lease_ms, as_json)
        if is_due and self._survey is None:
            self._survey = Survey(self.base, self._registry)

    # -- giving away

    def ack(self, held: Held) -> None:
        """Note that a message is done. It leaves the server with the next flush of `acks`."""
        self.acks.add(self.lists[held.queue], held.raw)  # first: at every moment, it is known here or there
        self.held.discard(held)

    def give_back(self, held: Held, end: str) -> None:
        """Put one message of ours to the 'head' or 'tail' of its queue, marked as redelivered."""
        args = (self.id, "own", end, held.raw, redelivered(held.raw, self.longest))
        keys = [*self._registry[:2], self.lists[held.queue], held.queue]
        self.client.eval(scripts.PUT_BACK, 4, *keys, *args)
        self.held.discard(held)

    def give_back_to_head(self, several: list[Held]) -> None:
        """Put messages of ours back to the heads of their queues, in their order."""
        raws: dict[str, list[bytes]] = {}
        for held in reversed(several):
            raws.setdefault(held.queue, []).append(held.raw)
        for queue in raws:
            self._put_back(self.client, self.id, queue, raws[queue], "own")
        self.held.difference_update(several)

    def abandon(self) -> None:
        """Take nothing more; what is held stays ours as long as somebody can acknowledge it."""
        self.abandoned = True
        self.acks.hang_up()

    def end(self) -> bool:
        """Put back what nobody has received, and be forgotten. Not (False) while something is held."""
        with self.acks.settled():
            self._give_back_all_but(self.client, [*self.held])
        if self.held or self.acks.unsent:
            return False
        keys = [*self._registry, *self.lists.values()]
        is_forgotten: Any = self.client.eval(scripts.RETIRE, len(keys), *keys, self.id)
        self.acks.hang_up()
        return bool(is_forgotten)

    def give_back_unknown(self, client: redis.Redis) -> bool:
        """Put back what nobody here can acknowledge any more. Returns whether nothing is left."""
        gc.collect()  # a request in a reference cycle would keep its message until who knows when
        with self.acks.settled_by(client) as settled:
            if not settled:
                return False
            there = [*self.held]
            alive = [held for held in there if held.message() is not None]
            is_all = self._give_back_all_but(client, alive)
        self.held.difference_update({*there} - {*alive})
        return is_all

    def _give_back_all_but(self, client: redis.Redis, alive: list[Held]) -> bool:
        # In this order: what is acknowledged meanwhile stays known.
        known = Counter((self.lists[held.queue], held.raw) for held in alive)
        known.update(self.acks.pending())
        is_all = True
        for queue, key in self.lists.items():
            there: Any = client.lrange(key, 0, -1)
            unknown = [raw for raw in there if not _take_one(known, (key, raw))]
            self._put_back(client, self.id, queue, unknown, "own")
            is_all = is_all and len(unknown) == len(there)
        return is_all

    # -- the dead

    def rescue(self, client: redis.Redis) -> int:
        """Put the messages of dead consumers back to the head of their queues. Returns how many."""
        if self._survey is not None and self._survey.go_on(client):
            self._survey = None
        lease_ms, remember_ms = int(self.lease_s * 1000), REMEMBER_DEAD_S * 1000
        left: Any = client.eval(scripts.FIND_DEAD, 3, *self._registry, lease_ms, remember_ms, self.base)
        moved = 0
        for consumer, queue in zip(*[(x.decode() for x in left)] * 2, strict=True):
            try:
                raws: Any = client.lrange(f"{self.base}{consumer}:{queue}", 0, -1)
                moved += self._put_back(client, consumer, queue, raws, "dead")
            except redis.ResponseError as error:
                if not is_refusal(error):  # a queue to which others have the right
                    raise
        return moved

    def _put_back(self, client: redis.Redis, consumer: str, queue: str, raws: list[bytes], why: str) -> int:
        """Put messages of a consumer ('dead', or our 'own') to the head of `queue`. Returns how many."""
        keys = [*self._registry[:2], f"{self.base}{consumer}:{queue}", queue]
        moved = 0
        for start in range(0, len(raws), PUT_BACK_AT_ONCE):
            batch = raws[start : start + PUT_BACK_AT_ONCE]
            pairs = [x for raw in batch for x in (raw, redelivered(raw, self.longest))]
            count: Any = client.eval(scripts.PUT_BACK, 4, *keys, consumer, why, "head", *pairs)
            if count < 0:
                break
            moved += count
        return moved


def reserved_from(client: redis.Redis, queue: str, prefix: str = "") -> list[str]:
    """The keys of the lists into which consumers, alive or dead, reserve from that queue."""
    consumers: Any = client.zrange(f"{prefix}{BASE}consumers", 0, -1)
    return [f"{prefix}{BASE}{consumer.decode()}:{queue}" for consumer in consumers]


def _take_one(counter: Counter[Removal], removal: Removal) -> bool:
    if counter[removal] > 0:
        counter[removal] -= 1
        return True
    return False


ClientFactory = Callable[[], redis.Redis]
