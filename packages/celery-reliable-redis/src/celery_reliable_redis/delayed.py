"""What waits in Redis until it is due: who asks may see it, and revoke it. Knows no kombu."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import redis

from celery_reliable_redis.consumer import BASE
from celery_reliable_redis.release import DelayKeys, make_delay_keys
from celery_reliable_redis.survey import escape_pattern

#: Messages, and members, that the server is asked for at once.
MESSAGES_AT_ONCE, MEMBERS_AT_ONCE = 100, 250


class Delayed(NamedTuple):
    """A message that waits."""

    task_id: str
    #: The key of its queue, without the prefix; that of a queue of a priority has it at its end.
    queue: str
    #: Its ETA, in seconds since 1970.
    due: float
    #: The message as it goes into the queue.
    raw: bytes

    def read(self) -> dict[str, Any]:
        """Return the message; an empty one if it cannot be read."""
        try:
            message = json.loads(self.raw)
        except (ValueError, RecursionError):
            return {}
        return message if isinstance(message, dict) else {}


def list_delayed(client: redis.Redis, prefix: str = "") -> Iterator[Delayed]:
    """Yield what waits, queue by queue, the next first. What comes or goes meanwhile may be missing.

    `prefix` is the `global_keyprefix`.
    """
    for queue, keys in _find_queues(client, prefix):
        start = 0
        while page := client.zrange(keys.due, start, start + MESSAGES_AT_ONCE - 1, withscores=True):
            start += len(page)
            yield from _read(client, queue, keys, page)


def find_delayed(client: redis.Redis, ids: Collection[str], prefix: str = "") -> Iterator[Delayed]:
    """Yield the messages of these tasks that wait."""
    for queue, keys in _find_queues(client, prefix):
        yield from _read(client, queue, keys, _scan(client, keys, ids))


def revoke_delayed(client: redis.Redis, ids: Collection[str], prefix: str = "") -> set[str]:
    """Remove the messages of these tasks that wait. Returns the ids of those that will not start."""
    revoked = set()
    for _, keys in _find_queues(client, prefix):
        for member in _scan(client, keys, ids):
            with client.pipeline() as pipe:
                pipe.zrem(keys.due, member)
                pipe.hdel(keys.messages, member)
                if pipe.execute()[1]:  # or else it was due meanwhile
                    revoked.add(_task_id(member))
    return revoked


def _find_queues(client: redis.Redis, prefix: str) -> Iterator[tuple[str, DelayKeys]]:
    base = f"{prefix}{BASE}"
    start = make_delay_keys(base, prefix).due
    pattern = escape_pattern(start) + "*"
    keys = {
        key.decode(errors="replace") for key in client.scan_iter(pattern, MEMBERS_AT_ONCE, "zset")
    }  # perhaps named twice
    for key in sorted(keys):
        queue = key[len(start) :]
        yield queue, make_delay_keys(base, prefix + queue)


def _scan(client: redis.Redis, keys: DelayKeys, ids: Collection[str]) -> dict[bytes, float]:
    # All of them: what is there all the while is found, whatever comes and goes.
    members: Any = client.zscan_iter(keys.due, count=MEMBERS_AT_ONCE)
    return {member: due for member, due in members if _task_id(member) in ids}


def _read(client: redis.Redis, queue: str, keys: DelayKeys, page: Any) -> Iterator[Delayed]:
    dues = dict(page)
    raws: Any = client.hmget(keys.messages, list(dues)) if dues else []
    for (member, due), raw in zip(dues.items(), raws, strict=True):
        if raw is not None:
            yield Delayed(_task_id(member), queue, due / 1000, raw)


def _task_id(member: bytes) -> str:
    return member.decode(errors="replace").rpartition("/")[0]
