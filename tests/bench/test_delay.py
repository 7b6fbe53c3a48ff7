"""Tasks with an ETA: how late they start, and what many of them cost the worker that takes short jobs.

    pytest -m bench tests/bench/test_delay.py -s

BENCH_POOLS, BENCH_TIMED, BENCH_DELAYED, BENCH_HELD, BENCH_JOBS and BENCH_ROUNDS choose how much of it to run.
Asserts no speed.
"""

from __future__ import annotations

import base64
import json
import os
import random
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest

from celery_reliable_redis import list_delayed
from celery_reliable_redis.release import Release
from tests.bench.test_transport import cpu_s
from transport_delayed import lateness, producing, send_timed, soon
from transport_lab import POOLS, RELIABLE, Lab, Server, laboratory, until

pytestmark = pytest.mark.bench

#: The ways in which a task may wait: in Redis, in Redis once a worker has met it, in the worker.
WAYS = "delayed", "parked", "stock"
TIMED = int(os.environ.get("BENCH_TIMED", "200"))
SPREAD_S = 20.0
DELAYED = int(os.environ.get("BENCH_DELAYED", "100000"))
#: With kombu's transport, whose worker holds each of them.
HELD = int(os.environ.get("BENCH_HELD", "20000"))
JOBS = int(os.environ.get("BENCH_JOBS", "3000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "1"))
IDLE_S = 10.0


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


# -- what many of them cost


def run_beside(server: Server, directory: Path, way: str, count: int) -> dict[str, float]:
    """Have so many tasks wait for an hour, and do short jobs beside them. Returns what that costs."""
    with server.client() as client:
        client.flushall()
    directory.mkdir()
    options: dict[str, Any] = {} if way == "stock" else {"delay_from": 1.25}
    with laboratory(server, directory, transport="" if way == "stock" else RELIABLE, options=options) as lab:
        worker = lab.worker("threads", "-l", "WARNING")
        lab.send("pong", range(50))
        until(lambda: lab.records.llen("done") == 50, "warmth")
        began = time.perf_counter()
        if count:
            fill(lab, count, soon(3600), way)
        patiently(lambda: placed(lab) >= count)
        placed_s = time.perf_counter() - began
        lab.records.delete("done")
        process = psutil.Process(worker.process.pid)
        used = cpu_s(worker)
        time.sleep(IDLE_S)
        idle = (cpu_s(worker) - used) / IDLE_S
        worker.process.send_signal(signal.SIGSTOP)  # so that the clock starts with a full queue
        lab.send("pong", range(JOBS))
        used, began = cpu_s(worker), time.perf_counter()
        worker.process.send_signal(signal.SIGCONT)
        patiently(lambda: lab.records.llen("done") == JOBS)
        took = time.perf_counter() - began
        return {
            "jobs/s": JOBS / took,
            "CPU ms/job": (cpu_s(worker) - used) / JOBS * 1000,
            "RSS MiB": process.memory_info().rss / 2**20,
            "idle CPU %": idle * 100,
            "placed in s": placed_s,
        }


def fill(lab: Lab, count: int, due: float, way: str) -> None:
    """Leave what so many calls of `apply_async` would have left, in less time."""
    with producing(lab, RELIABLE, delay_from=1.25) as app:
        send_timed(lab, app, [soon(3600)])
    [item] = list_delayed(lab.broker_client)
    message = item.read()
    message["headers"]["eta"] = datetime.fromtimestamp(due, UTC).isoformat()
    rest = json.loads(base64.b64decode(message["body"]))[1:]
    with lab.broker_client.pipeline(transaction=False) as pipe:
        pipe.delete("reliable:due:celery", "reliable:delayed:celery")
        for number in range(count):
            task_id = str(uuid4())
            message["headers"]["id"] = message["properties"]["correlation_id"] = task_id
            message["properties"]["delivery_tag"] = str(uuid4())
            message["body"] = base64.b64encode(json.dumps([[number, due], *rest]).encode()).decode()
            raw, name = json.dumps(message), f"{task_id}/{message['properties']['delivery_tag']}"
            if way == "delayed":
                pipe.zadd("reliable:due:celery", {name: int(due * 1000) + 1})
                pipe.hset("reliable:delayed:celery", name, raw)
            else:
                pipe.lpush("celery", raw)
            if not number % 1000:
                pipe.execute()
        pipe.execute()
    lab.sent = set(range(count))


def placed(lab: Lab) -> int:
    """How many wait, in Redis or in a worker of kombu's transport."""
    return lab.broker_client.zcard("reliable:due:celery") + lab.broker_client.hlen("unacked")


def patiently(condition: Callable[[], bool]) -> None:
    """Wait for what may take minutes."""
    while not condition():
        time.sleep(0.05)


def test_many_that_wait_beside_short_jobs(server: Server, tmp_path: Path) -> None:
    plan = [("delayed", 0), ("delayed", DELAYED), ("parked", DELAYED), ("stock", 0), ("stock", HELD)]
    print(f"\nthreads, {JOBS} short jobs beside tasks that wait")
    for number in range(ROUNDS):
        for way, count in plan:
            costs = run_beside(server, tmp_path / f"{number}-{way}-{count}", way, count)
            print(f"  {way:8}{count:8,}", *(f"  {name} {value:8.2f}" for name, value in costs.items()))


def test_many_that_are_due_at_one_moment(server: Server, tmp_path: Path) -> None:
    """How long they take, and how long a client beside them waits for its answer."""
    ahead_s = 20.0 + DELAYED / 2000
    with laboratory(server, tmp_path / "lab", options={"delay_from": 1.25}) as lab:
        lab.directory.mkdir()
        due = soon(ahead_s)
        fill(lab, DELAYED, due, "delayed")
        lab.ready(*(lab.worker("threads") for _ in range(2)))
        assert time.time() < due, "filled too slowly: raise the time ahead"
        time.sleep(max(0.0, due - time.time()))
        waited = []
        while lab.broker_client.zcard("reliable:due:celery"):
            began = time.perf_counter()
            lab.broker_client.ping()
            waited.append((time.perf_counter() - began) * 1000)
            time.sleep(0.005)
        waited.sort()
        middle, late, most = waited[len(waited) // 2], waited[len(waited) * 99 // 100], waited[-1]
        print(f"\n{DELAYED:,} due at once: all released after {time.time() - due:.1f} s;")
        print(f"  a PING beside them waited p50 {middle:.2f} ms, p99 {late:.2f}, most {most:.2f}")
        patiently(lambda: lab.records.llen("done") == DELAYED)
        print(f"  done after {lateness(lab)[-1]:.1f} s; each once: {max(lab.noted('done').values()) == 1}")


def test_how_long_one_script_takes(server: Server, tmp_path: Path) -> None:
    """By the server's own clock; nobody else is there."""
    with laboratory(server, tmp_path / "lab", options={"delay_from": 1.25}) as lab:
        fill(lab, DELAYED, soon(-1), "delayed")
        lab.broker_client.config_set("slowlog-max-len", 10_000)
        lab.broker_client.config_set("slowlog-log-slower-than", 100)  # less is what a script calls
        lab.broker_client.slowlog_reset()
        used = server_cpu_s(lab)
        while Release("reliable:", 1.0).look(lab.broker_client, ["celery"]):
            lab.broker_client.unlink("celery")
        used = server_cpu_s(lab) - used
        log: Any = lab.broker_client.slowlog_get(10_000)
        took = sorted(entry["duration"] for entry in log if entry["command"].startswith(b"EVAL"))
        marks = took[len(took) // 2], took[len(took) * 99 // 100], took[-1]
        print("\n{:,} scripts, us: p50 {:,}, p99 {:,}, longest {:,};".format(len(took), *marks), end=" ")
        print(f"CPU of the server for each: {used / len(took) * 1e6:,.0f}")


def server_cpu_s(lab: Lab) -> float:
    """What the server has used so far, whoever else kept it waiting."""
    usage: Any = lab.broker_client.info("cpu")
    return float(usage["used_cpu_user"] + usage["used_cpu_sys"])
