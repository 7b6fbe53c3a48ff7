"""Workers stopped and killed, and Redis restarted, while jobs are under way: every job is done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from subprocess import Popen

import msgspec
import pytest

from producer.contenders.protocol import Outcome
from tests.compose.stack import SLOTS, SOON_S, Stack, docker
from tests.helpers import until
from worker.settings import TRANSPORTS

pytestmark = pytest.mark.compose

#: Sends jobs that wait to a pool, and prints what became of them: pool, jobs, milliseconds.
SEND = """
import os, sys
import msgspec
from producer.contenders.celery_workers.exchange import send_to_pool
from worker.jobs import ChessMove
pool, jobs, wait_ms = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
move = ChessMove("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1", wait_ms=wait_ms)
broker = os.environ["SIMUL_BROKER_URL"]
outcome = send_to_pool(broker, pool, [move] * jobs, progress=lambda done: None, tell=lambda line: None)
outcome.records = list(outcome.records)
print(msgspec.json.encode(outcome).decode())
"""


def test_a_worker_that_is_stopped_and_started_again_loses_nothing(lab: Stack) -> None:
    jobs = 240
    with sending(lab, "threads", jobs, wait_ms=100) as process:
        until(lambda: 20 < records(lab) < jobs, "a few jobs are done")
        lab.compose("stop", "worker-threads")
        [worker] = lab.containers("worker-threads")
        assert worker["State"]["ExitCode"] == 0  # a warm shutdown, within the grace period
        assert records(lab) < jobs
        lab.compose("start", "worker-threads")
        outcome = ended(process)
    assert outcome.problems == []
    assert len(outcome.records) == jobs
    assert outcome.duplicates == 0


def test_redis_may_be_stopped_and_started_in_a_run(lab: Stack) -> None:
    # More than the two workers take at once (slots) and hold in advance (four times as many).
    slots = 2 * SLOTS
    jobs, wait_ms = slots + 4 * slots, 3000
    with sending(lab, "gevent", jobs, wait_ms) as process:
        # What is on its way from Redis to a worker is lost with the connection, see the next test. All slots
        # begin and end together: just after the first jobs have ended, the workers fetch and soon are full.
        until(lambda: slots <= records(lab) < jobs, "the first jobs are done")
        time.sleep(wait_ms / 3000)
        docker("stop", lab.containers("redis")[0]["Id"])
        [redis] = lab.containers("redis")
        assert redis["State"]["ExitCode"] == 0  # it was told, and has written everything to the disk
        lab.compose("start", "redis")
        outcome = ended(process)
    # A job whose acknowledgement came to nothing is done twice; none is lost.
    assert outcome.problems == []
    assert len(outcome.records) == jobs
    assert lab.redis("config", "get", "appendonly").split() == ["appendonly", "yes"]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_jobs_of_a_killed_worker_are_done_by_another(lab: Stack, transport: str) -> None:
    # Long enough to be killed in, and shorter than the visibility timeout.
    jobs, wait_ms = SLOTS, 5000
    with carried_by(lab, transport):
        victim, other = lab.containers("worker-gevent")
        docker("stop", other["Id"])
        with sending(lab, "gevent", jobs, wait_ms) as process:
            # kombu takes a message off its queue and only then registers it: what is on its way at that
            # moment dies with the worker (docs/scaling.md). Here each is registered, and no job is finished.
            until(lambda: held(lab) == jobs, "the worker holds every job")
            docker("kill", "--signal", "KILL", victim["Id"])
            assert records(lab) == 0
            docker("start", other["Id"])
            outcome = ended(process)
    assert outcome.problems == []
    assert len(outcome.records) == jobs
    assert outcome.duplicates == 0
    assert {record.worker.partition("/")[0] for record in outcome.records} == {other["Config"]["Hostname"]}


@contextmanager
def carried_by(lab: Stack, transport: str) -> Iterator[None]:
    """The gevent workers get their messages by this transport meanwhile."""
    up = ("up", "-d", "--no-deps", "--scale", "worker-gevent=2", "worker-gevent")
    replace(lab, transport="" if transport == TRANSPORTS[0] else transport).compose(*up)
    try:
        yield
    finally:
        lab.compose(*up)


@contextmanager
def sending(lab: Stack, pool: str, jobs: int, wait_ms: int) -> Iterator[Popen[str]]:
    """A producer that has jobs done, and ends with `ended`."""
    script = ("-c", SEND, pool, str(jobs), str(wait_ms))
    with lab.started(
        "run", "--rm", "-T", "--user", "1000", "--entrypoint", "python", "producer", *script
    ) as process:
        yield process


def ended(process: Popen[str]) -> Outcome:
    """What became of the jobs."""
    out, err = process.communicate(timeout=SOON_S)
    assert process.returncode == 0, err
    return msgspec.json.decode(out, type=Outcome)


def records(lab: Stack) -> int:
    """How many jobs of the run are done."""
    streams = lab.redis("keys", "simul:run:*").split()
    return int(lab.redis("xlen", streams[0])) - 1 if streams else 0  # the first entry is the run's own


def held(lab: Stack) -> int:
    """How many messages are registered as in the hands of workers, by either transport."""
    reserved = lab.redis("keys", "reliable:*:simul.gevent*").split()
    return int(lab.redis("hlen", "unacked")) + sum(int(lab.redis("llen", key)) for key in reserved)
