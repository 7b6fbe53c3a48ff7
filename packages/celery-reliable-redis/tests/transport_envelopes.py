"""A message as a kombu client writes one."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any


def packed(headers: dict[str, Any], body: Any = ([], {}, {})) -> bytes:
    """The bytes that a queue holds."""
    return json.dumps(envelope_of(headers, body)).encode()


def envelope_of(headers: dict[str, Any], body: Any) -> dict[str, Any]:
    """The same, not yet written as JSON."""
    return {
        "body": base64.b64encode(json.dumps(body).encode()).decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": headers,
        "properties": {
            "body_encoding": "base64",
            "delivery_info": {"exchange": "", "routing_key": "somewhere"},
            "delivery_tag": str(uuid.uuid4()),
        },
    }
