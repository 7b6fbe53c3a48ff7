"""The messages that were put aside: what there is, and back into their queue with it, or away.

The messages of a queue that were delivered too often are in the list `<queue>:dead`, each as it was, but for
the header `x-death` that says what has happened. That is an ordinary queue of kombu's: its length can be
asked for, and a worker may consume from it (`-Q celery:dead`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import redis

from celery_reliable_redis.returning import DEAD_SUFFIX, DEATHS
from celery_reliable_redis.survey import escape_pattern

#: Messages read from the server at once.
AT_ONCE = 100

#: KEYS: the list of those put aside, and the queue. ARGV: the message. Returns 1 if it was there, and has
#: moved to the tail of the queue.
REPLAY = """
redis.call('LLEN', KEYS[2])  -- an error, if it is no list
if redis.call('LREM', KEYS[1], -1, ARGV[1]) == 0 then return 0 end
redis.call('LPUSH', KEYS[2], ARGV[1])
return 1
"""


@dataclass(frozen=True)
class DeadLetter:
    """A message that was put aside, and why. What it does not say is empty."""

    id: str = ""
    task: str = ""
    args: str = ""
    kwargs: str = ""
    #: The key of the queue it came from, with its priority.
    queue: str = ""
    reason: str = ""
    #: When it was put aside, in ISO 8601, UTC.
    time: str = ""
    #: Whoever had it last.
    worker: str = ""
    #: How often it was delivered before.
    deliveries: int = 0
    raw: bytes = field(default=b"", repr=False)


class DeadLetters:
    """The messages of one queue that were put aside.

    Arguments:
        client: a client of the broker's.
        queue: the queue they come from, `celery` for example.
        prefix: the `global_keyprefix` of the transport.
    """

    def __init__(self, client: redis.Redis, queue: str = "celery", prefix: str = "") -> None:
        self._client = client
        self.queue = queue
        #: The list they are in.
        self.key = f"{prefix}{queue}{DEAD_SUFFIX}"
        self._origin = f"{prefix}{queue}"

    def __len__(self) -> int:
        number: Any = self._client.llen(self.key)
        return int(number)

    def __iter__(self) -> Iterator[DeadLetter]:
        """Go through those that are there now, the oldest first; they may be dropped meanwhile."""
        there: list[bytes] = []
        while raws := self._read_next(len(there)):
            there += raws
        yield from map(_read, there)

    def _read_next(self, number: int) -> list[bytes]:
        raws: Any = self._client.lrange(self.key, -number - AT_ONCE, -number - 1)
        return [*reversed(raws)]

    def find(self, task_id: str) -> list[DeadLetter]:
        """Return those of one task, the oldest first."""
        return [letter for letter in self if letter.id == task_id]

    def replay(self, letter: DeadLetter) -> bool:
        """Put it to the end of the queue that it came from, in one step. Returns whether it was still here.

        It may be delivered as often as a new one, and keeps the header that says what has happened before.
        """
        return bool(self._client.eval(REPLAY, 2, self.key, letter.queue or self._origin, letter.raw))

    def drop(self, letter: DeadLetter) -> bool:
        """Remove it for ever. Returns whether it was still here."""
        return bool(self._client.lrem(self.key, -1, letter.raw))  # type: ignore[arg-type]  # bytes are as good


def find_queues(client: redis.Redis, prefix: str = "") -> list[str]:
    """Return the queues of which messages were put aside, sorted. Goes through all keys of the database."""
    keys = client.scan_iter(f"{escape_pattern(prefix)}*{DEAD_SUFFIX}", count=1000, _type="list")
    # A set: SCAN may name a key twice.
    return sorted({key.decode(errors="replace")[len(prefix) : -len(DEAD_SUFFIX)] for key in keys})


def _read(raw: bytes) -> DeadLetter:
    try:
        headers = json.loads(raw)["headers"]
        deaths = headers.get(DEATHS) or [{}]
        death = deaths[-1]
        return DeadLetter(
            **{name: str(headers.get(name) or "") for name in ("id", "task")},
            args=str(headers.get("argsrepr") or ""),
            kwargs=str(headers.get("kwargsrepr") or ""),
            **{name: str(death.get(name) or "") for name in ("queue", "reason", "time", "worker")},
            deliveries=int(death.get("count") or 0),
            raw=raw,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):  # somebody else put it here
        return DeadLetter(raw=raw)
