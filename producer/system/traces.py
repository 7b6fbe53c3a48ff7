"""Removes what a comparison leaves in a broker that others use, too.

A worker that shuts down warmly takes most of it away. Nobody would remove the rest: kombu keeps the bindings
of a queue as long as the server lives. Other people's keys are left alone: of one that is shared goes what
names this lab or its worker, and nothing else.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import redis

#: kombu's tables of the queues bound to an exchange, and of those that are to stay.
BINDINGS, PERMANENT = "_kombu.binding.{}", "_kombu.binding_permanent.{}"
#: kombu's deadlines, until which the table of an unused exchange stays.
DEADLINES = "_kombu.binding_deadlines"
#: What kombu writes between the three parts of a binding: routing key, pattern, queue.
SEPARATOR = "\x06\x16"
#: The exchanges of Celery's remote control: for commands, and for their answers.
COMMANDS, ANSWERS = "celery.pidbox", "reply.celery.pidbox"
#: Where kombu's own transport keeps what was taken and not acknowledged, of all queues together.
UNACKED, UNACKED_INDEX = "unacked", "unacked_index"
#: KEYS: deadlines, the table of an exchange. ARGV: the exchange. An exchange without a table needs no
#: deadline.
DROP_DEADLINE = "if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('ZREM', KEYS[1], ARGV[1]) end"
#: The sets in which rq keeps the names of all queues and all workers.
SHARED_SETS = ("rq:queues", "rq:workers")
#: Unacknowledged messages that are looked at in one step.
AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """Names what this lab has left in a broker; a name that does not apply is empty."""

    #: A key of its own.
    key: str = ""
    #: The queue of a worker that the lab has started; nobody else consumes it.
    queue: str = ""
    #: That worker's name.
    node: str = ""
    #: The beginning of the names by which the lab has asked workers (see `Mailbox`).
    asker: str = ""
    #: What is part of the name of each key that a peer has made for its queue, and of what it adds to the
    #: sets that it keeps for all queues.
    names: str = ""

    @classmethod
    def from_line(cls, line: str) -> Traces:
        """Read them from a line that `as_line` has made."""
        return cls(**json.loads(line))

    def as_line(self) -> str:
        """Write them in one line."""
        return json.dumps(asdict(self))

    def remove(self, client: redis.Redis) -> None:
        """Remove what was left, as much of it as the broker allows."""
        with contextlib.suppress(redis.RedisError):
            if self.key:
                client.delete(self.key)
            if self.queue:
                self._remove_queue(client)
            if self.node:
                binding = SEPARATOR.join(["", "", f"{self.node}.{COMMANDS}"])
                _unbind(client, COMMANDS, [binding])
            if self.asker:
                self._remove_answers(client)
            if self.names:
                self._remove_names(client)

    def _remove_queue(self, client: redis.Redis) -> None:
        from celery_reliable_redis import reserved_from

        # One that was killed has not given back what the reliable transport had reserved for it.
        client.delete(self.queue, BINDINGS.format(self.queue), PERMANENT.format(self.queue))
        if reserved := reserved_from(client, self.queue):
            client.delete(*reserved)
        # kombu's own would put it back into the queue, some day.
        for tag in _unacked(client, self.queue):
            client.hdel(UNACKED, tag)
            client.zrem(UNACKED_INDEX, tag)

    def _remove_names(self, client: redis.Redis) -> None:
        for key in client.scan_iter(match=f"*{self.names}*", count=AT_ONCE):
            client.delete(key)
        for shared in SHARED_SETS:
            members = [name for name in client.sscan_iter(shared) if self.names.encode() in name]
            if members:
                client.srem(shared, *members)

    def _remove_answers(self, client: redis.Redis) -> None:
        members: Any = client.smembers(BINDINGS.format(ANSWERS))
        bindings = [binding for binding in members if binding.startswith(f"{self.asker}-".encode())]
        _unbind(client, ANSWERS, bindings)
        for binding in bindings:
            client.delete(binding.rpartition(SEPARATOR.encode())[2])


def _unbind(client: redis.Redis, exchange: str, bindings: Sequence[str | bytes]) -> None:
    """Take bindings out of the table of an exchange, and its deadline where no table is left."""
    table = BINDINGS.format(exchange)
    if bindings:
        client.srem(table, *bindings)
    client.eval(DROP_DEADLINE, 2, DEADLINES, table, exchange)


def _unacked(client: redis.Redis, queue: str) -> Iterator[bytes]:
    """Find the tags of a queue's messages that kombu's own transport holds as not acknowledged."""
    for tag, entry in client.hscan_iter(UNACKED, count=AT_ONCE):
        with contextlib.suppress(ValueError, TypeError, RecursionError):  # what is none of kombu's
            _, _, routing_key = json.loads(entry)
            if routing_key == queue:
                yield tag
