"""Puts blocks of messages into a list, several on their way at once, and knows which have certainly arrived.

Each block is one LPUSH. On a connection the answers come in the order of the questions: they are read when
enough is on its way. Where the connection breaks, all that is not answered is sent again over the next one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

import redis

from celery_reliable_redis.prototype import Prototype
from celery_reliable_redis.redis_versions import get_connection, is_connected

#: How much may be on its way before the first of it is waited for: blocks, and bytes of all but one.
WINDOW = 8
WINDOW_BYTES = 4 * 1024 * 1024


class Block(NamedTuple):
    """Messages that are pushed together."""

    #: Of their tasks.
    ids: list[str]
    #: In ASCII.
    messages: list[str]
    #: The length of all.
    size: int

    def command(self, key: bytes) -> bytes:
        """Write the LPUSH as Redis' protocol has it."""
        head = b"*%d\r\n$5\r\nLPUSH\r\n$%d\r\n%b\r\n" % (len(self.messages) + 2, len(key), key)
        lines = [""] * (2 * len(self.messages) + 1)  # the last ends the one before
        lines[:-1:2] = [f"${len(message)}" for message in self.messages]
        lines[1::2] = self.messages
        return head + "\r\n".join(lines).encode("ascii")


class Pusher:
    """Pushes blocks into one list over one connection at a time."""

    def __init__(self, producer: Any, prototype: Prototype) -> None:
        self._producer = producer
        self._key = prototype.key
        self._declare = prototype.declare
        self._take_turn = self._try_turn
        if prototype.retry_policy is not None:
            self._take_turn = producer.connection.ensure(self, self._try_turn, **prototype.retry_policy)
        #: What is not confirmed; the first `_sent` of them are sent over this connection.
        self._blocks: deque[Block] = deque()
        self._sent = 0
        self._confirmed: deque[Block] = deque()
        self._pool: Any = None
        self._connection: Any = None
        #: The list's name, as it is on this connection.
        self._name = b""

    def push(self, block: Block | None) -> None:
        """Send a block, and wait until not too much is on its way; without one, until all has arrived.

        Raises:
            kombu.exceptions.OperationalError, redis.RedisError, OSError: as kombu's `publish` does.
        """
        if block is None:
            self._take_turn(0, 0)
        else:
            self._blocks.append(block)
            self._take_turn(WINDOW, WINDOW_BYTES)

    def confirmed(self) -> Iterator[Block]:
        """Yield the blocks that have arrived, each once, in the order in which they were pushed."""
        while self._confirmed:
            yield self._confirmed.popleft()

    def revive(self, channel: Any) -> None:
        """Go on with another channel; kombu calls it when it has connected anew."""
        self._producer.revive(channel)

    def close(self) -> None:
        """Give the connection back; close it where answers may still come."""
        if self._blocks:
            self._drop()
        elif self._connection is not None:
            self._pool.release(self._connection)
            self._connection = None

    def _try_turn(self, blocks: int, size: int) -> None:
        try:
            if self._connection is None:
                self._open()
            elif self._sent and not is_connected(self._connection):
                # redis-py would connect anew, and we wait for the answers to what was sent before.
                raise redis.ConnectionError("The connection was closed while jobs were waited for")
            # What has come while jobs were waited for: where the connection was closed meanwhile, what has
            # long arrived is not sent again.
            while self._sent and self._connection.can_read(0):
                self._confirm()
            while self._sent < len(self._blocks):
                command = self._blocks[self._sent].command(self._name)
                # No check: it would take the answer to a block for that to its PING.
                self._connection.send_packed_command([command], check_health=False)
                self._sent += 1
            while len(self._blocks) > blocks or sum(block.size for block in self._blocks) > size:
                self._confirm()
        except BaseException:  # an interrupt, too: whose answer the next one is, nobody knows
            self._drop()
            raise

    def _confirm(self) -> None:
        self._connection.read_response()
        self._confirmed.append(self._blocks.popleft())
        self._sent -= 1

    def _open(self) -> None:
        channel = self._producer.channel
        for entity in self._declare:
            self._producer.maybe_declare(entity)
        self._pool = channel.pool
        self._connection = get_connection(self._pool)
        self._name = (channel.global_keyprefix + self._key).encode()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.disconnect()
            self._pool.release(self._connection)
            self._connection = None
        self._sent = 0
