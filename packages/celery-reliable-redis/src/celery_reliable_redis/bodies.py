"""Writes the bodies of messages: arguments, serialized, compressed and armoured as kombu does it."""

from __future__ import annotations

import json
from binascii import b2a_base64
from collections.abc import Callable, Iterable
from datetime import date, datetime, timezone
from decimal import Decimal
from json.encoder import c_make_encoder  # type: ignore[attr-defined]  # typeshed has it not
from json.encoder import encode_basestring_ascii as quote
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
        self._write_json = _make_writer(self._encoder)
        #: Whether it is kombu's JSON in base64: then kombu need not be asked for each.
        self._is_usual = (
            self._serializer == "json"
            and not self._compressor
            and self._encoding == "base64"
            and _json_is_kombus()
        )
        #: What is in the JSON of each after the arguments.
        self._tail = f", {kombus_json.dumps(self._embed)}]" if self._is_usual else ""

    def write(self, args: Any, kwargs: Any) -> tuple[str, bool]:
        """Return the body, as it is between quotation marks, and whether all in it is certainly JSON's."""
        if self._is_usual:
            encoder = self._encoder
            met = encoder.met
            try:
                text = "".join(self._write_json((args, kwargs), 0))[:-1] + self._tail
                return b2a_base64(text.encode(), newline=False).decode(), encoder.met == met
            except Exception:  # kombu's own way raises kombu's own error
                pass
        body: Any = serialization.dumps((args, kwargs, self._embed), self._serializer)[2]
        if self._compressor:
            body, _ = compression.compress(body, self._compressor)
        return json.dumps(self._armour(body, self._encoding)[0])[1:-1], False


class _Encoder(kombus_json.JSONEncoder):
    """Kombu's encoder, which counts how often it has met a type that JSON has not."""

    met = 0

    def default(self, o: Any) -> Any:
        """Encode such a value."""
        self.met += 1
        return super().default(o)


def _make_writer(encoder: json.JSONEncoder) -> Callable[[Any, int], Iterable[str]]:
    """Make once what `encoder.encode` makes anew for each value: what writes JSON in C.

    A value that has itself in it ends in a RecursionError.
    """
    if c_make_encoder is None:  # another Python
        return lambda value, _: encoder.iterencode(value)
    options = encoder.key_separator, encoder.item_separator, encoder.sort_keys, encoder.skipkeys
    write: Callable[[Any, int], Iterable[str]] = c_make_encoder(
        None, encoder.default, quote, None, *options, encoder.allow_nan
    )
    return write


def _json_is_kombus() -> bool:
    """Return whether nobody has registered another serializer under the name."""
    try:
        written = serialization.dumps(_PROBE, "json")
    except Exception:  # whatever another one makes of them
        return False
    return bool(written == ("application/json", "utf-8", kombus_json.dumps(_PROBE)))
