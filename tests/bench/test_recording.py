"""What a job of the lab costs a worker beside a task that does nothing, and beside one that waits as long.

    pytest tests/bench/test_recording.py -m bench -s

The job is one of the workload `waits`: it is checked, waits 10 to 30 ms, makes a chess move and leaves a
record. The others run in the same pool over the same transport, in an app that checks and records nothing.
Their queue is full before the worker takes its first message. CPU (user and system) is that of the worker and
its children, from before the first message to the last acknowledgement.

Rounds are interleaved: each runs every task of every cell once, in random order. Prints the medians and the
ratios round by round, and how long the chess takes by itself; asserts only that no record is missing.
Of each pool, the job's CPU by that in its smallest cell of 100 slots or more shows what grows with the slots.
RECORDING_CELLS (`threads@32,asyncio@1000`), RECORDING_ROUNDS and RECORDING_JOBS choose how much of it to run.

A second table: how long a record takes whose process has no other to write, beside a bare XADD of the same.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
import redis

from producer.contenders.celery_workers.send import producer_app, publish
from producer.system.broker import Broker
from producer.workloads import build
from tests.bench.pool_worker import running_worker
from tests.helpers import until
from worker.chess_move import move
from worker.collector import Collector
from worker.jobs import ChessMove, wait_s
from worker.records import JobRecord, SentRecord, boot_id, encode, run_stream
from worker.turns import Turns
from worker.wire import Wire

pytestmark = pytest.mark.bench

CELLS = os.environ.get(
    "RECORDING_CELLS",
    "solo@1,prefork@8,eventlet@32,threads@32,threads@300,threads@1000,gevent@32,gevent@300,gevent@1000,"
    "asyncio@32,asyncio@100,asyncio@300,asyncio@1000,asyncio@5000",
).split(",")
ROUNDS = int(os.environ.get("RECORDING_ROUNDS", "3"))
JOBS = int(os.environ.get("RECORDING_JOBS", "2000"))
#: Where jobs wait in turn, fewer of them: a job waits 20 ms.
JOBS_A_SLOT = 200
TASKS = ("job", "wait", "nothing")
QUEUE, RUN = "bench", "bench"


class Pass(NamedTuple):
    """One pass of a worker over its queue."""

    cpu_ms: float
    per_s: float
    #: Jobs without a record.
    missing: int


@pytest.fixture
def client(broker: Broker) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(broker.url) as client:
        yield client


def test_a_job_of_the_lab_beside_nothing(broker: Broker, client: redis.Redis) -> None:
    os.environ.update(NAP_BROKER=broker.url, NAP_TRANSPORT="celery_reliable_redis:Transport")
    passes: dict[tuple[str, str], list[Pass]] = {}
    chance = random.Random(time.time_ns())
    plan = [(cell, task) for cell in CELLS for task in TASKS]
    for _ in range(ROUNDS):
        for cell, task in chance.sample(plan, len(plan)):
            passes.setdefault((cell, task), []).append(_pass(broker, client, cell, task))
    print(f"\nCPU of the worker in ms a job, median of {ROUNDS} interleaved rounds, {os.cpu_count()} cores")
    print(f"(the move by itself, without its wait: {_move_ms():.3f} ms)", *_table(passes), sep="\n")
    print(*_growth(passes), sep="\n")
    assert not sum(run.missing for runs in passes.values() for run in runs)


def test_a_record_that_has_no_group(broker: Broker, client: redis.Redis) -> None:
    stream = run_stream(RUN)
    record = JobRecord(0, "here/1", 0, 0, 0, 0, {"move": "e2e4"}, None)
    packed = encode(SentRecord(record, boot_id(), 0))
    turns, collector = Turns(Wire(broker.url)), Collector(Wire(broker.url))
    ways: dict[str, Callable[[], Awaitable[object]]] = {
        "XADD": lambda: _at_once(lambda: client.xadd(stream, {"record": packed}, nomkstream=True)),
        "by turns": lambda: _at_once(lambda: turns.write(RUN, record)),
        "by a loop": lambda: collector.write(RUN, record),
    }
    took: dict[str, list[float]] = {way: [] for way in ways}

    async def main() -> None:
        for way in random.choices([*ways], k=1500):
            await asyncio.sleep(0.002)
            begin = time.perf_counter()
            await ways[way]()
            took[way].append((time.perf_counter() - begin) * 1000)

    client.delete(stream)
    client.xadd(stream, {"begin": ""})
    asyncio.run(main())
    print("\nms from a record to its confirmation, one after the other, 2 ms between them, in random order")
    for way, values in took.items():
        cuts = statistics.quantiles(values, n=100)
        print(f"{way:<12} p50 {cuts[49]:.2f}  p99 {cuts[98]:.2f}  n {len(values)}")
    assert client.xlen(stream) == 1 + sum(map(len, took.values()))


async def _at_once(write: Callable[[], object]) -> None:
    write()


def _table(passes: dict[tuple[str, str], list[Pass]]) -> Iterator[str]:
    yield f"{'':<14}{'job':>8}{'wait':>8}{'nothing':>9}{'job/nothing':>26}{'job/wait':>26}{'jobs/s':>9}"
    for cell in CELLS:
        job, wait, nothing = ([run.cpu_ms for run in passes[cell, task]] for task in TASKS)
        rate = statistics.median(run.per_s for run in passes[cell, "job"])
        medians = [statistics.median(values) for values in (job, wait, nothing)]
        yield (
            f"{cell:<14}{medians[0]:>8.3f}{medians[1]:>8.3f}{medians[2]:>9.3f}"
            f"{_ratios(job, nothing):>26}{_ratios(job, wait):>26}{rate:>9.0f}"
        )


def _growth(passes: dict[tuple[str, str], list[Pass]]) -> Iterator[str]:
    for pool in dict.fromkeys(cell.partition("@")[0] for cell in CELLS):
        slots = sorted(int(cell.partition("@")[2]) for cell in CELLS if cell.startswith(f"{pool}@"))
        cpu = {n: [run.cpu_ms for run in passes[f"{pool}@{n}", "job"]] for n in slots if n >= 100}
        for number in [*cpu][1:]:
            least = min(cpu)
            yield f"{pool}@{number} by @{least}: CPU a job {_ratios(cpu[number], cpu[least])}"


def _ratios(ours: list[float], others: list[float]) -> str:
    ratios = sorted(a / b for a, b in zip(ours, others, strict=True))
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"


def _move_ms() -> float:
    jobs = [job for job in build("waits", 1000).jobs if isinstance(job, ChessMove)]
    begin = time.process_time()
    for job in jobs:
        move(job, sleep=lambda _: None)
    return (time.process_time() - begin) / len(jobs) * 1000


def _pass(broker: Broker, client: redis.Redis, cell: str, task: str) -> Pass:
    pool, _, slots = cell.partition("@")
    jobs = build("waits", min(max(JOBS, 2 * int(slots)), JOBS_A_SLOT * int(slots))).jobs
    client.flushall()
    client.xadd(run_stream(RUN), {"begin": ""})
    app = producer_app(broker.url)
    module = "worker" if task == "job" else "tests.bench.nap_app"
    environment = {"SIMUL_BROKER_URL": broker.url, "SIMUL_REMOTE_CONTROL": "add_consumer"}
    with (
        tempfile.TemporaryDirectory() as logs,
        running_worker(app, Path(logs) / "log", module, pool, int(slots), **environment) as worker,
    ):
        if task == "job":
            for _ in publish(app, jobs, QUEUE, RUN):
                pass
        else:
            name = {"wait": "naps", "nothing": "nothing"}[task]
            name = f"{module}.{'' if pool == 'asyncio' else 'plain_'}{name}"
            for job in jobs:
                app.send_task(name, (wait_s(job),) if task == "wait" else (), queue=QUEUE)
        used_s, begin = _cpu_s(worker.pid), time.monotonic()
        app.control.add_consumer(QUEUE, destination=["bench@test"])
        until(lambda: not _left(client), "the queue is empty")
        took_s = time.monotonic() - begin
        cpu_ms = (_cpu_s(worker.pid) - used_s) / len(jobs) * 1000
    app.close()
    missing = len(jobs) + 1 - client.xlen(run_stream(RUN)) if task == "job" else 0
    return Pass(cpu_ms, len(jobs) / took_s, missing)


def _left(client: redis.Redis) -> int:
    return client.llen(QUEUE) + sum(client.llen(key) for key in client.keys(f"reliable:*:{QUEUE}"))


def _cpu_s(pid: int) -> float:
    parent = psutil.Process(pid)
    return sum(sum(process.cpu_times()[:2]) for process in (parent, *parent.children(recursive=True)))
