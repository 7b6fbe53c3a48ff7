"""Browsers get the same bytes, and nobody is waited for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from producer.live.server import hub as hub_
from producer.live.server.hub import Hub


class Reader:
    """A browser: reads what is sent while it is let, and goes when it is told."""

    def __init__(self, hub: Hub) -> None:
        self.chunks: list[bytes] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.goes = asyncio.Event()
        self.news = asyncio.Event()
        self.task = asyncio.create_task(hub.stream(self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self.goes.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        await self.reads.wait()
        if body := message.get("body"):
            self.chunks.append(body)
            self.news.set()

    async def until(self, text: bytes) -> None:
        while text not in b"".join(self.chunks):
            self.news.clear()
            await self.news.wait()


def run(main: Any) -> None:
    asyncio.run(asyncio.wait_for(main, 60))


def test_who_comes_late_begins_with_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_, "GATHER_S", 0)
    seen = [1]

    async def main() -> None:
        hub = Hub(lambda: {"seen": seen})
        early = Reader(hub)
        await early.until(b'event: snapshot\ndata: {"seen":[1]}\n\n')
        seen.append(2)
        hub.publish("state", {"number": 2})
        late = Reader(hub)
        await late.until(b'event: snapshot\ndata: {"seen":[1,2]}\n\n')
        await early.until(b'event: state\ndata: {"number":2}\n\n')
        hub.publish("state", {"number": 3})
        for reader in (early, late):
            await reader.until(b'{"number":3}')
        assert b'{"number":2}' not in b"".join(late.chunks)
        assert early.chunks[-1] is late.chunks[-1] or early.chunks[-1] == late.chunks[-1]
        early.goes.set()
        await early.task
        assert len(hub) == 1
        hub.close()
        await late.task

    run(main())


def test_one_that_is_too_slow_is_dropped_and_the_others_read_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_, "GATHER_S", 0)
    monkeypatch.setattr(hub_, "MOST_BEHIND", 1000)

    async def main() -> None:
        hub = Hub(dict)
        slow, quick = Reader(hub), Reader(hub)
        for reader in (slow, quick):
            await reader.until(b"snapshot")
        slow.reads.clear()
        for number in range(30):
            hub.publish("state", {"number": number, "long": "x" * 100})
            await quick.until(b'"number":%d,' % number)
        await slow.task
        assert len(hub) == 1
        hub.close()
        await quick.task

    run(main())


def test_browsers_hear_that_the_server_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_, "BEAT_S", 0)

    async def main() -> None:
        hub = Hub(dict)
        beating = asyncio.create_task(hub.beat())
        reader = Reader(hub)
        await reader.until(b"event: beat\ndata: {}\n\n")
        beating.cancel()
        hub.close()
        await reader.task

    run(main())
