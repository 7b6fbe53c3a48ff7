"""The app of the long run: coroutine jobs that await and end, and one that counts what is left of them."""

# mypy: disable-error-code="untyped-decorator"
# (Celery ships no types.)

from __future__ import annotations

import asyncio
import gc
import json
import os
import threading

import redis
from greenlet import greenlet

from tests.bench.nap_app import app

__all__ = ["app"]


@app.task
async def leftovers(key: str) -> None:
    """Push what is alive in this process, after a collection, to the list `key`."""
    gc.collect()
    objects = gc.get_objects()
    alive = {
        "tasks": len(asyncio.all_tasks()),
        # Not those that each thread has from its start, and has no parent.
        "greenlets": sum(
            isinstance(it, greenlet) and it.parent is not None and not it.dead for it in objects
        ),
        "executions": sum(type(it).__name__ == "Execution" for it in objects),
        "threads": threading.active_count(),
    }
    with redis.Redis.from_url(os.environ["NAP_BROKER"]) as client:
        client.rpush(key, json.dumps(alive))
