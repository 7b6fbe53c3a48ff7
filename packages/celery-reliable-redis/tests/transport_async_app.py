"""The same app for the asyncio pool: the jobs as coroutines, under the same names."""

import asyncio
import time

import redis
from redis.asyncio import Redis

from transport_app import RECORDS, app

records = Redis.from_url(RECORDS)
AWAY = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError)

for name in ("work", "block", "pong", "keep_time", "hold"):
    app.tasks.unregister(name)


async def note(what, value):
    """Append to a list of the records, however long the server is away."""
    while True:
        try:
            await records.rpush(what, value)
        except AWAY:
            await asyncio.sleep(0.05)
        else:
            return


@app.task(name="work")
async def work(number, seconds=0.0):
    await note("started", number)
    await asyncio.sleep(seconds)
    await note("done", number)


@app.task(name="block")
async def block(number, seconds):
    """Compute: no other coroutine gets a turn."""
    await note("started", number)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sum(range(10_000))
    await note("done", number)


@app.task(name="pong")
async def pong(number):
    """The least that leaves a trace."""
    await records.rpush("done", number)


@app.task(name="keep_time")
async def keep_time(number, due):
    """Note by how many seconds it starts late."""
    late = time.time() - due
    await note("late", late)
    await note("done", number)


@app.task(name="hold")
async def hold(number):
    """Work until the test says otherwise: `release` exists."""
    await note("started", number)
    while True:
        try:
            if await records.exists("release"):
                break
        except AWAY:
            pass
        await asyncio.sleep(0.02)
    await note("done", number)
