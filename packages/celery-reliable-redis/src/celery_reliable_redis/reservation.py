"""What one consumer has reserved: received, acknowledged, given back. Knows Redis, knows no kombu.

Once a reply may have been lost on the connection that takes messages for it, a reservation is *abandoned*:
it takes nothing more, its jobs go on under its lease, and what it holds without a living message object goes
back to its queue. It never guesses: a message is put back by the script that finds it in the list, or not at
all.
"""

from __future__ import annotations

import gc
import os
import socket
import time
import weakref
from collections import Counter
from collections.abc import Callable
from typing import Any

import redis

from celery_reliable_redis import lease_scripts, native
from celery_reliable_redis.acks import Acks, Removal
from celery_reliable_redis.consumer import BASE, Consumer, read_entry
from celery_reliable_redis.counters import counters
from celery_reliable_redis.eta import read_eta_ms
from celery_reliable_redis.liveness import LEASES, Liveness
from celery_reliable_redis.parts import part_key
from celery_reliable_redis.release import Release
from celery_reliable_redis.returning import DEFAULT, Rules


class Held:
    """One delivery of a message, until it is acknowledged. Equal to itself alone."""

    __slots__ = "eta", "key", "message", "queue", "raw", "reservation", "since"

    def __init__(
        self, reservation: Reservation | None, queue: str = "", key: str = "", raw: bytes = b""
    ) -> None:
        """`reservation` has taken `raw` from `queue` into the list `key`; None if nobody has reserved it."""
        self.reservation = reservation
        self.queue = queue
        self.raw = raw
        self.key = key
        #: When it was taken, by `time.monotonic`, and the time before which it does not begin (s since 1970).
        self.since = time.monotonic()
        self.eta = 0.0
        #: A weak reference to the message: dead once nobody can acknowledge it any more.
        self.message: Callable[[], Any] = _return_nothing

    def note_received(self, message: Any) -> None:
        """Note that the consumer has the message now, and can acknowledge it."""
        self.message = weakref.ref(message)
        self.eta = (read_eta_ms(message.headers) or 0) / 1000
        if self.reservation is not None:
            self.reservation.held.add(self)


def _return_nothing() -> None:
    return None


class Reservation(Consumer):
    """What one consumer has taken and not yet given away."""

    def __init__(
        self,
        client: redis.Redis,
        prefix: str,
        lease_s: float,
        rules: Rules = DEFAULT,
        patience_s: float = 0.0,
    ) -> None:
        """`patience_s`: how long the server may let us wait for a message."""
        super().__init__(client, prefix, lease_s, rules)
        self.held: set[Held] = set()
        self.abandoned = False
        self.acks = Acks(client.connection_pool)
        self.liveness = Liveness(LEASES * lease_s + patience_s)
        self.release = Release(self.base, lease_s)
        #: Held while the lease is renewed, or given up: a renewal that comes later would register us anew.
        self._leasing = native.allocate_lock()
        self._is_retired = False

    def note_taken(self, queue: str, key: str) -> None:
        """Note that a message of `queue` has come into the list `key`."""
        counters.add("taken")
        self.lists[queue].note_taken(key)

    @property
    def is_hand_empty(self) -> bool:
        """Whether nothing is held but what waits for its time."""
        now = time.time() if self.held else 0.0
        return all(held.eta > now for held in [*self.held])

    def ack(self, held: Held) -> None:
        """Note that a message is done. It leaves the server with the next flush of `acks`."""
        self.acks.add(held.key, held.raw)  # first: at every moment, it is known here or there
        counters.add("acknowledged")
        self._forget(held)

    def requeue(self, held: Held) -> None:
        """Put one message of ours to the tail of its queue, as its task asks for."""
        worker = f"process {os.getpid()} on {socket.gethostname()}"
        self.returns.requeue(self.client, self.id, held.queue, held.key, held.raw, worker)
        self._forget(held)

    def give_back(self, held: Held) -> None:
        """Put one message of ours to the head of its queue."""
        self.give_back_to_head([held])

    def give_back_to_head(self, several: list[Held]) -> None:
        """Put messages of ours back to the heads of their queues, in their order."""
        raws: dict[tuple[str, str], list[bytes]] = {}
        for held in reversed(several):
            raws.setdefault((held.queue, held.key), []).append(held.raw)
        for queue, key in raws:
            self.returns.put_back_own(self.client, self.id, queue, key, raws[queue, key], "head")
        for held in several:
            self._forget(held)

    def _forget(self, held: Held) -> None:
        self.held.discard(held)
        self.lists[held.queue].note_left(held.key)

    def hangs_for(self) -> float:
        """Return for how many seconds those hang for whom the lease is renewed; 0.0 where they do not.

        They are the consumer, and what acknowledges. An abandoned reservation has no consumer any more: it is
        held for the jobs under way.
        """
        acks_s = self.acks.hang_for()
        if acks_s > self.liveness.limit_s:
            return acks_s
        return 0.0 if self.abandoned else self.liveness.hangs_for()

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
        self._retire()
        self.acks.hang_up()
        return self._is_retired

    def renew(self, client: redis.Redis) -> None:
        """Prolong the lease, unless it has been given up."""
        with self._leasing:
            if not self._is_retired:
                super().renew(client)

    def _retire(self) -> None:
        keys = [*self.registry, *(key for parts in self.lists.values() for key in parts.keys)]
        while not self._leasing.acquire(blocking=False):
            time.sleep(0.001)  # other greenlets have their turn
        try:
            self._is_retired = bool(self.client.eval(lease_scripts.RETIRE, len(keys), *keys, self.id))
        finally:
            self._leasing.release()

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
        known = Counter((held.key, held.raw) for held in alive)
        known.update(self.acks.pending())
        is_all = True
        for queue, parts in self.lists.items():
            for key in parts.keys:
                there: Any = client.lrange(key, 0, -1)
                unknown = [raw for raw in there if not _remove_known(known, (key, raw))]
                self.returns.put_back_own(client, self.id, queue, key, unknown, "head")
                is_all = is_all and len(unknown) == len(there)
        return is_all


def _remove_known(known: Counter[Removal], removal: Removal) -> bool:
    if known[removal] > 0:
        known[removal] -= 1
        return True
    return False


def reserved_from(client: redis.Redis, queue: str, prefix: str = "") -> list[str]:
    """Return the keys of the lists into which consumers, alive or dead, reserve from that queue."""
    base = f"{prefix}{BASE}"
    entries: Any = client.hgetall(f"{base}queues")
    members: Any = client.zrange(f"{base}consumers", 0, -1)
    numbers = dict.fromkeys(members, 1)
    numbers |= {who: read_entry(entry).get(f"{prefix}{queue}", 1) for who, entry in entries.items() if who}
    return [
        part_key(base, consumer.decode(errors="replace"), f"{prefix}{queue}", number)
        for consumer, most in numbers.items()
        for number in range(1, most + 1)
    ]
