"""What the asyncio pool costs beside Celery's own: 100 ms waits at the same concurrency, one worker each.

    pytest tests/bench/test_bench_asyncio_pool.py -m bench -s

Rounds are interleaved: each round runs every contender once, in a random order, so that drift of the
machine hits all alike. The clock runs from the first message that the worker takes to the last
acknowledgement; all messages are in the queue before. Refuses to judge: it prints, and asserts only
that no job was lost. BENCH_ROUNDS and BENCH_CONCURRENCIES choose how much of it to run.

prefork is left out above 10: a hundred processes do not measure a pool, but this machine's memory.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from tests.integration.asyncio_pool.conftest import app as app
from tests.integration.asyncio_pool.conftest import side as side
from tests.integration.asyncio_pool.conftest import socket_path as socket_path
from tests.integration.asyncio_pool.workers import Worker, running_worker

WAIT_S = 0.1
#: Jobs for each concurrency: some seconds of work for every contender.
JOBS = {10: 600, 100: 2000, 1000: 3000}
POOLS = {
    10: ["asyncio", "asyncio+uvloop", "threads", "gevent", "prefork"],
    100: ["asyncio", "asyncio+uvloop", "threads", "gevent"],
    1000: ["asyncio", "asyncio+uvloop", "threads", "gevent"],
}
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
CONCURRENCIES = [int(n) for n in os.environ.get("BENCH_CONCURRENCIES", "10,100,1000").split(",")]
#: Seconds after which a run is given up and its jobs counted as lost.
GIVE_UP_S = 60.0


@pytest.mark.bench
def test_pools_side_by_side(app: Any, side: redis.Redis) -> None:
    chance = random.Random(4)
    runs: dict[tuple[int, str], list[tuple[float, float, int]]] = {}
    plan = [(concurrency, pool) for concurrency in CONCURRENCIES for pool in POOLS[concurrency]]
    for _ in range(ROUNDS):
        for concurrency, pool in chance.sample(plan, len(plan)):
            runs.setdefault((concurrency, pool), []).append(_run(app, side, pool, concurrency))
    lines = [
        f"{'pool':<16}{'slots':>6}{'jobs/s':>9}{'worst':>7}{'best':>7}{'of ideal':>10}{'MB':>6}{'lost':>6}"
    ]
    for (concurrency, pool), results in sorted(runs.items()):
        rates = [rate for rate, _, _ in results]
        middle = statistics.median(rates)
        memory, lost = max(peak for _, peak, _ in results), sum(gone for _, _, gone in results)
        ideal = concurrency / WAIT_S
        lines.append(
            f"{pool:<16}{concurrency:>6}{middle:>9.1f}{min(rates):>7.0f}{max(rates):>7.0f}"
            f"{middle / ideal:>10.3f}{memory:>6.0f}{lost:>6}"
        )
    print(f"\nmedian of {ROUNDS} interleaved runs each, {os.cpu_count()} cores", *lines, sep="\n")
    assert not sum(lost for results in runs.values() for _, _, lost in results)


def _run(app: Any, side: redis.Redis, pool: str, concurrency: int) -> tuple[float, float, int]:
    """Jobs per second, peak memory in MB of the worker and its children, jobs lost."""
    name, _, loop = pool.partition("+")
    queue, jobs = "bench", JOBS[concurrency]
    side.flushall()
    options = ["-c", str(concurrency), "-Q", "idle"]
    environment = {"CELERY_AIO_UVLOOP": "1"} if loop else {}
    with (
        tempfile.TemporaryDirectory() as logs,
        running_worker(
            app, Path(logs), queue, *options, pool=name, loglevel="ERROR", **environment
        ) as worker,
    ):
        task = "naps" if name == "asyncio" else "plain_naps"
        for _ in range(jobs):
            worker.send(task, WAIT_S)
        app.control.add_consumer(queue, destination=[worker.name])
        took_s, lost = _wait(side, queue, jobs)
        return (jobs - lost) / took_s, _peak_mb(worker), lost


def _wait(side: redis.Redis, queue: str, jobs: int) -> tuple[float, int]:
    give_up = time.monotonic() + GIVE_UP_S
    while side.llen(queue) == jobs and time.monotonic() < give_up:
        time.sleep(0.0005)
    started = time.monotonic()
    while left := side.llen(queue) + side.zcard("unacked_index"):
        if time.monotonic() > give_up:
            return time.monotonic() - started, int(left)
        time.sleep(0.002)
    return time.monotonic() - started, 0


def _peak_mb(worker: Worker) -> float:
    parent = psutil.Process(worker.process.pid)
    peak_kb = 0
    for process in [parent, *parent.children(recursive=True)]:
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak_kb += int(status.partition("VmHWM:")[2].split()[0])
    return peak_kb / 1024
