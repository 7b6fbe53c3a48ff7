"""One worker and a full queue: jobs that do nothing, and jobs that wait, beside the peers.

    pytest tests/bench/test_workers.py -m bench -s

All jobs are in the queue before the worker is started. The clock is the jobs' own: from the moment the first
of them begins to the moment the last is done, each of which leaves a datagram in a Unix socket; so neither
sending nor starting is in it. All acknowledge after the job, but huey, which cannot. Rounds are interleaved,
and each run has a worker of its own. BENCH_ROUNDS, BENCH_CONTENDERS (between semicolons) and BENCH_NOTHINGS,
the number of jobs that do nothing, choose how much of it to run. Asserts no speed. Needs a redis-server on
PATH.
"""

from __future__ import annotations

import os
import socket
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.bench.contenders import PATIENCE_S, Contender, chosen, interleaved
from transport_lab import Server, running_server
from transport_servers import binary_of

pytestmark = pytest.mark.bench

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
WAIT_S = 0.1


class Work(NamedTuple):
    """So many jobs of a kind, for so many slots."""

    task: str
    jobs: int
    slots: int
    seconds: float
    contenders: str


NOTHING = Work(
    "nothing",
    int(os.environ.get("BENCH_NOTHINGS", "3000")),
    8,
    0,
    "solo;threads;gevent;asyncio;taskiq;dramatiq;huey",
)
WAITS = Work("nap", 3000, 100, WAIT_S, "asyncio;threads;gevent;taskiq;huey")
MANY_WAITS = Work("nap", 6000, 1000, WAIT_S, "asyncio;threads;taskiq")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Redis that keeps nothing."""
    with running_server(binary_of("redis"), tmp_path_factory.mktemp("redis"), "--appendonly", "no") as made:
        yield made


@pytest.mark.parametrize("work", [NOTHING, WAITS, MANY_WAITS], ids=["nothing", "waits", "many_waits"])
def test_one_worker_and_a_full_queue(server: Server, tmp_path: Path, work: Work) -> None:
    contenders = chosen("BENCH_CONTENDERS", work.contenders)
    runs: dict[str, list[float]] = {}
    for number, contender in enumerate(interleaved(contenders, ROUNDS)):
        runs.setdefault(contender.name, []).append(_run(contender, server, tmp_path / f"{number}", work))
    print(f"\n{work.jobs:,} jobs of {work.seconds * 1000:g} ms, {work.slots:,} slots; {ROUNDS} rounds")
    print(*filter(None, (contender.versions for contender in contenders)), sep=", ")
    ranked = sorted(runs.items(), key=lambda item: -statistics.median(item[1]))
    for name, rates in ranked:
        middle = statistics.median(rates)
        ideal = f"{middle * work.seconds / work.slots:10.3f} of ideal" if work.seconds else ""
        ratios = sorted(rate / best for rate, best in zip(rates, ranked[0][1], strict=True))
        print(
            f"{name:16}{middle:9,.0f} jobs/s ({min(rates):,.0f}-{max(rates):,.0f}){ideal}"
            f"{statistics.median(ratios):8.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f}) of {ranked[0][0]}"
        )


def _run(contender: Contender, server: Server, place: Path, work: Work) -> float:
    """Return jobs per second."""
    with server.client() as client:
        client.flushall()
    place.mkdir()
    environment = {"BENCH_BROKER": server.url(), "BENCH_EFFECTS": str(place / "effects")}
    contender.send("fill", work.task, work.jobs, work.seconds, **environment)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(environment["BENCH_EFFECTS"])
        bound.settimeout(PATIENCE_S)
        with contender.working(work.slots, place / "log", **environment):
            begun, ended = (int(bound.recv(100).split()[1]) for _ in range(2))
    return work.jobs / (ended - begun) * 1e9
