"""Rewrites a message that goes back: it says that it is delivered again, and how often nobody asked for that.

The count is a property of the message, where no task carries it over into a retry. It is written in the
step that puts the message back; a consumer sees it as the header `x-delivery-count`, as RabbitMQ has it.
Knows no Redis.
"""

from __future__ import annotations

import json
import time
from typing import Any, NamedTuple

from celery_reliable_redis.eta import read_eta_ms

#: The longest message that is read by default, in bytes: to read it may take 25 times as much memory.
#: RabbitMQ, from version 4, has the same limit.
LONGEST = 16 * 1024 * 1024
#: The property of a message, and the header a consumer sees.
DELIVERY_COUNT = "x-delivery-count"
#: A message that was so often in the hands of one that died waits behind others, and is taken alone.
SUSPECT_FROM = 2
#: How a suspect's JSON begins: to any reader white space, and to a script a sign that costs nothing to see.
SUSPECT_MARK = b"\n\t"


class Returning(NamedTuple):
    """A message as it goes back."""

    raw: bytes
    #: How often it was delivered to one that died.
    deliveries: int
    #: The message, parsed; None if it is none that can be read.
    payload: dict[str, Any] | None


def mark_redelivered(raw: bytes, longest: int = LONGEST, *, counted: bool = False) -> Returning:
    """Return the message with kombu's mark; unchanged if it is no message, or longer than `longest`.

    It is `counted` where its consumer died, unless it waited for its time: it cannot have done any harm.
    """
    if len(raw) > longest:
        return Returning(raw, 0, None)
    try:
        payload = json.loads(raw)
        properties = payload["properties"]
        properties["delivery_info"]["redelivered"] = True
        headers = payload.get("headers") or {}  # null, [] or missing is as good as none
        payload["headers"] = headers = {**headers, "redelivered": True}
        count = count_of(properties)
        if counted and (read_eta_ms(headers) or 0) <= time.time() * 1000:
            properties[DELIVERY_COUNT] = count = count + 1
        new = write(payload, count)
        # Without the mark, rather than refused as too long: what was written in UTF-8 gets longer here.
        return Returning(new if len(new) <= longest else raw, count, payload)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Returning(raw, 0, None)


def write(payload: dict[str, Any], count: int) -> bytes:
    """Return the message as it is in the queue."""
    return (SUSPECT_MARK if count >= SUSPECT_FROM else b"") + json.dumps(payload).encode()


def count_of(properties: dict[str, Any]) -> int:
    """Return how often the message was delivered to one that died, by what its properties say."""
    count = properties.get(DELIVERY_COUNT)
    return count if type(count) is int and count > 0 else 0


def is_suspect(raw: bytes) -> bool:
    """Return whether the message is to be taken alone."""
    return raw.startswith(SUSPECT_MARK)
