"""The stream is read once for all, and what is wrong in it is passed over."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator

import msgspec
import pytest
import redis

from producer.live.feed import FIELD, STREAM, WATCHED, alive_key
from producer.live.server import reader as reader_
from producer.live.server.hub import Hub
from producer.live.server.reader import Reader
from producer.live.server.shown import Shown
from producer.system.broker import Broker
from producer.system.client import connect

ID = "0123456789ab"


@pytest.fixture
def client(broker: Broker) -> Iterator[redis.Redis]:
    with contextlib.closing(connect(broker.url)) as client:
        client.delete(STREAM, WATCHED)
        yield client
        client.delete(STREAM, WATCHED, alive_key(ID))


class Heard(Hub):
    """Keeps what would be sent."""

    def __init__(self) -> None:
        super().__init__(dict)
        self.events: list[tuple[str, object]] = []
        self.news = asyncio.Event()

    def publish(self, name: str, data: object) -> None:
        self.events.append((name, data))
        self.news.set()

    async def until(self, condition: Callable[[], object]) -> None:
        while not condition():
            self.news.clear()
            await self.news.wait()


def follow(broker: Broker, condition: Callable[[Shown, Heard], object]) -> tuple[Shown, Heard]:
    """Read until this is so."""

    async def main() -> tuple[Shown, Heard]:
        shown, hub = Shown(), Heard()
        reading = asyncio.create_task(Reader(broker.url, shown, hub).run())
        await asyncio.wait_for(hub.until(lambda: condition(shown, hub)), 60)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        return shown, hub

    return asyncio.run(main())


def state(**more: object) -> bytes:
    return msgspec.json.encode(
        {"type": "state", "id": ID, "kind": "comparison", "status": "running", "lanes": [], **more}
    )


def test_what_is_no_event_is_passed_over(broker: Broker, client: redis.Redis) -> None:
    for data in (b"", b"\xff", b"{}", b"[" * 5000):
        client.xadd(STREAM, {FIELD: data})
    client.xadd(STREAM, {"another": state(says="in the wrong field")})
    client.xadd(STREAM, {FIELD: state(says="right")})
    shown, hub = follow(broker, lambda shown, _: shown.state(ID))

    assert [name for name, _ in hub.events] == ["state"]
    known = shown.state(ID)
    assert known
    assert known["says"] == "right"
    assert 0 < client.ttl(WATCHED) <= 15


def test_a_report_is_told_of_once(broker: Broker, client: redis.Redis) -> None:
    client.xadd(STREAM, {FIELD: state(report=False)})
    for says in ("made", "done"):
        client.xadd(STREAM, {FIELD: state(report=True, says=says)})
    _, hub = follow(broker, lambda _, hub: len(hub.events) == 4)

    assert [name for name, _ in hub.events] == ["state", "state", "report", "state"]
    assert ("report", {"id": ID}) in hub.events


def test_a_run_that_was_killed_is_shown_as_that(
    broker: Broker, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_, "RENEW_S", 0)
    monkeypatch.setattr(reader_, "BLOCK_S", 0.05)
    monkeypatch.setattr(reader_, "SILENT_S", 0.2)
    client.xadd(STREAM, {FIELD: state(says="round 1")})
    client.set(alive_key(ID), 1, px=300)

    def has_ended(shown: Shown, _: Heard) -> bool:
        known = shown.state(ID)
        return bool(known and known["status"] == "interrupted")

    shown, _ = follow(broker, has_ended)
    known = shown.state(ID)
    assert known
    assert known["says"].startswith("nothing is heard of it any more")
    assert known["ended"]
    assert not client.exists(alive_key(ID)), "as long as it was alive it went on"
