"""No job holds a worker for longer than it may, in any pool; and none holds one that is told to stop."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis
from celery import Celery

from producer.contenders.celery_workers.send import producer_app, publish
from producer.contenders.celery_workers.spawned import SpawnedWorkers
from producer.contenders.collect import Collector
from producer.contenders.spec import Spec
from producer.system.broker import Broker, open_broker
from producer.system.client import connect
from producer.system.reaper import Reaper
from tests.helpers import SOON_S, await_line, family, started, until
from tests.integration.conformance import START, runnable
from worker.jobs import MAX_STEPS, MAX_WAIT_MS, ChessMove, Job, Trapezoid
from worker.pools import POOLS
from worker.settings import TRANSPORTS

pytestmark = pytest.mark.untraced

#: Sixteen queens: with nothing to stop it, this search takes minutes.
SEARCH = ChessMove("qqqqkqqq/8/8/8/8/8/8/QQQQKQQQ w - - 0 1", depth=5)
WAIT = ChessMove(START, wait_ms=MAX_WAIT_MS)
SHORT = ChessMove(START, wait_ms=0)
#: So much CPU time of a worker's processes is no idling: one of its jobs computes. In seconds.
COMPUTING_S = 0.5

Start = Callable[..., SpawnedWorkers]


@pytest.fixture
def start(
    reaper: Reaper, broker: Broker, data_root: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Start]:
    """Starts a worker with these settings; ends it, however the test ended."""
    started: list[SpawnedWorkers] = []

    def go(name: str, transport: str = TRANSPORTS[0], **settings: str) -> SpawnedWorkers:
        spec = runnable(Spec(f"celery:{name}", 2 if POOLS[name].scales else 1))
        for key, value in settings.items():
            monkeypatch.setenv(key, value)
        app = producer_app(broker.url)
        worker = SpawnedWorkers(spec, broker, app, data_root, reaper, transport)
        started.append(worker)
        worker.start()
        return worker

    yield go
    for worker in started:
        worker.stop()


@pytest.mark.parametrize("name", POOLS)
def test_a_job_that_takes_too_long_fails_and_the_worker_does_the_next(start: Start, name: str) -> None:
    worker = start(name, SIMUL_JOB_LIMIT="0.7")
    outcome = worker.run([SEARCH, WAIT, Trapezoid(0, 100, MAX_STEPS), SHORT], lambda _: None)
    assert outcome.problems == []
    late = "TimeLimitError: not done within 0.7 s, the limit for a job (--time-limit, SIMUL_JOB_LIMIT)"
    assert [record.error for record in outcome.records] == [late] * 3 + [None]
    assert worker.alive()


#: Over kombu's transport, too, those where a job and its message are in the hands of different threads.
STOCK = ("prefork", "threads")


@pytest.mark.parametrize(
    ("name", "transport"), [*((name, "reliable") for name in POOLS), *((name, "stock") for name in STOCK)]
)
def test_a_worker_that_is_told_to_stop_ends_though_its_jobs_would_not_and_loses_none(
    start: Start, broker: Broker, name: str, transport: str
) -> None:
    worker = start(name, transport, SIMUL_JOB_LIMIT="3600", SIMUL_GRACE="1")
    jobs: list[Job] = [SHORT, SEARCH, WAIT, SEARCH, WAIT, SHORT, SEARCH]
    with closing(connect(broker.url)) as client, Collector(client, len(jobs)) as collector:
        idle_s = cpu_s(worker)
        for _ in publish(worker._around.app, jobs, worker._queue, collector.run):
            pass
        until(lambda: cpu_s(worker) > idle_s + COMPUTING_S, "a search has begun")
        code = terminated(worker)
        while collector.read(None):
            pass
        left = waiting(client, worker._queue)
    assert code == 0
    assert all(record.error is None for record in collector.records.values())
    assert 1 not in collector.records, "the search is done: it was no long one"
    # Whatever was done is recorded and gone; everything else waits for another worker, once.
    assert sorted([*collector.records, *left]) == list(range(len(jobs)))
    assert collector.duplicates == 0


@pytest.mark.parametrize("name", ["solo", "gevent", "eventlet"])  # with an event loop, and the two without
def test_a_worker_that_is_told_to_stop_ends_though_its_broker_is_away(
    reaper: Reaper, tmp_path: Path, name: str
) -> None:
    if why := POOLS[name].unavailable():
        pytest.skip(why)
    with open_broker(None, reaper) as broker:
        address = {"SIMUL_BROKER_URL": broker.url}
        with started("worker", "--pool", name, cwd=tmp_path, environment=address) as worker:
            assert worker.stderr
            log = await_line(worker.stderr, "ready.")
            await_event(producer_app(broker.url), "worker-heartbeat")
            assert broker.pid
            psutil.Process(broker.pid).kill()
            log += await_line(worker.stderr, "Trying again in 6.00")  # another heartbeat was due meanwhile
            worker.send_signal(signal.SIGTERM)
            _, more = worker.communicate(timeout=SOON_S)
            assert worker.returncode == 0, log + more


def await_event(app: Celery, kind: str) -> None:
    """Wait until some worker publishes an event of this kind."""
    with app.connection_for_read() as connection:
        receiver: Any = app.events.Receiver(
            connection, handlers={kind: lambda _: setattr(receiver, "should_stop", True)}
        )
        receiver.capture(limit=None, timeout=SOON_S, wakeup=False)


def terminated(worker: SpawnedWorkers) -> int:
    """The exit code of a worker that was told to stop, as `docker stop` tells it."""
    [own] = worker._workers
    own.ask_to_stop()
    try:
        return own.process.wait(SOON_S)
    except subprocess.TimeoutExpired:
        own.log.seek(0)
        pytest.fail(f"it goes on: {own.log.read().decode()}")


def waiting(client: redis.Redis, queue: str) -> list[int]:
    """The indexes of the jobs whose messages wait in the queue; nothing is kept anywhere else."""
    assert client.keys(f"reliable:*:{queue}") == []
    assert not any(queue.encode() in entry for entry in hvals(client, "unacked"))
    messages: Any = client.lrange(queue, 0, -1)
    return [json.loads(base64.b64decode(json.loads(raw)["body"]))[1]["index"] for raw in messages]


def hvals(client: redis.Redis, key: str) -> list[bytes]:
    values: Any = client.hvals(key)
    return list(values)


def cpu_s(worker: SpawnedWorkers) -> float:
    """CPU time of a worker and the processes below it, in seconds."""
    total = 0.0
    for pid in worker.processes():
        for process in family(pid):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system
    return total
