"""One job into an idle worker after a pause: how long until it has been sent, and until its effect.

    pytest tests/bench/test_latency.py -m bench -s

The clock starts before `apply_async` (or what the peer has for it) and ends when the task itself has left its
effect, a datagram in a Unix socket, the same for all. Before each job, its sender sleeps for BENCH_PAUSE_MS,
and the worker has nothing to do. Rounds are interleaved; in each, every contender has a worker and a sender
of its own. "prompt" sends by `celery_reliable_redis.prompt:Task`. BENCH_ROUNDS, BENCH_PINGS and
BENCH_CONTENDERS (between semicolons) choose how much of it to run. Asserts no speed. Needs a redis-server on
PATH.
"""

from __future__ import annotations

import json
import os
import statistics
from pathlib import Path

import pytest

from tests.bench.contenders import Contender, chosen, interleaved
from transport_lab import Server, running_server
from transport_servers import binary_of

pytestmark = pytest.mark.bench

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
PINGS = int(os.environ.get("BENCH_PINGS", "300"))
PAUSE_MS = float(os.environ.get("BENCH_PAUSE_MS", "5"))
SLOTS = 8
ALL = (
    "bare redis-py;solo, prompt;threads, prompt;asyncio, prompt;solo;threads;asyncio;"
    "solo, stock;threads, stock;huey;taskiq;dramatiq;saq"
)
#: To whose p50 the others' is compared, where they run.
PEERS = "taskiq", "huey"


def test_one_job_into_an_idle_worker(tmp_path: Path) -> None:
    contenders = chosen("BENCH_CONTENDERS", ALL)
    runs: dict[str, list[dict[str, list[float]]]] = {}
    with running_server(binary_of("redis"), tmp_path, "--appendonly", "no") as server:
        for number, contender in enumerate(interleaved(contenders, ROUNDS)):
            runs.setdefault(contender.name, []).append(_run(contender, server, tmp_path / f"{number}"))
    print(f"\nms after a pause of {PAUSE_MS:g} ms; {ROUNDS} rounds of {PINGS}, {os.cpu_count()} cores")
    print(*filter(None, (contender.versions for contender in contenders)), sep=", ")
    peers = [peer for peer in PEERS if peer in runs]
    print(
        f"{'':16}{'sent p50':>9}{'p50':>7}{'range of p50':>15}{'p95':>7}{'p99':>7}{'max':>7}",
        *(f"{f'of {peer}':>10}" for peer in peers),
    )
    for name, results in sorted(runs.items(), key=lambda item: _p50(item[1])):
        middles = [statistics.median(run["effect_ms"]) for run in results]
        every = sorted(ms for run in results for ms in run["effect_ms"])
        sent = statistics.median(statistics.median(run["sent_ms"]) for run in results)
        print(
            f"{name:16}{sent:9.2f}{_p50(results):7.2f}{f'{min(middles):.2f}-{max(middles):.2f}':>15}"
            f"{every[len(every) * 95 // 100]:7.2f}{every[len(every) * 99 // 100]:7.2f}{every[-1]:7.2f}",
            *(f"{_p50(results) / _p50(runs[peer]):10.2f}" for peer in peers),
        )


def _p50(results: list[dict[str, list[float]]]) -> float:
    return statistics.median(statistics.median(run["effect_ms"]) for run in results)


def _run(contender: Contender, server: Server, place: Path) -> dict[str, list[float]]:
    with server.client() as client:
        client.flushall()
    place.mkdir()
    environment = {"BENCH_BROKER": server.url(), "BENCH_EFFECTS": str(place / "effects")}
    with contender.working(SLOTS, place / "log", **environment):
        answer: dict[str, list[float]] = json.loads(
            contender.send("ping", PINGS, PAUSE_MS / 1000, **environment)
        )
    return answer
