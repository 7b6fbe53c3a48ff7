"""The reliable transport against kombu's own, in turn, on every pool. Asserts no speed.

pytest -m bench tests/bench/test_transport.py -s

TRANSPORT_BENCH_ROUNDS and TRANSPORT_BENCH_JOBS choose how much of it to run.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from pathlib import Path

import psutil
import pytest

from transport_lab import POOLS, RELIABLE, Server, Worker, laboratory, until

pytestmark = pytest.mark.bench

ROUNDS = int(os.environ.get("TRANSPORT_BENCH_ROUNDS", "5"))
JOBS = int(os.environ.get("TRANSPORT_BENCH_JOBS", "3000"))
PINGS = 200


def cpu_s(worker: Worker) -> float:
    """What the worker and its children have used so far."""
    parent = psutil.Process(worker.process.pid)
    return sum(sum(p.cpu_times()[:2]) for p in (parent, *parent.children(recursive=True)))


def one_run(server: Server, directory: Path, pool: str, transport: str) -> tuple[float, float, float]:
    """Jobs per second, CPU per job in ms, median round trip in ms."""
    with server.client() as client:
        client.flushall()
    directory.mkdir()
    with laboratory(server, directory, transport=transport, options={}) as lab:
        worker = lab.worker(pool, "-l", "WARNING")
        lab.send("pong", range(50))
        until(lambda: lab.records.llen("done") == 50, "warmth")
        lab.records.delete("done")
        round_trips = []
        for number in range(PINGS):
            begin = time.perf_counter()
            lab.app.send_task("pong", (number,))
            lab.records.blpop(["done"], 10)
            round_trips.append((time.perf_counter() - begin) * 1000)
        worker.process.send_signal(19)  # stopped, so that the clock starts with a full queue
        lab.send("pong", range(JOBS))
        used, begin = cpu_s(worker), time.perf_counter()
        worker.process.send_signal(18)
        until(lambda: lab.records.llen("done") == JOBS, "all jobs")
        took = time.perf_counter() - begin
        return JOBS / took, (cpu_s(worker) - used) / JOBS * 1000, statistics.median(round_trips)


@pytest.mark.parametrize("pool", POOLS)
def test_speed_against_the_stock_transport(server: Server, tmp_path: Path, pool: str) -> None:
    runs: dict[str, list[tuple[float, float, float]]] = {"": [], RELIABLE: []}
    for number in range(ROUNDS):
        order = ["", RELIABLE]
        random.Random(number).shuffle(order)
        for transport in order:
            name = f"{number}-{'reliable' if transport else 'stock'}"
            runs[transport].append(one_run(server, tmp_path / name, pool, transport))
    print(f"\n{pool}: median of {ROUNDS} runs of {JOBS} jobs (least to most)")
    for index, what in enumerate(("jobs/s", "CPU ms/job", "round trip p50 ms")):
        stock, ours = ([run[index] for run in runs[transport]] for transport in ("", RELIABLE))
        ratios = sorted(b / a for a, b in zip(stock, ours, strict=True))
        spread = " ".join(f"{min(x):.2f}-{max(x):.2f}" for x in (stock, ours))
        print(
            f"  {what:18} stock {statistics.median(stock):8.2f}   reliable {statistics.median(ours):8.2f}   "
            f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})   [{spread}]"
        )
