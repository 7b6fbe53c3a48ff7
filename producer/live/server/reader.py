"""Follows the stream of events for all browsers, and tells those who publish that somebody watches.

A broker that goes away is shown, and waited for; when it is back, all that it holds is read again.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import redis
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from producer.live.feed import FIELD, STREAM, WATCHED, WATCHED_S, alive_key, report_key
from producer.live.server.hub import Hub
from producer.live.server.shown import Shown, ended
from producer.system.client import ANSWER_S
from worker.address import hide_password

#: How often it is said that somebody watches, in seconds.
RENEW_S = WATCHED_S / 3
#: How long one question waits for events, in seconds, and how many it brings.
BLOCK_S, COUNT = 1.0, 500
#: How long to wait before a broker that is away is asked again, in seconds.
AGAIN_S = 0.5
#: A run that has not said for so long that its process is there has ended without a word, in seconds.
SILENT_S = 2 * WATCHED_S


def client_of(broker_url: str) -> Redis:
    """Make a client for an event loop that gives up soon, as `producer.system.client` does for others."""
    return Redis.from_url(
        broker_url,
        socket_connect_timeout=ANSWER_S,
        socket_timeout=ANSWER_S + BLOCK_S,
        retry=Retry(NoBackoff(), 0),
        protocol=2,  # as there
    )


def told_to_end() -> bool:
    """Whether this task is cancelled.

    redis-py may swallow that: under Python 3.11 a cancellation that comes just as it sends is lost.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class Reader:
    """Reads what runs publish, into `shown` and to the browsers of `hub`."""

    def __init__(self, broker_url: str, shown: Shown, hub: Hub) -> None:
        self._where = hide_password(broker_url)
        self._client = client_of(broker_url)
        self._shown = shown
        self._hub = hub
        #: When each run that goes on was last known to be alive.
        self._heard_s: dict[str, float] = {}
        self._reported: set[str] = set()

    async def run(self) -> None:
        """Follow the stream until it is cancelled."""
        try:
            while not told_to_end():
                try:
                    await self._follow()
                except (redis.RedisError, OSError) as error:
                    why = str(error).rstrip(".") or type(error).__name__
                    self._tell(False, f"nothing answers at {self._where}: {why}")
                    await asyncio.sleep(AGAIN_S)
        finally:
            await self._client.aclose()

    async def report(self, id_: str) -> bytes | None:
        """Return the report of a run, compressed by gzip; None where there is none.

        Raises:
            redis.RedisError, OSError: the broker is away.
        """
        report = await self._client.get(report_key(id_))
        return report if isinstance(report, bytes) else None

    async def _follow(self) -> None:
        last: bytes | str = "0"
        renewed_s = -RENEW_S
        self._heard_s.clear()
        while not told_to_end():
            if time.monotonic() - renewed_s >= RENEW_S:
                renewed_s = time.monotonic()
                await self._client.set(WATCHED, 1, ex=WATCHED_S)
                self._tell(True, "")
                await self._look_for_silent()
            reply: Any = await self._client.xread({STREAM: last}, count=COUNT, block=round(1000 * BLOCK_S))
            for _, entries in reply or ():
                for last, fields in entries:  # noqa: B007 - the last of them is where to go on
                    self._take(fields.get(FIELD.encode(), b""))

    def _take(self, data: bytes) -> None:
        event = self._shown.take(data)
        if event is None:
            return
        self._hub.publish(*event)
        name, state = event
        if name == "state" and state.get("report") is True and state["id"] not in self._reported:
            self._reported.add(state["id"])
            self._hub.publish("report", {"id": state["id"]})

    async def _look_for_silent(self) -> None:
        """End the runs that have not said for long that they are alive: they were killed."""
        now_s = time.monotonic()
        for state in self._shown.going_on():
            id_ = state["id"]
            if await self._client.exists(alive_key(id_)) or id_ not in self._heard_s:
                self._heard_s[id_] = now_s
            elif now_s - self._heard_s[id_] > SILENT_S:
                state = ended(state, "interrupted", "nothing is heard of it any more: it was killed")
                self._shown.put(state)
                self._hub.publish("state", state)

    def _tell(self, up: bool, says: str) -> None:
        broker = {"up": up, "says": says}
        if broker != self._shown.broker:
            self._shown.broker = broker
            self._hub.publish("broker", broker)
