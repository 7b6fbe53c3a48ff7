"""Writes the bodies of messages: arguments, serialized, compressed and armoured as kombu does it."""

from __future__ import annotations

import json
from binascii import b2a_base64
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

from kombu import compression, serialization
from kombu.utils import json as kombus_json

from celery_reliable_redis.prototype import Prototype

#: Some of each type that kombu's JSON knows: who writes this as kombu does has not been replaced.
_PROBE = [{"é": [1, 2.5, None, True]}, (), date(2000, 1, 2), datetime(2000, 1, 2, tzinfo=timezone.utc)]
_PROBE += [Decimal("1.50"), UUID(int=1), b"x", b"\xff", float("nan")]


class BodyWriter:
    """Writes bodies that differ from a prototype's in their arguments."""

    def __init__(self, prototype: Prototype) -> None:
        self._embed = prototype.body[2]
        self._serializer, self._compressor = prototype.serializer, prototype.compression
        self._armour, self._encoding = prototype.channel.encode_body, prototype.channel.body_encoding
        self._encoder = _Encoder()
        #: What is in the JSON of each after the arguments; None where it is not kombu's JSON.
        self._tail: str | None = None
        if self._serializer == "json" and _json_is_kombus():
            self._tail = f", {kombus_json.dumps(self._embed)}]"

    def write(self, args: Any, kwargs: Any) -> tuple[str, bool]:
        """Return the body, as it is between quotation marks, and whether JSON has all types in it."""
        met = self._encoder.met
        body: Any = self._write_json(args, kwargs)
        if body is None:
            body = serialization.dumps((args, kwargs, self._embed), self._serializer)[2]
        if self._compressor:
            body, _ = compression.compress(body, self._compressor)
        is_json = self._tail is not None and self._encoder.met == met
        if self._encoding == "base64":
            data = body.encode() if isinstance(body, str) else body
            return b2a_base64(data, newline=False).decode(), is_json
        return json.dumps(self._armour(body, self._encoding)[0])[1:-1], is_json

    def _write_json(self, args: Any, kwargs: Any) -> str | None:
        if self._tail is None:
            return None
        try:
            return str(self._encoder.encode((args, kwargs)))[:-1] + self._tail
        except Exception:  # kombu's own way raises kombu's own error
            return None


class _Encoder(kombus_json.JSONEncoder):
    """Kombu's encoder, which counts how often it has met a type that JSON has not."""

    met = 0

    def default(self, o: Any) -> Any:
        """Encode such a value."""
        self.met += 1
        return super().default(o)


def _json_is_kombus() -> bool:
    """Return whether nobody has registered another serializer under the name."""
    try:
        written = serialization.dumps(_PROBE, "json")
    except Exception:  # whatever another one makes of them
        return False
    return bool(written == ("application/json", "utf-8", kombus_json.dumps(_PROBE)))
