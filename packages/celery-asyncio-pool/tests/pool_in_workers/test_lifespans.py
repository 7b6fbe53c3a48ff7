"""Lifespans in workers: open before the first task and after the last, however the worker ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from pool_in_workers.workers import PATIENCE_S, TESTS, Event, Worker, make_command, running_worker

AWAITING = "pool_in_workers.awaiting_app"
OPENED, CLOSED = ["client opened", "second opened"], ["second closed", "client closed"]


@contextlib.contextmanager
def telling_worker(awaiting: Any, logs: Path, key: str, **environment: str) -> Iterator[Worker]:
    """A worker whose lifespans tell at `key`."""
    options = {"AWAITING_TOLD": key, **environment}
    with running_worker(awaiting, logs, f"lifespans-{key}", "-c", "4", module=AWAITING, **options) as worker:
        yield worker


@pytest.fixture
def told(side: redis.Redis, key: str) -> Any:
    """What has been told, in order."""
    return lambda: side.lrange(key, 0, -1)


def test_tasks_use_what_is_open(on_awaiting: Worker, key: str, event: Event) -> None:
    assert on_awaiting.run(f"{AWAITING}.uses", key) == ["the second", "the second"]
    assert event(key) == "used"
    assert on_awaiting.run(f"{AWAITING}.plain_uses") == "the second"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT], ids=["warm", "cold"])
def test_they_are_closed_after_the_last_task(
    awaiting: Any, logs: Path, side: redis.Redis, key: str, event: Event, told: Any, number: int
) -> None:
    with telling_worker(awaiting, logs, key) as worker:
        worker.send(f"{AWAITING}.holds", key)
        event(key + ":started")
        assert told() == [*OPENED, "task begins"]
        worker.signal(number)
        if number == signal.SIGTERM:
            worker.wait_for_log("1 running tasks to end; no more are started")
            side.rpush(key + ":release", "1")
        worker.wait()
        assert told() == [*OPENED, "task begins", "task ends", *CLOSED]
        assert side.llen(key + ":ended") == 1  # the client was open still
        assert "Traceback" not in worker.log


def test_one_that_fails_to_close_does_not_keep_the_others_open(
    awaiting: Any, logs: Path, key: str, told: Any
) -> None:
    with telling_worker(awaiting, logs, key, AWAITING_FAILS="closing") as worker:
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
        assert told() == [*OPENED, *CLOSED]
        assert "lifespan second failed to close: ConnectionError('second is gone')" in worker.log


def test_a_worker_does_not_start_where_one_fails_to_open(
    awaiting: Any, logs: Path, key: str, told: Any
) -> None:
    with (
        pytest.raises(AssertionError, match="the worker ended") as ended,
        telling_worker(awaiting, logs, key, AWAITING_FAILS="opening"),
    ):
        pass
    said = "The worker does not start: lifespan second failed to open: ConnectionError('no second')"
    assert str(ended.value).count(said) == 1
    assert told() == ["client opened", "client closed"]


def test_a_worker_that_is_stopped_while_they_open_ends(
    url: str, logs: Path, key: str, event: Event, told: Any
) -> None:
    log = logs / f"{key}.log"
    environ = {**os.environ, "FOREIGN_URL": url, "AWAITING_TOLD": key, "AWAITING_HANGS": "opening"}
    with log.open("wb") as sink:
        process = subprocess.Popen(
            make_command(AWAITING),
            cwd=TESTS,
            env={**environ, "CELERY_CUSTOM_WORKER_POOL": "celery_asyncio_pool:TaskPool"},
            stdout=sink,
            stderr=sink,
        )
        try:
            assert [event(key), event(key)] == ["client opened", "second hangs"]
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_S)
        finally:
            process.kill()
            process.wait()
    assert told() == ["client closed"]
