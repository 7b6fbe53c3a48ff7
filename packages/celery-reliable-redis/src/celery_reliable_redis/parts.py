"""The lists into which one consumer reserves from one queue. Knows no Redis.

LREM looks through a list for what it removes. In one list of all that a consumer holds, it would look
through thousands of messages where tasks wait for their time, at whichever end it begins: what is
acknowledged may be the newest or the oldest. A hash would be as fast as can be, but BLMOVE, by which an
idle consumer waits, fills nothing but lists. So there are several lists, and none is long: to acknowledge
costs the server the same, whatever is held.
"""

from __future__ import annotations

from collections import deque

#: Messages in a list, after which the next ones go into another. One answer may bring some more.
MOST = 64


class Parts:
    """Where the messages of one queue are, in lists of about `MOST`."""

    def __init__(self, base: str, consumer: str, queue: str) -> None:
        self._base, self._consumer, self._queue = base, consumer, queue
        #: How many messages each list holds, by its key. The first is used first.
        self._held: dict[str, int] = {}
        #: The lists that messages have left since that was last looked at.
        self._left: deque[str] = deque()
        self.grow()

    def grow(self) -> None:
        """Begin another list. Others must know of it before anything is moved into it."""
        #: The list into which the next messages go.
        self.current = part_key(self._base, self._consumer, self._queue, len(self._held) + 1)
        self._held[self.current] = 0

    @property
    def keys(self) -> list[str]:
        """The keys of all lists."""
        return [*self._held]

    def is_full(self) -> bool:
        """Return whether no list has room for more."""
        while self._left:
            self._held[self._left.popleft()] -= 1
        if self._held[self.current] >= MOST:
            self.current = min(self._held, key=self._held.__getitem__)
        return self._held[self.current] >= MOST

    def note_taken(self, key: str) -> None:
        """Note that a message has come into the list."""
        self._held[key] += 1

    def note_left(self, key: str) -> None:
        """Note that a message has left the list; any thread may."""
        self._left.append(key)


def part_key(base: str, consumer: str, queue: str, number: int) -> str:
    """Return the key of a consumer's list, which are numbered from 1."""
    return f"{base}{consumer}{f'.{number}' if number > 1 else ''}:{queue}"
