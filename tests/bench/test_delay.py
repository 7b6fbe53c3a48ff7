"""Tasks with an ETA: how late they start, and what many of them cost the worker that takes short jobs.

    pytest -m bench tests/bench/test_delay.py -s

BENCH_POOLS, BENCH_TIMED and BENCH_DELAYED choose how much of it to run. Asserts no speed.
"""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest

from transport_delayed import lateness, producing, send_timed, soon
from transport_lab import POOLS, RELIABLE, Server, laboratory, until

pytestmark = pytest.mark.bench

#: The ways in which a task may wait: in Redis, in Redis once a worker has met it, in the worker.
WAYS = "delayed", "parked", "stock"
TIMED = int(os.environ.get("BENCH_TIMED", "200"))
SPREAD_S = 20.0


def chosen_pools() -> list[str]:
    return os.environ.get("BENCH_POOLS", " ".join(POOLS)).split()


def run_timed(server: Server, directory: Path, pool: str, way: str) -> list[float]:
    """Send tasks that are due one after the other; returns by how many ms each started late."""
    with server.client() as client:
        client.flushall()
    directory.mkdir()
    options: dict[str, Any] = {} if way == "stock" else {"delay_from": 1.25}
    transport = "" if way == "stock" else RELIABLE
    with laboratory(server, directory, transport=transport, options=options) as lab:
        worker = lab.worker(pool, "-l", "WARNING")
        lab.send("pong", range(1))
        until(lambda: lab.noted("done"), "warmth")
        chance = random.Random(1)
        moments = sorted(chance.uniform(3, 3 + SPREAD_S) for _ in range(TIMED))
        with producing(lab, RELIABLE if way == "delayed" else "") as app:
            send_timed(lab, app, [soon(moment) for moment in moments])
        until(lambda: len(lateness(lab)) == TIMED, "all of them")
        assert worker.process.poll() is None
        return [late * 1000 for late in lateness(lab)]


@pytest.mark.parametrize("pool", chosen_pools())
def test_how_late_they_start(server: Server, tmp_path: Path, pool: str) -> None:
    print(f"\n{pool}: {TIMED} tasks in {SPREAD_S:g} s, ms late")
    for way in WAYS:
        late = run_timed(server, tmp_path / way, pool, way)
        marks = {"least": late[0], "p50": late[len(late) // 2], "p95": late[len(late) * 95 // 100]}
        print(f"  {way:8}", *(f"{name} {ms:8.1f}" for name, ms in marks.items()), f"most {late[-1]:8.1f}")
