"""Records are written in groups, each job hears of its own, and none that is acknowledged is without one."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis

from producer.contenders.celery_workers.send import producer_app, publish
from producer.contenders.celery_workers.spawned import SpawnedWorkers
from producer.contenders.spec import Spec
from producer.contenders.ways import scales
from producer.measure.started_contenders import Roster
from producer.system.broker import Broker
from tests.helpers import SOON_S, until
from tests.integration.conformance import START, runnable
from transport_lab import running_server
from transport_servers import binary_of
from worker.collector import Collector
from worker.jobs import ChessMove
from worker.pools import POOLS
from worker.records import JobRecord, SentRecord, run_stream
from worker.turns import Turns
from worker.wire import Pending, Wire

#: Slots of a worker that is killed: enough for groups.
SLOTS = {"prefork": 2}
MANY_SLOTS = 16


def record(index: int) -> JobRecord:
    return JobRecord(index, "here/1", 0, 0, 0, 0, {}, None)


@dataclass
class Run:
    """A run that is open."""

    client: redis.Redis
    name: str

    def indexes(self) -> list[int]:
        """The jobs that are recorded, in the order of their records."""
        entries: Any = self.client.xrange(run_stream(self.name))
        records = [fields[b"record"] for _, fields in entries if b"record" in fields]
        return [msgspec.json.decode(text, type=SentRecord).record.index for text in records]


def open_run(client: redis.Redis) -> Run:
    run = Run(client, uuid.uuid4().hex)
    client.xadd(run_stream(run.name), {"open": ""})
    return run


@pytest.fixture
def run(client: redis.Redis) -> Iterator[Run]:
    run = open_run(client)
    yield run
    client.delete(run_stream(run.name))


#: Writes records at the same moment, and returns the errors.
WriteAll = Callable[[str, list[tuple[str, int]]], list[BaseException | None]]


def by_threads(broker_url: str, jobs: list[tuple[str, int]]) -> list[BaseException | None]:
    turns = Turns(Wire(broker_url))
    together = threading.Barrier(len(jobs))

    def write(job: tuple[str, int]) -> None:
        together.wait(SOON_S)
        turns.write(job[0], record(job[1]))

    with ThreadPoolExecutor(len(jobs)) as threads:
        return [written.exception(SOON_S) for written in [threads.submit(write, job) for job in jobs]]


def by_coroutines(broker_url: str, jobs: list[tuple[str, int]]) -> list[BaseException | None]:
    collector = Collector(Wire(broker_url))

    async def write() -> list[BaseException | None]:
        writes = (collector.write(run, record(index)) for run, index in jobs)
        written = await asyncio.gather(*writes, return_exceptions=True)
        return [came if isinstance(came, BaseException) else None for came in written]

    return asyncio.run(write())


@pytest.fixture(params=[by_threads, by_coroutines])
def write_all(request: pytest.FixtureRequest) -> WriteAll:
    """Slots of either kind."""
    written: WriteAll = request.param
    return written


def test_each_job_hears_of_its_own_record(
    write_all: WriteAll, broker: Broker, client: redis.Redis, run: Run
) -> None:
    odd = uuid.uuid4().hex
    client.set(run_stream(odd), "no stream", ex=60)
    jobs = [(odd if index % 5 == 3 else run.name, index) for index in range(20)]
    errors = write_all(broker.url, jobs)
    assert {index for index, error in enumerate(errors) if error} == {3, 8, 13, 18}
    assert {type(error) for error in errors if error} == {redis.ResponseError}
    assert sorted(run.indexes()) == [index for index in range(20) if index % 5 != 3]


def test_no_record_is_written_to_a_run_that_is_over(
    write_all: WriteAll, broker: Broker, client: redis.Redis
) -> None:
    over = uuid.uuid4().hex
    assert write_all(broker.url, [(over, index) for index in range(3)]) == [None] * 3
    assert not client.exists(run_stream(over))


class Interrupted(Pending):
    """A record whose job is interrupted when it hears of it, as by Celery's soft time limit."""

    def settle(self, error: Exception | None = None) -> None:
        super().settle(error)
        raise RuntimeError("soft time limit")


def test_an_answer_that_nobody_read_is_not_taken_for_that_to_another_record(
    broker: Broker, client: redis.Redis, run: Run
) -> None:
    odd = uuid.uuid4().hex
    client.set(run_stream(odd), "no stream", ex=60)
    wire = Wire(broker.url)
    wire.commit([Interrupted(run.name, record(0)), Pending(odd, record(1))])
    after = Pending(run.name, record(2))
    wire.commit([after])
    assert after.is_settled
    assert after.error is None
    assert run.indexes() == [0, 2]


