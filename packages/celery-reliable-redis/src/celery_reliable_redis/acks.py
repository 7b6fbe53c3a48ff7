"""Removes acknowledged messages from the server, on a connection of its own. Knows no consumer and no queue.

Acknowledgements travel together, and nobody waits for the answer: it is read before the next ones are sent.
An acknowledgement counts as done when the server has said so. Until then it is sent again: at once on a fresh
connection where this one has died, and by the heartbeat where nobody else comes by. To remove a message twice
does no harm.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import redis

from celery_reliable_redis import native
from celery_reliable_redis.calls import hangs_for
from celery_reliable_redis.redis_versions import get_connection, is_connected

#: The errors by which a dead connection shows itself.
DEAD = (redis.ConnectionError, redis.TimeoutError, OSError)
#: Seconds of silence after which the server may have closed a connection: then its answer is waited for. (The
#: shortest `timeout` that Redis knows is a second.)
IDLE_S = 0.5

#: A list on the server, and the message to be removed from it.
Removal = tuple[str, bytes]


class Acks:
    """The acknowledgements of one consumer. All methods may be called from any thread or greenlet."""

    def __init__(self, pool: redis.ConnectionPool) -> None:
        self._pool = pool
        #: Whether the connection stays open between two packets.
        self._stays = True
        self._unsent: deque[Removal] = deque()
        #: When the oldest unsent acknowledgement was added.
        self._since = 0.0
        #: What was sent and is not confirmed, how many answers are still to be read, and since when.
        self._unconfirmed: list[Removal] = []
        self._answers = 0
        self._sent_at = 0.0
        #: Held while anything is moved out of `_unsent`.
        self._sending = native.allocate_lock()
        self._wire: Any = None

    def add(self, key: str, raw: bytes) -> None:
        """Note that a message is done. It leaves the server with the next `flush`."""
        if not self._unsent:
            self._since = time.monotonic()
        self._unsent.append((key, raw))

    @property
    def unsent(self) -> bool:
        """Whether there is something to be sent."""
        return bool(self._unsent)

    def flush(self) -> None:
        """Send what there is, without waiting for the server's answer.

        Of several threads or greenlets one sends, and sends what the others add meanwhile.
        """
        while self._unsent:
            if not self._sending.acquire(blocking=False):
                return
            try:
                # Where there is no next time, nobody else would notice that it has failed.
                self._send(wait=not self._stays)
                if not self._stays:
                    self._hang_up()
            finally:
                self._sending.release()

    @contextlib.contextmanager
    def settled(self) -> Iterator[None]:
        """Send everything and wait until the server has confirmed it; nobody sends within this context."""
        while not self._sending.acquire(blocking=False):
            time.sleep(0.001)
        try:
            self._send(wait=True)
            yield
        finally:
            self._sending.release()

    def pending(self) -> list[Removal]:
        """Return the messages that may still be in their lists."""
        return [*self._unsent.copy(), *self._unconfirmed]  # others may add meanwhile

    def hang_up(self) -> None:
        """Close the connection; from now on it is opened only for the moment of sending."""
        self._stays = False
        if self._sending.acquire(blocking=False):  # or else who is sending does it
            try:
                self._hang_up()
            finally:
                self._sending.release()

    # -- for the heartbeat, whose thread must not touch our connection

    def hang_for(self) -> float:
        """Return for how many seconds the server has let us wait; 0.0 if it does not."""
        return hangs_for(self._wire)

    def flush_by(self, client: redis.Redis, after_s: float) -> None:
        """Have `client` send what has been unsent for `after_s` seconds, and wait for the answer."""
        if not self._unsent or time.monotonic() - self._since < after_s:
            return
        if self._sending.acquire(blocking=False):
            try:
                self._send_by(client)
            finally:
                self._sending.release()

    def confirm_by(self, client: redis.Redis, after_s: float) -> None:
        """Have `client` send again what has been unconfirmed for `after_s` seconds."""
        if not self._unconfirmed or time.monotonic() - self._sent_at < after_s:
            return
        if self._sending.acquire(blocking=False):
            try:
                _remove(client, self._unconfirmed)
                self._unconfirmed = []  # there may be answers to be read; they tell nothing new
            finally:
                self._sending.release()

    @contextlib.contextmanager
    def settled_by(self, client: redis.Redis) -> Iterator[bool]:
        """Have `client` send everything; nobody sends in this context. Yields False if somebody just does."""
        if not self._sending.acquire(blocking=False):
            yield False
            return
        try:
            self._send_by(client)
            yield True
        finally:
            self._sending.release()

    # -- by who holds `_sending`

    def _send(self, *, wait: bool) -> None:
        if not self._unsent and not self._unconfirmed:
            return
        wait = wait or time.monotonic() - self._sent_at > IDLE_S
        try:
            self._exchange(wait)
        except DEAD:
            self._exchange(wait)  # on a fresh connection

    def _exchange(self, wait: bool) -> None:
        try:
            if self._wire is None:
                self._wire = get_connection(self._pool)
            if not is_connected(self._wire):
                self._take_back()
            self._confirm()
            self._unconfirmed = self._pop_unsent()
            if self._unconfirmed:
                self._answers = len(self._unconfirmed)
                self._wire.send_packed_command(self._wire.pack_commands(_commands(self._unconfirmed)))
                self._sent_at = time.monotonic()
            if wait:
                self._confirm()
        except BaseException:
            self._disconnect()
            raise

    def _confirm(self) -> None:
        while self._answers:
            self._wire.read_response()
            self._answers -= 1
        self._unconfirmed = []

    def _send_by(self, client: redis.Redis) -> None:
        batch = self._pop_unsent()
        try:
            _remove(client, batch)
        except BaseException:
            self._unsent.extendleft(reversed(batch))
            raise

    def _pop_unsent(self) -> list[Removal]:
        return [self._unsent.popleft() for _ in range(len(self._unsent))]

    def _take_back(self) -> None:
        self._unsent.extendleft(reversed(self._unconfirmed))
        self._unconfirmed = []
        self._answers = 0

    def _disconnect(self) -> None:
        self._take_back()
        if self._wire is not None:
            self._wire.disconnect()

    def _hang_up(self) -> None:
        self._disconnect()
        if self._wire is not None:
            self._pool.release(self._wire)
            self._wire = None


def _remove(client: redis.Redis, removals: list[Removal]) -> None:
    if removals:
        with client.pipeline(transaction=False) as pipe:
            for _, *arguments in _commands(removals):
                pipe.lrem(*arguments)
            pipe.execute()


def _commands(removals: list[Removal]) -> list[tuple[Any, ...]]:
    # From the right, where the oldest are; the lists are short (parts.py).
    return [("LREM", key, -1, raw) for key, raw in removals]
