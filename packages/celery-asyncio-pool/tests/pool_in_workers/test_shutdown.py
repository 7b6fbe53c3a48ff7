"""How a worker ends: warm, cold, with a limit to its patience; and what a lost connection does not end."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from pool_in_workers.workers import CELERY, PATIENCE_S, Event, Worker, running_worker, until


@pytest.fixture(params=["stock", "reliable"])
def transport(request: pytest.FixtureRequest) -> dict[str, str]:
    """The environment that has the worker use kombu's transport, or one that loses no message."""
    if request.param == "stock":
        return {}
    pytest.importorskip("celery_reliable_redis", reason="celery-reliable-redis is not installed")
    return {"FOREIGN_TRANSPORT": "celery_reliable_redis:Transport"}


def test_a_warm_shutdown_lets_running_jobs_end(
    app: Any, logs: Path, side: redis.Redis, key: str, event: Event, transport: dict[str, str]
) -> None:
    with running_worker(app, logs, f"warm-{key}", "-c", "2", **transport) as worker:
        results = [worker.send(task, key) for task in ("holds", "plain_holds")]
        for _ in results:
            event(key + ":started")
        waiting = worker.send("add", 1, 2)
        worker.signal(signal.SIGTERM)
        worker.wait_for_log("2 running tasks to end; no more are started")
        side.rpush(key + ":release", *range(2))
        assert worker.wait() == 0
        assert [result.get(timeout=PATIENCE_S) for result in results] == ["released"] * 2
        assert waiting.state == "PENDING"
        assert side.llen(worker.queue) == 1  # what had not begun is back in the queue


def test_a_warm_shutdown_waits_no_longer_than_it_may(
    app: Any, logs: Path, side: redis.Redis, key: str, event: Event
) -> None:
    with running_worker(app, logs, "drained", "-c", "2", CELERY_AIO_DRAIN_S="0.2") as worker:
        worker.send("holds_late", key)
        event(key + ":started")
        worker.signal(signal.SIGTERM)
        event(key + ":cancelled")
        assert worker.wait() == 0
        assert side.llen("drained") == 1


def test_a_cold_shutdown_cancels_and_gives_late_messages_back(
    app: Any, logs: Path, side: redis.Redis, key: str, event: Event, transport: dict[str, str]
) -> None:
    with running_worker(app, logs, f"cold-{key}", "-c", "4", **transport) as worker:
        early, late = worker.send("holds", key), worker.send("holds_late", key)
        for _ in range(2):
            event(key + ":started")
        worker.signal(signal.SIGQUIT)
        for _ in range(2):
            event(key + ":cancelled")
        worker.wait()
        assert early.state == "RETRY"  # Celery's word for a task that it cancelled
        assert late.state == ("RETRY" if CELERY < (5, 6) else "PENDING")
        assert side.llen(worker.queue) == 1
        assert "Traceback" not in worker.log


def test_what_ends_during_a_soft_shutdown_has_ended(
    app: Any, logs: Path, side: redis.Redis, key: str, event: Event, transport: dict[str, str]
) -> None:
    with running_worker(app, logs, f"soft-{key}", "-c", "4", FOREIGN_SOFT_S="2", **transport) as worker:
        results = [worker.send(task, key) for task in ("holds", "holds_late")]
        for _ in results:
            event(key + ":started")
        worker.signal(signal.SIGQUIT)
        worker.wait_for_log("Initiating Soft Shutdown")
        side.rpush(key + ":release", *range(2))
        worker.wait()
        assert [result.state for result in results] == ["SUCCESS"] * 2
        assert side.llen(worker.queue) == 0


def test_a_cold_shutdown_insists(app: Any, logs: Path, side: redis.Redis, key: str, event: Event) -> None:
    with running_worker(app, logs, "insists", "-c", "4") as worker:
        worker.send("swallows_once", key)
        event(key + ":started")
        worker.signal(signal.SIGQUIT)
        event(key + ":swallowed")
        event(key + ":cancelled")
        worker.wait()
        assert side.llen("insists") == 1
        assert "did not end when cancelled" not in worker.log


def test_a_warm_shutdown_can_turn_cold(
    app: Any, logs: Path, side: redis.Redis, key: str, event: Event
) -> None:
    with running_worker(app, logs, "turned", "-c", "4") as worker:
        worker.send("holds_late", key)
        event(key + ":started")
        worker.signal(signal.SIGTERM)
        worker.wait_for_log("1 running tasks to end; no more are started")
        worker.signal(signal.SIGQUIT)
        event(key + ":cancelled")
        worker.wait()
        assert side.llen("turned") == 1


def test_uvloop_is_used_when_asked_for(app: Any, logs: Path) -> None:
    pytest.importorskip("uvloop", reason="uvloop is not installed")
    with running_worker(app, logs, "uv", "-c", "2", CELERY_AIO_UVLOOP="1") as worker:
        assert worker.run("uses_asyncio") == [True, 3, "late"]
        assert worker.inspect("stats")["pool"]["loop"] == "uvloop.Loop"


def test_a_coroutine_runs_on_while_the_worker_connects_again(
    app: Any, logs: Path, side: redis.Redis, key: str, tmp_path: Path, transport: dict[str, str]
) -> None:
    file = tmp_path / "ticks"
    with running_worker(app, logs, f"again-{key}", "-c", "4", **transport) as worker:
        running = worker.send("ticks", str(file))
        until(file.exists, "started")
        hang_up(side, worker)
        worker.wait_for_log("Connection to broker lost")
        assert worker.run("add", 1, 2) == 3
        ticks = file.stat().st_size
        until(lambda: file.stat().st_size > ticks, "ticked")
        Path(f"{file}.stop").touch()
        assert running.get(timeout=PATIENCE_S) is None


def hang_up(side: redis.Redis, worker: Worker) -> None:
    """Have the server close every connection of the worker."""
    connections = psutil.Process(worker.process.pid).net_connections("tcp")
    ports = {str(connection.laddr.port) for connection in connections}
    for client in side.client_list():
        if client["addr"].rpartition(":")[2] in ports:
            side.client_kill_filter(_id=client["id"])
