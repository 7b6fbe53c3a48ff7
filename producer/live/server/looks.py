"""Looks at what nobody publishes: how many messages wait for the lane that runs, and which workers answer.

Both are asked only while somebody watches; workers only while no run goes on, so that none is disturbed.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import redis

from producer.live.server.hub import Hub
from producer.live.server.reader import client_of, told_to_end
from producer.live.server.shown import Shown
from producer.system.reaper import Reaper
from producer.system.traces import Traces
from worker.errors import ContenderError

if TYPE_CHECKING:
    from celery import Celery

#: How often queues and workers are looked at, in seconds.
DEPTH_S, WORKERS_S = 0.5, 10.0
#: What the lab's queues begin with: of others the length is nobody's business here.
QUEUES = "simul."


async def follow_depths(broker_url: str, shown: Shown, hub: Hub) -> None:
    """Publish how many messages wait in the queues of the lanes that run, until it is cancelled."""
    client = client_of(broker_url)
    try:
        while not told_to_end():
            await asyncio.sleep(DEPTH_S)
            depths: dict[str, dict[str, int]] = {}
            for id_, lane, queue in _queues(shown) if len(hub) else ():
                try:
                    depths.setdefault(id_, {})[str(lane)] = int(await client.llen(queue))
                except redis.ResponseError:  # it is no queue
                    continue
                except (redis.RedisError, OSError):  # the reader says that the broker is away
                    break
            if depths != shown.depths:
                shown.depths = depths
                hub.publish("depths", depths)
    finally:
        await client.aclose()


def _queues(shown: Shown) -> list[tuple[str, int, str]]:
    return [
        (state["id"], place, queue)
        for state in shown.going_on()
        for place, lane in enumerate(state["lanes"])
        if lane.get("status") in ("running", "playing")
        and isinstance(queue := lane.get("queue"), str)
        and queue.startswith(QUEUES)
    ]


async def follow_workers(broker_url: str, reaper: Reaper, shown: Shown, hub: Hub) -> None:
    """Publish which workers answer, for ever."""
    from producer.contenders.celery_workers.send import producer_app  # it loads Celery

    app = producer_app(broker_url)
    reaper.add_traces(Traces(asker=app.control.mailbox.asker))
    while True:
        if len(hub) and shown.broker["up"] and not any(shown.going_on()):
            with contextlib.suppress(ContenderError):  # the broker is away, or somebody answers nonsense
                workers = {"answering": await asyncio.to_thread(_ask, app)}
                if workers != shown.workers:
                    shown.workers = workers
                    hub.publish("workers", workers)
            await asyncio.sleep(WORKERS_S)
        else:
            await asyncio.sleep(DEPTH_S)


def _ask(app: Celery) -> list[dict[str, Any]]:
    from producer.contenders.celery_workers.replies import ASK_S, Queues, Stats, ask

    queues = ask(app, "active_queues", Queues, ASK_S).answers
    stats = ask(app, "stats", Stats, ASK_S, queues).answers
    return [
        {"name": node, "queues": [queue.name for queue in queues[node]], "slots": stats[node].pool.slots}
        for node in sorted(queues)
        if node in stats
    ]
