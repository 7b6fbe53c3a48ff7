"""Whoever can write to the broker may ask a worker, but not end it, change it, or make it mute."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from producer.contenders.celery_workers.send import producer_app
from producer.contenders.celery_workers.spawned import SpawnedWorkers
from producer.contenders.spec import Spec
from producer.system.broker import Broker, open_broker
from producer.system.client import connect
from producer.system.reaper import Reaper
from tests.helpers import until
from tests.integration.post import SOON_S, Post, peak_memory
from transport_hostile import hostile_broadcasts
from worker.writer import REJECTED_STREAM

pytestmark = pytest.mark.untraced

CHANNEL = "/0.celery.pidbox"
#: What a worker may use at the most, in bytes: some 80 MB are its own.
MOST_MEMORY = 400 * 1024 * 1024
HOSTILE = hostile_broadcasts()


def answer(post: Post, method: str, **arguments: Any) -> Any:
    """The worker's answer to a command."""
    [reply] = post.app.control.broadcast(
        method, arguments, destination=[post.node], reply=True, timeout=SOON_S, limit=1
    )
    return reply[post.node]


def test_whatever_is_broadcast_the_worker_answers_and_works(anywhere: Post) -> None:
    said_before = len(anywhere.log())  # other tests have the same worker reject jobs: Celery logs how
    for name, raw in HOSTILE.items():
        assert anywhere.client.publish(CHANNEL, raw) > 0, name
        assert answer(anywhere, "ping") == {"ok": "pong"}, name
    anywhere.does_the_next_job()
    assert peak_memory(anywhere.pid) < MOST_MEMORY
    log = anywhere.log()[said_before:]
    assert "Traceback" not in log
    assert log.count("Dropped what is no message") < len(HOSTILE) / 2


@pytest.mark.parametrize("pool", ["gevent", "eventlet"])
def test_a_worker_without_an_event_loop_answers_also_after_its_connection_was_lost(
    data_root: Path, reaper: Reaper, pool: str
) -> None:
    """Redis closes it where somebody publishes more than is read; its limit is 32 MB."""
    with open_broker(None, reaper) as own, contextlib.closing(connect(own.url)) as client:
        worker = SpawnedWorkers(Spec(f"celery:{pool}", 2), own, producer_app(own.url), data_root, reaper)
        worker.start()
        try:
            post = Post(worker, own, client)
            client.client_kill_filter(_type="pubsub", skipme=True)
            until(client.pubsub_numpat, "the worker subscribes again")
            assert answer(post, "ping") == {"ok": "pong"}
            post.does_the_next_job()
        finally:
            worker.stop()


def test_what_cannot_be_read_there_is_told_once_and_not_recorded(anywhere: Post) -> None:
    said_before, recorded_before = len(anywhere.log()), anywhere.client.xlen(REJECTED_STREAM)
    envelope = {"body": "gASVAAAA", "headers": {}, "content-encoding": "binary"}
    envelope |= {"content-type": "application/x-python-serialize"}
    envelope |= {"properties": {"delivery_info": {"exchange": "celery.pidbox", "routing_key": ""}}}
    envelope["properties"] |= {"body_encoding": "base64", "delivery_tag": "1", "delivery_mode": 2}  # type: ignore[operator]
    for _ in range(5):
        assert anywhere.client.publish(CHANNEL, json.dumps(envelope)) > 0
    assert answer(anywhere, "ping") == {"ok": "pong"}
    assert anywhere.client.xlen(REJECTED_STREAM) == recorded_before
    log = anywhere.log()[said_before:]
    assert "rejected: " not in log
    # Once a minute; so it may have been for a message of another test.
    assert log.count("no command (remote control)") <= 1
    assert "no command (remote control)" in anywhere.log()


def test_what_the_lab_asks_is_answered(anywhere: Post) -> None:
    assert answer(anywhere, "stats")["pool"]["max-concurrency"] == anywhere.worker.spec.slots
    assert [queue["name"] for queue in answer(anywhere, "active_queues")] == [anywhere.queue]
    assert answer(anywhere, "conf")["task_default_queue"] == "simul.prefork"
    assert answer(anywhere, "registered") == ["simul.do"]


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("shutdown", {}),
        ("pool_grow", {"n": 1_000_000}),
        ("pool_shrink", {"n": 1}),
        ("cancel_consumer", {"queue": "simul.solo"}),
        ("rate_limit", {"task_name": "simul.do", "rate_limit": "1/h"}),
        ("enable_events", {}),
        ("hello", {"from_node": "x@y", "revoked": ["7"]}),
    ],
)
def test_what_would_change_a_worker_is_refused(
    anywhere: Post, method: str, arguments: dict[str, Any]
) -> None:
    assert f"SIMUL_REMOTE_CONTROL={method}" in answer(anywhere, method, **arguments)["error"]
    assert answer(anywhere, "stats")["pool"]["max-concurrency"] == anywhere.worker.spec.slots
    anywhere.does_the_next_job()


@pytest.fixture
def obedient(
    broker: Broker, data_root: Path, reaper: Reaper, client: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Post]:
    """A worker that was started so that it may be controlled."""
    monkeypatch.setitem(os.environ, "SIMUL_REMOTE_CONTROL", "shutdown,pool_grow")
    worker = SpawnedWorkers(Spec("celery:prefork", 1), broker, producer_app(broker.url), data_root, reaper)
    worker.start()
    try:
        yield Post(worker, broker, client)
    finally:
        worker.stop()


def test_what_is_asked_for_at_the_start_is_done(obedient: Post) -> None:
    assert answer(obedient, "pool_grow", n=1) == {"ok": "pool will grow"}
    assert "error" in answer(obedient, "pool_shrink", n=1)
    obedient.app.control.shutdown(destination=[obedient.node])
    [worker] = obedient.worker._workers
    assert worker.process.wait(SOON_S) == 0
