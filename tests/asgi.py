"""A request to an ASGI app, without a server."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Scope

#: The address by which the requests come.
LOCAL = ("127.0.0.1", 8000)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an app answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


async def ask(
    app: ASGIApp,
    method: str,
    path: str,
    headers: Sequence[tuple[str, str]] = (("host", "127.0.0.1:8000"),),
    body: Sequence[bytes] = (b"",),
    raises: type[Exception] | None = None,
) -> Answer:
    """Send one request, its body in these pieces, and take the whole answer; `raises` may come after it."""
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.1", 50_000),
        "server": LOCAL,
    }
    pieces, sent = [*body], list[Message]()

    async def receive() -> Message:
        if not pieces:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(message: Message) -> None:
        sent.append(message)

    with suppress(*([raises] if raises else [])):
        await app(scope, receive, send)
    start, *parts = sent
    return Answer(
        start["status"],
        {name.decode().lower(): value.decode() for name, value in start["headers"]},
        b"".join(part["body"] for part in parts),
    )
