"""What one consumer has reserved: received, acknowledged, given back. Knows Redis, knows no kombu.

Once a reply may have been lost on the connection that takes messages for it, a reservation is *abandoned*:
it takes nothing more, its jobs go on under its lease, and what it holds without a living message object goes
back to its queue. It never guesses: a message is put back by the script that finds it in the list, or not at
all.
"""

from __future__ import annotations

import gc
import weakref
from collections import Counter
from collections.abc import Callable
from typing import Any

import redis

from celery_reliable_redis import scripts
from celery_reliable_redis.acks import Acks, Removal
from celery_reliable_redis.consumer import BASE, Consumer
from celery_reliable_redis.redelivery import LONGEST, mark_redelivered
from celery_reliable_redis.release import Release


class Held:
    """One delivery of a message, until it is acknowledged. Equal to itself alone."""

    __slots__ = "message", "queue", "raw", "reservation"

    def __init__(self, reservation: Reservation | None, queue: str = "", raw: bytes = b"") -> None:
        """`reservation` has taken `raw` from `queue`; it is None for a message that nobody has reserved."""
        self.reservation = reservation
        self.queue = queue
        self.raw = raw
        #: A weak reference to the message: dead once nobody can acknowledge it any more.
        self.message: Callable[[], Any] = _return_nothing

    def note_received(self, message: Any) -> None:
        """Note that the consumer has the message now, and can acknowledge it."""
        self.message = weakref.ref(message)
        if self.reservation is not None:
            self.reservation.held.add(self)


def _return_nothing() -> None:
    return None


class Reservation(Consumer):
    """What one consumer has taken and not yet given away."""

    def __init__(self, client: redis.Redis, prefix: str, lease_s: float, longest: int = LONGEST) -> None:
        super().__init__(client, prefix, lease_s, longest)
        self.held: set[Held] = set()
        self.abandoned = False
        self.acks = Acks(client.connection_pool)
        self.release = Release(self.base, lease_s)

    def ack(self, held: Held) -> None:
        """Note that a message is done. It leaves the server with the next flush of `acks`."""
        self.acks.add(self.lists[held.queue], held.raw)  # first: at every moment, it is known here or there
        self.held.discard(held)

    def give_back(self, held: Held, end: str) -> None:
        """Put one message of ours to the 'head' or 'tail' of its queue, marked as redelivered."""
        args = (self.id, "own", end, held.raw, mark_redelivered(held.raw, self.longest))
        keys = [*self.registry[:2], self.lists[held.queue], held.queue]
        self.client.eval(scripts.PUT_BACK, 4, *keys, *args)
        self.held.discard(held)

    def give_back_to_head(self, several: list[Held]) -> None:
        """Put messages of ours back to the heads of their queues, in their order."""
        raws: dict[str, list[bytes]] = {}
        for held in reversed(several):
            raws.setdefault(held.queue, []).append(held.raw)
        for queue in raws:
            self.put_back(self.client, self.id, queue, raws[queue], "own")
        self.held.difference_update(several)

    def abandon(self) -> None:
        """Take nothing more; what is held stays ours as long as somebody can acknowledge it."""
        self.abandoned = True
        self.acks.hang_up()

    def end(self) -> bool:
        """Put back what nobody has received, and retire; return False, not retired, while any is held."""
        with self.acks.settled():
            self._give_back_all_but(self.client, [*self.held])
        if self.held or self.acks.unsent:
            return False
        keys = [*self.registry, *self.lists.values()]
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
            unknown = [raw for raw in there if not _remove_known(known, (key, raw))]
            self.put_back(client, self.id, queue, unknown, "own")
            is_all = is_all and len(unknown) == len(there)
        return is_all


def _remove_known(known: Counter[Removal], removal: Removal) -> bool:
    if known[removal] > 0:
        known[removal] -= 1
        return True
    return False


def reserved_from(client: redis.Redis, queue: str, prefix: str = "") -> list[str]:
    """Return the keys of the lists into which consumers, alive or dead, reserve from that queue."""
    consumers: Any = client.zrange(f"{prefix}{BASE}consumers", 0, -1)
    return [f"{prefix}{BASE}{consumer.decode()}:{queue}" for consumer in consumers]
