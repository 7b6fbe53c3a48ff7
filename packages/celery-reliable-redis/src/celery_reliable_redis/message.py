"""kombu's message, which unpacks no more bytes than its channel allows."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

from kombu.serialization import registry
from kombu.transport import virtual
from kombu.utils.json import loads

from celery_reliable_redis.unpack import unpack


class Message(virtual.Message):
    """A message that counts as undecodable if it would unpack to more than its channel allows."""

    body: Any
    errors: list[Any]

    def __init__(self, payload: dict[str, Any], channel: Any = None, **kwargs: Any) -> None:
        packed_by = payload["headers"].get("compression")
        if packed_by:
            self.errors = [None]  # so that kombu does not unpack it
        super().__init__(payload, channel=channel, **kwargs)
        if packed_by:
            self.errors = []
            try:
                self.body = _unpack(self.body, packed_by, channel.max_unpacked_bytes)
            except Exception:
                self.errors.append(sys.exc_info())

    def _decode(self) -> Any:
        body = self.body
        # As for an envelope: kombu's `loads` is slow, and wanted for what plain JSON does not know.
        if (
            self.content_type == "application/json"
            and self.accept is not None
            and self.content_type in self.accept
            and registry._decoders.get(self.content_type) is loads  # and not a user's
            and type(body) is bytes
            and b"__type__" not in body
        ):
            with contextlib.suppress(Exception):  # kombu says in its own way what is wrong
                return json.loads(body.decode())
        return super()._decode()


def _unpack(body: bytes, packed_by: str, most: int) -> bytes:
    if not most:
        raise ValueError(f"compressed ({packed_by!r:.100}); max_unpacked_bytes is 0")
    return unpack(body, packed_by, most)
