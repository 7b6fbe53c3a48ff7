"""Marks a message as redelivered, as kombu does. Knows no Redis."""

from __future__ import annotations

import json

#: The longest message that is read by default, in bytes: to read it may take 25 times as much memory.
#: RabbitMQ, from version 4, has the same limit.
LONGEST = 16 * 1024 * 1024


def mark_redelivered(raw: bytes, longest: int = LONGEST) -> bytes:
    """Return the message with kombu's mark; unchanged if it is no message, or longer than `longest`."""
    if len(raw) > longest:
        return raw
    try:
        payload = json.loads(raw)
        payload["properties"]["delivery_info"]["redelivered"] = True
        headers = payload.get("headers") or {}  # null, [] or missing is as good as none
        payload["headers"] = {**headers, "redelivered": True}
        return json.dumps(payload).encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return raw