def test_what_is_due_in_one_turn_of_a_loop_is_one_packet(tmp_path: Path) -> None:
    with running_server(binary_of("valkey"), tmp_path) as server, server.client() as client:
        run = open_run(client)

        def reads(first: int, many: int) -> int:
            before = int(client.info("stats")["total_reads_processed"])
            by_coroutines(server.url(), [(run.name, index) for index in range(first, first + many)])
            return int(client.info("stats")["total_reads_processed"]) - before

        one, hundred = reads(0, 1), reads(1, 100)
        assert run.indexes() == [*range(101)]
        # A hundred records are 20 KB, and the server reads 16 KB at a time.
        assert one <= hundred <= one + 2


def test_a_broker_that_restarts_loses_no_record(write_all: WriteAll, tmp_path: Path) -> None:
    with running_server(binary_of("valkey"), tmp_path) as server, server.client() as client:
        run = open_run(client)
        again = threading.Event()

        def restart() -> None:
            until(lambda: len(run.indexes()) >= 20, "some are written")
            server.stop()
            again.set()
            server.start()

        restarting = threading.Thread(target=restart)
        restarting.start()
        rounds = 0
        while not again.is_set() or rounds < 5:
            jobs = [(run.name, index) for index in range(rounds * 10, rounds * 10 + 10)]
            assert write_all(server.url(), jobs) == [None] * 10
            rounds += 1
        restarting.join(SOON_S)
        assert {*run.indexes()} == {*range(rounds * 10)}


def test_loops_of_several_threads_share_a_writer(broker: Broker, run: Run) -> None:
    collector = Collector(Wire(broker.url))

    async def write(first: int) -> None:
        for index in range(first, first + 20):
            await collector.write(run.name, record(index))

    with ThreadPoolExecutor(4) as threads:
        for written in [threads.submit(asyncio.run, write(first)) for first in range(0, 80, 20)]:
            written.result(SOON_S)
    assert sorted(run.indexes()) == [*range(80)]


FORKING = """
import asyncio, os, sys
from worker.records import JobRecord
from worker.writer import async_writer, writer

run = sys.argv[1]

def write(index):
    writer().write(run, JobRecord(index, "here/1", 0, 0, 0, 0, {}, None))
    asyncio.run(async_writer().write(run, JobRecord(index + 1, "here/1", 0, 0, 0, 0, {}, None)))

write(0)
if child := os.fork():
    write(2)
    sys.exit(os.waitpid(child, 0)[1])
write(4)
"""


def test_a_forked_child_writes_over_a_connection_of_its_own(broker: Broker, run: Run) -> None:
    environ = {**os.environ, "SIMUL_BROKER_URL": broker.url}
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKING, run.name], env=environ, check=True, timeout=SOON_S
    )
    assert sorted(run.indexes()) == [*range(6)]


@pytest.mark.parametrize("kind", ["gevent", "eventlet"])
def test_greenlets_that_are_killed_hold_up_no_others(broker: Broker, client: redis.Redis, kind: str) -> None:
    pytest.importorskip(kind)
    run = Run(client, "greenlets")
    client.delete(run_stream(run.name))
    client.xadd(run_stream(run.name), {"open": ""})
    command = [sys.executable, "-W", "ignore", "-m", "tests.integration.recording_greenlets", kind]
    environ = {**os.environ, "SIMUL_BROKER_URL": broker.url}
    said = subprocess.run(command, env=environ, stdout=subprocess.PIPE, check=True, timeout=SOON_S)
    written = {int(index) for index in said.stdout.split()}
    assert len(written) >= 140
    assert written <= {*run.indexes()}
    client.delete(run_stream(run.name))


@pytest.mark.untraced
@pytest.mark.parametrize("pool", POOLS)
def test_a_worker_that_is_killed_has_acknowledged_no_job_without_a_record(
    own_roster: Roster, broker: Broker, client: redis.Redis, run: Run, pool: str
) -> None:
    way = f"celery:{pool}"
    worker = own_roster.start(runnable(Spec(way, SLOTS.get(pool, MANY_SLOTS) if scales(way) else 1)))
    assert isinstance(worker, SpawnedWorkers)
    jobs = [ChessMove(START, wait_ms=1 + index % 5) for index in range(800)]
    for _ in publish(producer_app(broker.url), jobs, worker._queue, run.name):
        pass
    until(lambda: client.xlen(run_stream(run.name)) > 100, "the worker is at it")
    [pid] = worker.processes()
    os.killpg(pid, signal.SIGKILL)
    until(lambda: not worker.alive(), "it is dead")
    held = _held(client, worker._queue)
    recorded = run.indexes()
    assert {*held, *recorded} == {*range(800)}
    assert len(held) > 0


def _held(client: redis.Redis, queue: str) -> list[int]:
    """The jobs whose messages the broker still has."""
    keys: Any = [queue, *client.keys(f"reliable:*:{queue}")]
    raws = [raw for key in keys for raw in client.lrange(key, 0, -1)]
    return [json.loads(base64.b64decode(json.loads(raw)["body"]))[1]["index"] for raw in raws]
