"""Handing over many jobs: `send_many` and the lab against Celery's own ways, other queues, and plain LPUSH.

pytest -m bench tests/bench/test_sending.py -s

Every way is a process of its own on one Redis 7, other libraries in environments of their own. Round by
round, in random order, each sends its jobs; the queue is emptied in between. SENDING_BENCH_ROUNDS and
SENDING_BENCH_JOBS choose how much of it to run. Asserts no speed.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from celery_reliable_redis import send_many
from producer.contenders.celery_workers.send import producer_app
from tests.bench.peers.sender import message
from transport_lab import Server, running_server
from transport_servers import binary_of

pytestmark = pytest.mark.bench

PEERS = Path(__file__).parent / "peers"
ROUNDS = int(os.environ.get("SENDING_BENCH_ROUNDS", "5"))
MANY = int(os.environ.get("SENDING_BENCH_JOBS", "30000"))
#: How many jobs each sends in a round: some half a second of its work.
JOBS = {"raw": MANY, "send_many": MANY, "send_many, unshown": MANY, "lab": MANY, "batch": MANY // 10}
JOBS |= {"loop": MANY // 30, "rq": MANY // 10, "huey": MANY // 10, "streaq": MANY // 10}
PACKAGES = {"rq": "rq==3.0.0", "huey": "huey==3.5.4", "streaq": "streaq==7.2.0"}
#: What every environment has beside.
CLIENT = "redis==8.1.0", "hiredis==3.5.0"


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[Server]:
    """A Redis of one test's own, which writes nothing to the disk."""
    with running_server(binary_of("redis"), tmp_path, "--appendonly", "no") as server:
        yield server


def command(way: str, url: str) -> list[str]:
    """The command of a way's process."""
    if way not in PACKAGES:
        return [sys.executable, str(PEERS / "send_celery.py"), way, url]
    requirements = [part for name in (PACKAGES[way], *CLIENT) for part in ("--with", name)]
    return ["uv", "run", "--no-project", "-q", *requirements, "python", str(PEERS / f"send_{way}.py"), url]


class Sender:
    """A process that sends when it is told to."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.versions = self._read()

    def send(self, count: int) -> float:
        """Jobs per second."""
        assert self._process.stdin
        print(count, file=self._process.stdin, flush=True)
        return count / float(self._read())

    def _read(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline().strip()
        assert line, "the sender ended"
        return line


@contextmanager
def sender(way: str, url: str) -> Iterator[Sender]:
    pipe = subprocess.PIPE
    with subprocess.Popen(command(way, url), stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield Sender(process)
        finally:
            process.stdin.close()  # type: ignore[union-attr]  # it ends then


def test_messages_a_second_against_all_others(redis_server: Server) -> None:
    rates: dict[str, list[float]] = {way: [] for way in JOBS}
    with ExitStack() as stack, redis_server.client() as client:
        senders = {way: stack.enter_context(sender(way, redis_server.url())) for way in JOBS}
        for round_ in range(ROUNDS + 1):
            order = list(JOBS)
            random.Random(round_).shuffle(order)
            for way in order:
                rate = senders[way].send(JOBS[way] if round_ else 100)  # the first is to warm up
                client.flushall()
                if round_:
                    rates[way].append(rate)
        version = client.info("server")["redis_version"]
    print(f"\nmessages a second, Redis {version}, {ROUNDS} rounds: median (range), to raw in the same round")
    for way, found in sorted(rates.items(), key=lambda item: -statistics.median(item[1])):
        ratios = sorted(rate / raw for rate, raw in zip(found, rates["raw"], strict=True))
        spread = f"({min(found):,.0f} to {max(found):,.0f})"
        ratio = f"x {statistics.median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})"
        print(f"  {way:20}{statistics.median(found):8,.0f} {spread:20} {ratio}  {senders[way].versions}")


def test_memory_does_not_grow_with_the_jobs(redis_server: Server) -> None:
    """A million jobs of a generator. The queue is emptied meanwhile: the server would need a gigabyte."""
    process, sent = psutil.Process(), 0
    sizes: list[float] = []

    def told(ids: list[str]) -> None:
        nonlocal sent
        sent += len(ids)
        if sent >= 100_000 * (len(sizes) + 1):
            sizes.append(process.memory_info().rss / 2**20)
            client.flushall()

    def jobs(count: int) -> Iterator[tuple[Any, Any]]:
        return (((), message(number)) for number in range(count))

    with producer_app(redis_server.url()) as app, redis_server.client() as client:
        begin = time.perf_counter()
        count = send_many("job", jobs(1_000_000), app=app, ignore_result=True, on_sent=told)
        took = time.perf_counter() - begin
    print(f"\n{count:,} jobs of a generator in {took:.1f} s; resident MiB after each 100,000:")
    print("  " + " ".join(f"{size:.1f}" for size in sizes) + f"; growth {sizes[-1] - sizes[0]:+.1f}")
