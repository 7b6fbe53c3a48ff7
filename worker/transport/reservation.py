"""One consumer's reserved messages: taken, acknowledged, put back. Knows Redis, knows no kombu.

A reservation lives as long as the connection that takes messages for it. Once a reply may have been
lost on that connection it is *abandoned*: it takes nothing more, its jobs go on under its lease, and
what it holds without a living message object goes back to its queue. It never guesses: a message is
put back by the script that finds it in the list, or not at all.
"""

from __future__ import annotations

import gc
import json
import os
import time
import uuid
import weakref
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import redis

from worker.transport import native, scripts

#: The first words of every key of this transport.
BASE = "reliable:"
#: How long a dead consumer is remembered, in seconds. Longer than a kernel goes on sending a command
#: that was written before its sender died (about 15 minutes): the command may still reserve a message.
REMEMBER_DEAD_S = 3600
#: Messages put back by one script, so that no script keeps the server busy for long.
PUT_BACK_AT_ONCE = 100


class Held(NamedTuple):
    """A message that this process has reserved and not yet acknowledged."""

    queue: str
    raw: bytes
    #: Dead once nobody can acknowledge the message any more.
    message: weakref.ref[Any]


def redelivered(raw: bytes) -> bytes:
    """The message marked as kombu marks it; unchanged if it is none."""
    try:
        payload = json.loads(raw)
        payload["headers"]["redelivered"] = True
        payload["properties"]["delivery_info"]["redelivered"] = True
        return json.dumps(payload).encode()
    except (ValueError, KeyError, TypeError, RecursionError):
        return raw


