"""Asks one connection for messages, and reads the answers. Decides how to wait; delivers nothing.

While there is work, one TAKE brings as many messages as are wanted from all queues. When there were fewer
than wanted, the next question begins with a BLMOVE on the queue that was last of use: it waits, and its
message comes with no further question, to one consumer alone. Of the other queues, whether of another name
or another priority, the server tells on the same connection (CLIENT TRACKING, RESP3): the waiting is then
ended, and the TAKE behind it brings the news. Where a server does not tell, the waiting is short.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import redis

from worker.transport import scripts
from worker.transport.reservation import Reservation

#: How long to wait for one queue where the server does not tell of the others, or refuses to move.
BLIND_S = 0.1


class Asked(NamedTuple):
    """What the server has been asked for, and not yet answered."""

    keys: list[str]
    wanted: int
    #: The queue from which a BLMOVE waits for a message, if the first answer is that of a BLMOVE.
    waits_for: str | None
    #: Whether the last answer is that of a TAKE.
    takes: bool


class Taker:
    """The dialogue on one connection. `unblock` ends the waiting of a connection with that number."""

    def __init__(self, unblock: Callable[[int], Any]) -> None:
        self._unblock = unblock
        self.forget()

    def forget(self) -> None:
        """The connection is gone, and with it what was asked and watched on it."""
        self._asked: Asked | None = None
        #: The server's number for the connection, and whether it tells of new messages.
        self._number: int | None = None
        self._is_told = False
        #: The queue of the last message, and the one that the last TAKE did not watch.
        self._hot = self._unwatched = ""
        #: The queues in which the last TAKE found too little: with these alone there is time to wait.
        self._dry: list[str] = []
        #: Whether the server is out of memory.
        self._full = False

    def ask(
        self, connection: Any, reservation: Reservation, keys: list[str], width: int, wanted: int
    ) -> None:
        """Ask for up to `wanted` messages from queues, `width` of which are of one priority."""
        if self._number is None:
            self._introduce(connection)
        waits_for = self._unwatched if self._unwatched in keys and set(keys) <= set(self._dry) else None
        commands: list[tuple[Any, ...]] = []
        if waits_for:
            commands.append(self._waiting(reservation, waits_for))
        takes = wanted > len(commands)
        if takes:
            self._unwatched = self._hot if self._hot in keys else keys[0]
            watch_not = keys.index(self._unwatched) + 1
            arguments = take(reservation, keys, width, wanted - len(commands), watch_not)
            commands.append(("EVAL", scripts.TAKE, *arguments))
        self._asked = Asked(keys, wanted, waits_for, takes)
        connection.send_packed_command(connection.pack_commands(commands))

    @property
    def awaits_answer(self) -> bool:
        """Whether we have asked for messages, and not yet read what came of it."""
        return self._asked is not None

    def answer(self, connection: Any) -> list[tuple[str, bytes]]:
        """Queue and message in turn, as the server has them for us."""
        assert self._asked is not None
        keys, wanted, waits_for, takes = self._asked
        taken: list[tuple[str, bytes]] = []
        if waits_for:
            try:
                first, self._full = connection.read_response(), False
            except redis.exceptions.OutOfMemoryError:
                first, self._full = None, True
            if isinstance(first, bytes):
                taken.append((waits_for, first))
        self._dry = []
        if takes:
            flat = connection.read_response()
            taken += [(keys[i - 1], raw) for i, raw in zip(flat[::2], flat[1::2], strict=True)]
            # What a BLMOVE has waited for in vain says nothing of the other queues.
            if len(flat) // 2 < wanted - bool(waits_for):
                self._dry = keys
        if taken:
            self._hot = taken[-1][0]
        self._asked = None
        return taken

    def interrupt(self) -> None:
        """Have the answer come now."""
        if self._asked is not None and self._asked.waits_for and self._number is not None:
            self._unblock(self._number)

    def _introduce(self, connection: Any) -> None:
        connection.send_command("CLIENT", "ID")
        self._number = connection.read_response()
        try:
            connection._parser.set_invalidation_push_handler(lambda _: self.interrupt())  # RESP3 only
            connection.send_command("CLIENT", "TRACKING", "ON", "NOLOOP")
            connection.read_response()
            self._is_told = True
        except (AttributeError, redis.ResponseError):
            self._is_told = False

    def _waiting(self, reservation: Reservation, key: str) -> tuple[Any, ...]:
        if self._full:  # it refuses BLMOVE, but not TAKE: look again in a moment
            return "XREAD", "BLOCK", int(BLIND_S * 1000), "STREAMS", f"{reservation.base}nothing", "$"
        patience = self.patience_s if self._is_told else BLIND_S
        return "BLMOVE", key, reservation.lists[key], "RIGHT", "LEFT", patience

    #: How long one BLMOVE waits when nothing comes. Well below every lease.
    patience_s = 1.0


def take(
    reservation: Reservation, keys: list[str], width: int, wanted: int, watch_not: int = 0
) -> tuple[Any, ...]:
    """Keys and arguments for `scripts.TAKE`, to move up to `wanted` messages into our lists."""
    lists = [reservation.lists[key] for key in keys]
    return 2 * len(keys), *keys, *lists, wanted, width, watch_not
