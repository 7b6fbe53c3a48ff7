"""Reads the envelopes that producers put into queues, and makes a placeholder of anything else.

kombu's channels raise at bytes that are no JSON, or no envelope, after they have taken them from the queue:
the worker ends. Here they become a message whose body no serializer accepts. A consumer gets it like any
other, refuses it by its own rules (Celery logs it as undecodable) and acknowledges it: so it is gone from the
broker, once. Nothing is judged but the envelope: what a body says is the consumer's affair.

What kombu takes is taken, also where a producer in another language leaves something out or has an empty list
for an empty object (PHP): content type, content encoding, headers, the body itself.
"""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

from kombu.utils.encoding import bytes_to_str
from kombu.utils.json import loads

#: The only header of a placeholder, which says why it is one.
UNREADABLE = "unreadable"
#: How deep lists and objects may be nested in an envelope (its body is a text). What is nested a thousand
#: times can be read here, but may be too deep for whoever writes or pickles it.
DEEPEST = 50
#: How many bytes of what is no message its placeholder has for a body: Celery writes a body into its log.
SHOWN = 1000
TEXT: set[type] = {str, type(None)}
SCALAR: set[type] = {*TEXT, int, float, bool}


class Placeholder(dict[str, Any]):
    """An envelope that stands for bytes that are no message."""

    def __init__(self, raw: bytes, queue: str, reason: str) -> None:
        # As a producer would send these bytes to this queue, so that they can be put back like any message.
        super().__init__(_envelope_around(raw[:SHOWN], queue, reason))
        #: All that was in the queue.
        self.raw = raw

    def whole(self) -> dict[str, Any]:
        """Return a copy with all the bytes as its body, from which `restore_original` reads them."""
        return {**self, "body": base64.b64encode(self.raw).decode()}


def parse_envelope(raw: bytes, queue: str, channel: Any, acknowledged: bool = True) -> dict[str, Any]:
    """Parse the envelope in `raw`, which was taken from `queue`, or make a placeholder of these bytes.

    A message that will be `acknowledged` has to say where it was sent to, for kombu has to put it back.
    """
    try:
        if len(raw) > channel.max_message_bytes:
            raise ValueError(f"{len(raw):,} bytes; max_message_bytes is {channel.max_message_bytes:,}")
        return _read(raw, channel, acknowledged)
    except Exception as error:  # whatever there is: kombu's JSON even calls constructors
        return Placeholder(raw, queue, f"{type(error).__name__}: {error}"[:1000])


def restore_original(payload: dict[str, Any]) -> bytes | None:
    """Return the original bytes of a placeholder made by `whole`; None for any other envelope."""
    headers = payload.get("headers") or {}  # null, [] or missing is as good as none
    return base64.b64decode(payload["body"]) if headers.keys() == {UNREADABLE} else None


def _read(raw: bytes, channel: Any, acknowledged: bool) -> dict[str, Any]:
    # kombu's `loads` makes a decoder for each call, which takes longer than all that is looked at here. It is
    # wanted where there is something that plain JSON does not know.
    payload: dict[str, Any] = (loads if b"__type__" in raw else json.loads)(bytes_to_str(raw))
    if raw.count(b"{") + raw.count(b"[") > DEEPEST and _is_deeper(payload, DEEPEST):
        raise ValueError(f"nested more than {DEEPEST} times")
    properties = payload["properties"]
    delivery = properties.get("delivery_info") or {}
    if acknowledged and not ("exchange" in delivery and "routing_key" in delivery):
        raise KeyError("exchange or routing_key")
    if not _is_as_kombu_writes(payload, delivery):
        _complete(payload, delivery)
    tag = properties["delivery_tag"]
    if acknowledged and type(tag) not in (int, float):
        tag.encode()  # the broker knows the message by it
    elif type(tag) not in (str, int, float):
        properties["delivery_tag"] = str(uuid.uuid4())  # who refuses it may acknowledge it all the same
    if payload["body"]:
        channel.decode_body(payload["body"], properties.get("body_encoding"))
    return payload


def _is_as_kombu_writes(payload: dict[str, Any], delivery: dict[str, Any]) -> bool:
    # Written out: each message comes through here.
    return (
        type(payload.get("body")) is str
        and type(payload.get("content-type")) is str
        and type(payload.get("content-encoding")) is str
        and type(payload.get("headers")) is dict
        and type(delivery.get("exchange")) is str
        and type(delivery.get("routing_key")) is str
    )


def _complete(payload: dict[str, Any], delivery: dict[str, Any]) -> None:
    """Put in what kombu takes for granted. Raises TypeError at what it cannot take."""
    _be_of({str}, payload, "body", "")  # not null: Celery asks for its length
    _be_of(SCALAR, payload, "content-type")
    _be_of(TEXT, payload, "content-encoding")
    _be_of({dict}, payload, "headers", {})
    _be_of(SCALAR, delivery, "exchange")
    _be_of(SCALAR, delivery, "routing_key")


def _be_of(types: set[type], container: dict[str, Any], name: str, nothing: Any = None) -> None:
    if type(value := container.get(name, ...)) in types:
        return
    # As kombu takes it, what is nothing in some way is nothing: PHP's empty array is an empty object, too.
    if value and value is not ...:
        raise TypeError(f"{name} is of the type {type(value).__name__}")
    container[name] = nothing


def _is_deeper(value: Any, levels: int) -> bool:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_is_deeper(item, levels - 1) for item in inside)


def _envelope_around(body: bytes, queue: str, reason: str) -> dict[str, Any]:
    return {
        "body": base64.b64encode(body).decode(),
        "content-type": "application/octet-stream",
        "content-encoding": "binary",
        "headers": {UNREADABLE: reason},
        "properties": {
            "body_encoding": "base64",
            "delivery_info": {"exchange": "", "routing_key": queue},
            "delivery_tag": str(uuid.uuid4()),
        },
    }