class Reservation:
    """What one consumer has taken and not yet given away."""

    def __init__(self, client: redis.Redis, prefix: str, lease_s: float) -> None:
        """`client` is this reservation's own: no other thread but those that call it use it."""
        self.client = client
        self.lease_s = lease_s
        self.base = f"{prefix}{BASE}"
        self.id = f"{os.getpid()}-{uuid.uuid4().hex}"
        self.lists: dict[str, str] = {}
        self.held: dict[str, Held] = {}
        self.abandoned = False
        #: Acknowledged, but not yet sent, and sent, but not yet confirmed. Sent again when in doubt.
        self._unsent: deque[Held] = deque()
        self.unsent_since = 0.0
        self._unconfirmed: list[Held] = []
        self._sending = native.allocate_lock()
        self._wire: Any = None

    @property
    def _registry(self) -> list[str]:
        return [f"{self.base}consumers", f"{self.base}suspects"]

    def _key(self, name: str) -> str:
        return f"{self.base}{self.id}:{name}"

    # -- being alive

    def register(self, queues: Iterable[str]) -> None:
        """Let others know of the queues, before the first message is taken from them."""
        lists = {queue: self._key(queue) for queue in queues}
        self._renew(self.client, lists)
        self.lists = lists

    def renew(self, client: redis.Redis) -> None:
        """Prolong the lease; register again if somebody took this consumer for dead."""
        self._renew(client, self.lists)

    def _renew(self, client: redis.Redis, queues: Iterable[str]) -> None:
        keys = [*self._registry, self._key("queues")]
        client.eval(scripts.RENEW, 3, *keys, self.id, int(self.lease_s * 1000), *queues)

    # -- acknowledging

    def ack(self, tag: str) -> None:
        """Note that a message is done. It leaves the server with the next `flush`."""
        held = self.held.pop(tag, None)
        if held is not None:
            if not self._unsent:
                self.unsent_since = time.monotonic()
            self._unsent.append(held)

    @property
    def unsent(self) -> bool:
        """Whether a `flush` has something to do."""
        return bool(self._unsent)

    def flush(self) -> None:
        """Send the acknowledgements, without waiting for the server's answer.

        Of several threads or greenlets one sends, and what the others add meanwhile.
        """
        while self._unsent:
            if not self._sending.acquire(blocking=False):
                return
            try:
                self._send()
                if self.abandoned:  # no later call would notice that this one has failed
                    self._confirm()
                    self.hang_up()
            finally:
                self._sending.release()

    def settle(self) -> None:
        """Send the acknowledgements, and wait until the server has confirmed them all."""
        while not self._sending.acquire(blocking=False):
            time.sleep(0.001)
        try:
            self._send()
            self._confirm()
        finally:
            self._sending.release()

    def flush_from(self, client: redis.Redis) -> None:
        """Send what `flush` could not, or has not, from another thread; wait for the server's answer."""
        if not self._unsent or not self._sending.acquire(blocking=False):
            return
        batch = self._pop_unsent()
        try:
            with client.pipeline(transaction=False) as pipe:
                for _, *arguments in self._removals(batch):
                    pipe.lrem(*arguments)
                pipe.execute()
        except BaseException:
            self._unsent.extendleft(reversed(batch))
            raise
        finally:
            self._sending.release()

    def _send(self) -> None:
        if self._wire is None:
            self._wire = self.client.connection_pool.get_connection()
        self._confirm()
        self._unconfirmed = self._pop_unsent()
        if self._unconfirmed:
            try:
                removals = self._removals(self._unconfirmed)
                self._wire.send_packed_command(self._wire.pack_commands(removals))
            except BaseException:
                self._take_back()
                raise

    def _confirm(self) -> None:
        if self._unconfirmed and not self._wire.is_connected:
            return self._take_back()
        try:
            for _ in self._unconfirmed:
                self._wire.read_response()
        except BaseException:
            self._take_back()
            self._wire.disconnect()
            raise
        self._unconfirmed = []
        return None

    def hang_up(self) -> None:
        """Close the connection for acknowledgements; what was not confirmed will be sent again."""
        self._take_back()
        if self._wire is not None:
            self._wire.disconnect()
            self.client.connection_pool.release(self._wire)
            self._wire = None

    def _pop_unsent(self) -> list[Held]:
        return [self._unsent.popleft() for _ in range(len(self._unsent))]

    def _take_back(self) -> None:
        # To remove twice does no harm: what is not in the list is not removed.
        self._unsent.extendleft(reversed(self._unconfirmed))
        self._unconfirmed = []

    def _removals(self, batch: list[Held]) -> list[tuple[Any, ...]]:
        # From the right, where the oldest are.
        return [("LREM", self.lists[held.queue], -1, held.raw) for held in batch]

    # -- giving back

    def abandon(self) -> None:
        """Take nothing more; what is held stays ours as long as somebody can acknowledge it."""
        self.abandoned = True
        if self._sending.acquire(blocking=False):
            try:
                self.hang_up()
            finally:
                self._sending.release()

    def give_back(self, queue: str, raw: bytes, end: str) -> None:
        """Put one message of ours to the 'head' or 'tail' of its queue, marked as redelivered."""
        args = (self.id, "own", end, raw, redelivered(raw))
        keys = [*self._registry, self.lists[queue], queue]
        self.client.eval(scripts.PUT_BACK, 4, *keys, *args)

    def give_back_all(self) -> int:
        """Put everything we hold back to the head of its queue, and be forgotten."""
        self.settle()
        self.held.clear()
        moved = sum(
            put_back(self.client, self.base, self.id, queue, self._in(self.client, queue), "own")
            for queue in self.lists
        )
        keys = [*self._registry, self._key("queues"), *self.lists.values()]
        self.client.eval(scripts.RETIRE, len(keys), *keys, self.id)
        self.hang_up()
        return moved

    def give_back_unknown(self, client: redis.Redis) -> bool:
        """Put back what nobody here can acknowledge any more. Returns whether nothing is left."""
        gc.collect()  # a request in a reference cycle would keep its message until who knows when
        self.flush_from(client)
        empty = True
        for queue in self.lists:
            # Before the list is read: what is acknowledged meanwhile stays known.
            alive = [h for h in list(self.held.values()) if h.message() is not None]
            known = Counter(h.raw for h in (*alive, *self._unsent) if h.queue == queue)
            there = self._in(client, queue)
            lost = [raw for raw in there if not _take_one(known, raw)]
            put_back(client, self.base, self.id, queue, lost, "own")
            empty = empty and len(lost) == len(there)
        for tag, h in list(self.held.items()):
            if h.message() is None:
                self.held.pop(tag, None)
        return empty

    def _in(self, client: redis.Redis, queue: str) -> list[bytes]:
        found: Any = client.lrange(self.lists[queue], 0, -1)
        return list(found)

    # -- the dead

    def rescue(self, client: redis.Redis) -> int:
        """Put the messages of dead consumers back to the head of their queues. Returns how many."""
        lease_ms, remember_ms = int(self.lease_s * 1000), REMEMBER_DEAD_S * 1000
        left: Any = client.eval(scripts.FIND_DEAD, 2, *self._registry, lease_ms, remember_ms, self.base)
        moved = 0
        for consumer, queue in zip(*[(x.decode() for x in left)] * 2, strict=True):
            raws: Any = client.lrange(f"{self.base}{consumer}:{queue}", 0, -1)
            moved += put_back(client, self.base, consumer, queue, raws, "dead")
        return moved


def put_back(client: redis.Redis, base: str, consumer: str, queue: str, raws: list[bytes], why: str) -> int:
    """Put messages of `consumer` ('dead', or our 'own') to the head of `queue`. Returns how many."""
    keys = [f"{base}consumers", f"{base}suspects", f"{base}{consumer}:{queue}", queue]
    moved = 0
    for start in range(0, len(raws), PUT_BACK_AT_ONCE):
        pairs = [x for raw in raws[start : start + PUT_BACK_AT_ONCE] for x in (raw, redelivered(raw))]
        count: Any = client.eval(scripts.PUT_BACK, 4, *keys, consumer, why, "head", *pairs)
        if count < 0:
            break
        moved += count
    return moved


def reserved_from(client: redis.Redis, queue: str, prefix: str = "") -> list[str]:
    """The keys of the lists into which consumers, alive or dead, reserve from that queue."""
    consumers: Any = client.zrange(f"{prefix}{BASE}consumers", 0, -1)
    return [f"{prefix}{BASE}{consumer.decode()}:{queue}" for consumer in consumers]


def _take_one(counter: Counter[bytes], raw: bytes) -> bool:
    if counter[raw] > 0:
        counter[raw] -= 1
        return True
    return False


ClientFactory = Callable[[], redis.Redis]
