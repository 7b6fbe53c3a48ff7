"""Reads what a producer has put into a queue: kombu's envelope, or a stand-in for what is none.

kombu's channels raise at bytes that are no JSON, or no envelope, after they have taken them from the queue:
the worker ends. Here they become a message whose body no serializer accepts. A consumer gets it like any
other, refuses it by its own rules (Celery logs it as undecodable) and acknowledges it: so it is gone from the
broker, once. Nothing is judged but the envelope: what a body says is the consumer's affair.
"""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

from kombu.utils.encoding import bytes_to_str
from kombu.utils.json import loads

#: The one header of a stand-in: why it is one.
UNREADABLE = "unreadable"
#: How deep lists and objects may be nested in an envelope (its body is a text). What is nested a thousand
#: times can be read here, and then be too much for whoever has to write or pickle it.
DEEPEST = 50
TEXTS = {str, type(None)}


def envelope(raw: bytes, queue: str, channel: Any) -> dict[str, Any]:
    """What `channel` may make a message of: the envelope in `raw`, taken from `queue`, or a stand-in."""
    try:
        return _read(raw, channel)
    except Exception as error:  # whatever there is: kombu's JSON even calls constructors
        return _stand_in(raw, queue, f"{type(error).__name__}: {error}"[:1000])


def _read(raw: bytes, channel: Any) -> dict[str, Any]:
    # kombu's `loads` makes a decoder for each call, which takes longer than all that is looked at here. It is
    # wanted where there is something that plain JSON does not know.
    payload: dict[str, Any] = (loads if b"__type__" in raw else json.loads)(bytes_to_str(raw))
    if raw.count(b"{") + raw.count(b"[") > DEEPEST and _is_deeper(payload, DEEPEST):
        raise ValueError(f"nested more than {DEEPEST} times")
    body, headers, properties = payload["body"], payload["headers"], payload["properties"]
    if not isinstance(headers, dict):
        raise TypeError(f"headers are an object, not {type(headers).__name__}")
    delivery = properties["delivery_info"]
    texts = body, payload["content-type"], payload["content-encoding"], delivery["exchange"]
    if not {*map(type, texts), type(delivery["routing_key"])} <= TEXTS:
        raise TypeError("body, content-type, content-encoding, exchange and routing_key are texts or null")
    properties["delivery_tag"].encode()  # the broker knows the message by it
    if body:
        channel.decode_body(body, properties.get("body_encoding"))
    return payload


def _is_deeper(value: Any, levels: int) -> bool:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_is_deeper(one, levels - 1) for one in inside)


def _stand_in(raw: bytes, queue: str, reason: str) -> dict[str, Any]:
    # As a producer would send these bytes to this queue, so that they can be put back like any message.
    return {
        "body": base64.b64encode(raw).decode(),
        "content-type": "application/octet-stream",
        "content-encoding": "binary",
        "headers": {UNREADABLE: reason},
        "properties": {
            "body_encoding": "base64",
            "delivery_info": {"exchange": "", "routing_key": queue},
            "delivery_tag": str(uuid.uuid4()),
        },
    }
