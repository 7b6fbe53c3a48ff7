"""What anybody may send to the channel of Celery's remote control: no message, or none that makes sense."""

from __future__ import annotations

import base64
import bz2
import json
import uuid
from typing import Any

from transport_envelopes import envelope_of

#: 2 GiB in a few KiB.
BOMB = bz2.compress(bytes(50 * 1024 * 1024)) * 40
DEEP = json.loads("[" * 800 + "]" * 800)

#: What is not even an envelope.
TEXTS = ["7", "[]", "null", '"x"', "{}", "x", "[" * 100_000, "[" * 900 + "]" * 900]
#: What may stand in an envelope in a field's place.
ENVELOPES: dict[str, list[Any]] = {
    "headers": [7, "x", [1], *({"compression": method} for method in (7, [1], "bzip2", "rot13"))],
    "properties": [7, [], {}, {"delivery_tag": None}],
    "body": [7, "x", "eA=="],
    "content-type": [7, [1], "application/x-yaml", "application/x-python-serialize"],
    "content-encoding": [7, [1], "rot13"],
}
CLOCKS = ["x", [1], float("nan"), 10**400]
BODIES = [7, [], None, "", "x", [1], {}, DEEP, {"self": 1}]
#: What may stand in a command.
COMMANDS: dict[str, list[Any]] = {
    "method": [7, ["x"], None, "dance", "x" * 1000],
    "arguments": [7, [1], {"state": 1}, {"x": DEEP}],
    "destination": [7, {"a": 1}],
    "reply_to": [
        *(7, "x", {}, {"exchange": 7, "routing_key": [1]}, {"exchange": "\ud800", "routing_key": ""}),
        {"exchange": "celery.pidbox", "routing_key": ""},  # is of another type
    ],
    "ticket": [[1], DEEP],
    "pattern": [7, "("],
}


def hostile_broadcasts() -> dict[str, bytes]:
    """Each of these, by what it is."""
    raws = {text[:20]: text.encode() for text in TEXTS} | {"no text": b"\xff"}
    for field, values in ENVELOPES.items():
        for value in values:
            raws[f"{field}: {value!r}"] = _written({**broadcast_of(command()), field: value})
    bomb = {"headers": {"compression": "bzip2"}, "body": base64.b64encode(BOMB).decode()}
    raws["a bomb"] = _written({**broadcast_of(command()), **bomb})
    for clock in CLOCKS:
        raws[f"clock {clock!r:.20}"] = _written({**broadcast_of(command()), "headers": {"clock": clock}})
    for body in BODIES:
        raws[f"a body: {body!r:.20}"] = _written(broadcast_of(body))
    for field, values in COMMANDS.items():
        for value in values:
            changes = {field: value, "matcher": "pcre" if field == "pattern" else None}
            raws[f"{field}: {value!r:.20}"] = _written(broadcast_of(command(changes)))
    return raws


def command(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """A ping as `celery inspect` sends it, but for the changes."""
    back = {"exchange": "reply.celery.pidbox", "routing_key": "nobody"}
    whom = {"destination": None, "pattern": None, "matcher": None}
    return {"method": "ping", "arguments": {}, **whom, "ticket": "t", "reply_to": back, **(changes or {})}


def broadcast_of(body: Any) -> dict[str, Any]:
    """An envelope around a command."""
    return envelope_of({"clock": 1, "expires": 0}, body)


def compressed(packed_body: bytes, method: str) -> bytes:
    """A message whose body is said to be compressed by some method."""
    envelope = envelope_of({"task": "work", "id": str(uuid.uuid4()), "compression": method}, None)
    return _written({**envelope, "body": base64.b64encode(packed_body).decode()})


def _written(envelope: dict[str, Any]) -> bytes:
    return json.dumps(envelope).encode()
