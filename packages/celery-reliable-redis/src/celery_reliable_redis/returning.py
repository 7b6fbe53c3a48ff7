"""Puts messages back: into their queue, or aside when they were delivered too often. Knows no kombu."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Final

import redis

from celery_reliable_redis import scripts
from celery_reliable_redis.counters import counters
from celery_reliable_redis.mistakes import SettingError
from celery_reliable_redis.redelivery import (
    DELIVERY_COUNT,
    LONGEST,
    SUSPECT_FROM,
    mark_redelivered,
    write,
)

#: Messages put back by one script, and their bytes: so that no script keeps the server busy for long.
AT_ONCE, BYTES_AT_ONCE = 50, 512 * 1024
#: The header of a message that was put aside: what has happened to it, the latest last; as RabbitMQ names it.
DEATHS = "x-death"
#: What the name of the queue of those that were put aside ends in.
DEAD_SUFFIX = ":dead"


@dataclass(frozen=True)
class Rules:
    """How messages go back, and when one is not put back any more."""

    #: Deliveries to consumers that died, after which a message is put aside; None for no limit.
    delivery_limit: int | None = 20
    #: Whether a delivery that ends in a requeue counts, too.
    count_requeues: bool = False
    #: What kombu writes between the name of a queue and a priority.
    sep: str = "\x06\x16"
    #: The longest message that is read to be marked as redelivered, in bytes.
    longest: int = LONGEST

    def __post_init__(self) -> None:
        limit = self.delivery_limit
        if limit is not None and (type(limit) is not int or limit < 1):
            raise SettingError(
                "broker_transport_options: delivery_limit is a whole number of deliveries, 1 at least, or "
                f"None for no limit, and not {limit!r} (consume)."
            )

    def find_dead_key(self, key: str) -> str:
        """Return the key of the messages that were put aside of the queue behind `key`, of any priority."""
        return re.sub(f"{re.escape(self.sep)}[0-9]$", "", key) + DEAD_SUFFIX


#: Those of a transport for which nobody sets an option.
DEFAULT: Final = Rules()


class Returns:
    """How the messages of consumers go back."""

    def __init__(self, registry: list[str], rules: Rules) -> None:
        self._registry = registry
        self.rules = rules

    def put_back_of_dead(
        self, client: redis.Redis, consumer: str, queue: str, key: str, raws: Iterable[bytes], host: str
    ) -> int:
        """Put messages of a dead consumer to the head of `queue`, counted. Returns how many left its list."""
        worker = f"process {consumer.partition('-')[0]}{f' on {host}' if host else ''}"
        returning = (self._judge(raw, queue, "its worker died", worker) for raw in raws)
        return self._put_back(client, consumer, queue, key, returning, "dead")

    def put_back_own(
        self, client: redis.Redis, consumer: str, queue: str, key: str, raws: Iterable[bytes], where: str
    ) -> int:
        """Put messages of our own to the 'head' or 'tail' of `queue`, and do not count it."""
        returning = ((raw, mark_redelivered(raw, self.rules.longest).raw, where) for raw in raws)
        return self._put_back(client, consumer, queue, key, returning, "own")

    def requeue(
        self, client: redis.Redis, consumer: str, queue: str, key: str, raw: bytes, worker: str
    ) -> None:
        """Put a message to the tail of `queue`, as its task asks for."""
        if self.rules.count_requeues:
            old, new, where = self._judge(raw, queue, "requeued", worker)
            returning = [(old, new, "aside" if where == "aside" else "tail")]
            self._put_back(client, consumer, queue, key, returning, "own")
        else:
            self.put_back_own(client, consumer, queue, key, [raw], "tail")

    def _judge(self, raw: bytes, queue: str, reason: str, worker: str) -> tuple[bytes, bytes, str]:
        new, count, payload = mark_redelivered(raw, self.rules.longest, counted=True)
        limit = self.rules.delivery_limit
        if payload is not None and limit is not None and count >= limit:
            death = {"queue": queue, "reason": reason, "time": _now(), "worker": worker, "count": count}
            earlier = payload["headers"].get(DEATHS)
            payload["headers"][DEATHS] = [*(earlier if isinstance(earlier, list) else []), death]
            payload["properties"].pop(DELIVERY_COUNT, None)
            return raw, write(payload, 0), "aside"
        return raw, new, "tail" if count >= SUSPECT_FROM else "head"

    def _put_back(
        self,
        client: redis.Redis,
        consumer: str,
        queue: str,
        key: str,
        returning: Iterable[tuple[bytes, bytes, str]],
        why: str,
    ) -> int:
        keys = [*self._registry, key, queue, self.rules.find_dead_key(queue)]
        moved = 0
        for batch in _make_batches(returning):
            answer: Any = client.eval(scripts.PUT_BACK, len(keys), *keys, consumer, why, *batch)
            back, aside = answer
            if back < 0:
                break
            moved += back + aside
            counters.add("dead_lettered", aside)
        return moved


def _make_batches(returning: Iterable[tuple[bytes, bytes, str]]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    size = 0
    for old, new, where in returning:
        if batch and (len(batch) >= 3 * AT_ONCE or size + len(old) + len(new) > BYTES_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch += old, new, where
        size += len(old) + len(new)
    if batch:
        yield batch


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")
