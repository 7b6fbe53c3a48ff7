"""Who begins a request and does not go on is hung up on; who has asked is answered, however long it takes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import uvicorn

from producer.live.server import connection
from producer.live.server.connection import Prompt

WHOLE = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
LIMIT_S = 0.1


async def _answer_late(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001  # an app's
    await asyncio.sleep(3 * LIMIT_S)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def _read_after(*pieces: bytes) -> bytes:
    """Send the pieces, and return all that comes until the connection is closed."""
    config = uvicorn.Config(_answer_late, lifespan="off", log_config=None, timeout_keep_alive=60)
    config.load()
    state = uvicorn.server.ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Prompt(config, state, {}), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        answer = b""
        for piece in pieces:
            writer.write(piece)
            if piece.endswith(b"\r\n\r\n"):
                answer += await reader.readuntil(b"\r\n\r\n")
        answer += await reader.read()
        writer.close()
        return answer


@pytest.mark.parametrize("pieces", [(), (b"GET /",), (b"GET / HTTP/1.1\r\n", b"X: 1\r\n")])
def test_who_does_not_go_on_is_hung_up_on(monkeypatch: pytest.MonkeyPatch, pieces: tuple[bytes]) -> None:
    monkeypatch.setattr(connection, "HEAD_S", LIMIT_S)
    assert asyncio.run(_read_after(*pieces)) == b""


def test_who_has_asked_is_answered_and_may_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_S", LIMIT_S)
    answer = asyncio.run(_read_after(WHOLE, WHOLE, b"GET /"))
    assert answer.count(b"204") == 2
