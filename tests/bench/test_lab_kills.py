"""SIGKILLs of workers that do the lab's own task, with an exact account of its jobs and records afterwards.

    pytest -m bench tests/bench/test_lab_kills.py -s [-k asyncio]

The jobs go by `send_many`, wait for some milliseconds, and leave their records in groups. Four workers of a
pool share a queue and are killed one after the other, at random moments; then one worker does what is left.
LAB_KILLS (default 40) says how many kills each pool gets.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis

from producer.contenders.celery_workers.command import worker_command, worker_environment
from producer.contenders.celery_workers.send import producer_app, publish
from producer.system.broker import Broker
from tests.helpers import until
from tests.integration.conformance import START
from worker.jobs import ChessMove
from worker.pools import POOLS
from worker.ready import READY_FD
from worker.records import JobRecord, SentRecord, run_stream
from worker.settings import PROJECT, PROJECT_DATA

pytestmark = pytest.mark.bench

KILLS = int(os.environ.get("LAB_KILLS", "40"))
#: Workers that share the queue.
AT_ONCE = 4
#: There are never fewer messages than this where a worker is killed.
ENOUGH = 400
SLOTS = {"prefork": 2}
MANY_SLOTS = 16
#: A dead worker's messages are back in work within so many seconds, and somebody does them.
PATIENCE_S = 120.0


@dataclass
class Massacre:
    """Workers of one pool, killed at random moments of their work."""

    broker: Broker
    client: redis.Redis
    pool: str
    log: Path
    queue: str = field(default_factory=lambda: f"kills.{uuid.uuid4().hex}")
    #: One for each time that jobs were sent.
    runs: list[str] = field(default_factory=list)
    in_the_act: int = 0

    def go_on(self, kills: int) -> None:
        """Kill so many."""
        chance = random.Random(self.pool)
        for first in range(0, kills, AT_ONCE):
            with contextlib.ExitStack() as stack:
                victims = [stack.enter_context(self.worker()) for _ in range(min(AT_ONCE, kills - first))]
                for victim in victims:
                    self.feed()
                    wanted = self.recorded() + chance.randrange(1, 50)
                    self.await_records(wanted)
                    time.sleep(chance.random() * 0.02)
                    os.killpg(victim.pid, signal.SIGKILL)
                    victim.wait()
                    self.in_the_act += self.held() > 0

    def finish(self) -> None:
        """Have one worker do what is left."""
        with self.worker():
            until(lambda: not self.client.llen(self.queue) and not self.held(), "all is done", PATIENCE_S)

    def feed(self) -> None:
        """Send jobs, where there are few."""
        if self.client.llen(self.queue) >= ENOUGH:
            return
        self.runs.append(uuid.uuid4().hex)
        self.client.xadd(run_stream(self.runs[-1]), {"open": ""})
        jobs = [ChessMove(START, wait_ms=1 + index % 5) for index in range(ENOUGH)]
        app = producer_app(self.broker.url)
        for _ in publish(app, jobs, self.queue, self.runs[-1]):
            pass
        app.close()

    def recorded(self) -> int:
        """How many records there are."""
        return sum(self.client.xlen(run_stream(run)) - 1 for run in self.runs)

    def await_records(self, wanted: int) -> None:
        """Wait until there are so many."""
        until(lambda: self.recorded() >= wanted, "records come", PATIENCE_S)

    def records(self, run: str) -> list[JobRecord]:
        """The records of a run."""
        entries: Any = self.client.xrange(run_stream(run))
        texts = [fields[b"record"] for _, fields in entries if b"record" in fields]
        return [msgspec.json.decode(text, type=SentRecord).record for text in texts]

    def held(self) -> int:
        """Messages that workers have taken and not acknowledged."""
        return sum(self.client.llen(key) for key in self.client.keys(f"reliable:*:{self.queue}"))

    @contextlib.contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """A worker that is ready."""
        told, telling = os.pipe()
        command = worker_command(
            self.pool, SLOTS.get(self.pool, MANY_SLOTS), self.queue, "-n", uuid.uuid4().hex
        )
        environ = worker_environment(self.pool, self.broker.url, PROJECT_DATA) | {READY_FD: str(telling)}
        with self.log.open("ab") as sink:
            process = subprocess.Popen(
                command,
                cwd=PROJECT,
                env=environ,
                stdout=sink,
                stderr=sink,
                pass_fds=[telling],
                start_new_session=True,
            )
        try:
            os.close(telling)
            with os.fdopen(told, "rb") as ready:
                assert ready.readline(), f"the worker ended:\n{self.log.read_text()[-2000:]}"
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def client(broker: Broker) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(broker.url) as client:
        yield client


@pytest.mark.parametrize("pool", POOLS)
def test_kills_leave_a_record_of_every_job(
    broker: Broker, client: redis.Redis, tmp_path: Path, pool: str
) -> None:
    massacre = Massacre(broker, client, pool, tmp_path / "log")
    massacre.go_on(KILLS)
    massacre.finish()
    lost = again = 0
    for run in massacre.runs:
        records = massacre.records(run)
        assert not any(record.error for record in records)
        done = {record.index for record in records}
        lost += ENOUGH - len(done)
        again += len(records) - len(done)
        client.delete(run_stream(run))
    print(
        f"\n{pool}: {KILLS} kills ({massacre.in_the_act} while messages were held), "
        f"{ENOUGH * len(massacre.runs)} jobs, {lost} lost, {again} recorded twice"
    )
    assert not lost
