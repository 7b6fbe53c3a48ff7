"""An app of this package's own class: its tasks send others and await their results, and use its lifespans.

What happens is told through Redis lists, as in the foreign app.
"""

# mypy: disable-error-code="untyped-decorator, misc"
# (Celery ships no types.)

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

import redis
import redis.asyncio
from celery import chain, chord, group

from celery_asyncio_pool import Celery, aapply_async, adelay, lifespan

URL = os.environ["FOREIGN_URL"]

app = Celery("awaiting", broker=URL, backend=os.environ.get("AWAITING_BACKEND", URL))
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options={"max_connections": 1000},
    task_default_queue=os.environ.get("FOREIGN_QUEUE", "awaiting"),
)

side = redis.Redis.from_url(URL, decode_responses=True, socket_timeout=None)
#: Where the lifespans tell what happens to them, if anybody listens.
TOLD = os.environ.get("AWAITING_TOLD", "")
FAILS, HANGS = os.environ.get("AWAITING_FAILS", ""), os.environ.get("AWAITING_HANGS", "")


def tell(what: str) -> None:
    if TOLD:
        side.rpush(TOLD, what)


@lifespan(app)
async def client() -> AsyncIterator[redis.asyncio.Redis]:
    async with redis.asyncio.Redis.from_url(URL, decode_responses=True, socket_timeout=None) as opened:
        await opened.ping()
        tell("client opened")
        yield opened
        await opened.ping()
    tell("client closed")


@lifespan(app)
async def second() -> AsyncIterator[str]:
    if FAILS == "opening":
        raise ConnectionError("no second")
    if HANGS == "opening":
        tell("second hangs")
        await asyncio.sleep(3600)
    tell("second opened")
    yield "the second"
    tell("second closed")
    if FAILS == "closing":
        raise ConnectionError("second is gone")


@app.task
async def uses(key: str) -> list[Any]:
    await client.value.rpush(key, "used")
    return [second.value, await asyncio.to_thread(lambda: second.value)]


@app.task
def plain_uses() -> str:
    return second.value


@app.task(acks_late=True)
async def holds(key: str) -> None:
    tell("task begins")
    try:
        await client.value.rpush(key + ":started", "1")
        await client.value.blpop([key + ":release"], timeout=60)
    finally:
        await client.value.rpush(key + ":ended", "1")
        tell("task ends")


@app.task
async def add(x: int, y: int) -> int:
    await asyncio.sleep(0)
    return x + y


@app.task
async def total(numbers: list[int]) -> int:
    return sum(numbers)


@app.task
async def fails(*_: Any) -> None:
    raise ValueError("it fails")


@app.task(bind=True)
async def relatives(self: Any) -> list[str]:
    return [self.request.parent_id, self.request.root_id]


@app.task(bind=True)
async def parent(self: Any, children: int) -> dict[str, Any]:
    """Send others at the same time, and await all of them."""
    sent = await asyncio.gather(*(relatives.adelay() for _ in range(children)))
    seen = await asyncio.gather(*(result.aget(timeout=60) for result in sent))
    return {
        "seen": sorted({tuple(ids) for ids in seen}),
        "children": sorted(child.id for child in self.request.children) == sorted(r.id for r in sent),
        "current": self.request.id,
    }


@app.task
async def canvas() -> list[Any]:
    """A canvas of each kind, sent and awaited within a task."""
    canvases = [
        chain(add.s(1, 2), add.s(3)),
        group(add.s(n, n) for n in range(3)),
        chord([add.s(n, n) for n in range(3)], total.s()),
        chain(add.s(1, 2), group(add.s(n) for n in range(2)), total.s()),
    ]
    results = [await adelay(each) for each in canvases]
    results.append(await aapply_async(add.s(1), (2,), countdown=0))
    return [await result.aget(timeout=60) for result in results]
