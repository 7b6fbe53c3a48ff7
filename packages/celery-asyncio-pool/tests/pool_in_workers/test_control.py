"""What can be done to tasks, and to the pool, while they run."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from celery.exceptions import SoftTimeLimitExceeded, TaskRevokedError, TimeLimitExceeded

from pool_in_workers.workers import CELERY, PATIENCE_S, Event, Worker, running_worker, terminate, until


@pytest.fixture(scope="module")
def small(app: Any, logs: Path) -> Iterator[Worker]:
    """Two slots, time limits for every task, coroutines that are slow after 20 ms."""
    options = ["-c", "2", "--soft-time-limit", "50", "--time-limit", "60"]
    with running_worker(app, logs, "small", *options, CELERY_AIO_SLOW_MS="20") as worker:
        yield worker


@pytest.fixture(scope="module")
def limited(app: Any, logs: Path) -> Iterator[Worker]:
    """Time limits for every task."""
    with running_worker(app, logs, "limited", "-c", "4", "--soft-time-limit", "0.4") as worker:
        yield worker


def pool_info(worker: Worker) -> dict[str, Any]:
    info: dict[str, Any] = worker.inspect("stats")["pool"]
    return info


def wait_for_pool(worker: Worker, **wanted: int) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        info = pool_info(worker)
        if {name: info[name] for name in wanted} == wanted:
            return info
        assert time.monotonic() < deadline, f"wanted {wanted}, have {info}"


def hold(worker: Worker, key: str, event: Event, number: int, slots: int) -> list[Any]:
    """The results of so many tasks that end when they are released, once all slots are taken."""
    results = [worker.send("holds", key) for _ in range(number)]
    for _ in range(slots):
        event(key + ":started")
    return results


def release(side: redis.Redis, key: str, results: list[Any]) -> None:
    """Have all these tasks end, and wait until they have."""
    side.rpush(key + ":release", *range(len(results)))
    assert [result.get(timeout=PATIENCE_S) for result in results] == ["released"] * len(results)


# Slots


def test_no_more_jobs_run_than_there_are_slots(
    small: Worker, side: redis.Redis, key: str, event: Event
) -> None:
    results = hold(small, key, event, 5, slots=2)
    info = wait_for_pool(small, running=2, waiting=3)
    assert info["max-concurrency"] == 2
    assert not side.exists(key + ":started")
    side.rpush(key + ":release", "1")
    event(key + ":started")  # the third takes the slot of the one that ended
    wait_for_pool(small, running=2, waiting=2)
    side.rpush(key + ":release", *range(4))
    assert [result.get(timeout=PATIENCE_S) for result in results] == ["released"] * 5
    wait_for_pool(small, running=0, waiting=0)


def test_plain_tasks_share_the_slots(small: Worker, side: redis.Redis, key: str, event: Event) -> None:
    results = [small.send("holds", key), *(small.send("plain_holds", key) for _ in range(2))]
    for _ in range(2):
        event(key + ":started")
    wait_for_pool(small, running=2, waiting=1)
    release(side, key, results)


def test_the_worker_answers_while_all_slots_are_taken(
    small: Worker, side: redis.Redis, key: str, event: Event
) -> None:
    results = hold(small, key, event, 2, slots=2)
    active = small.inspect("active")
    assert {entry["id"] for entry in active} == {result.id for result in results}
    assert len({entry["worker_pid"] for entry in active}) == 2
    release(side, key, results)


def test_stats_describe_the_pool(worker: Worker) -> None:
    info = pool_info(worker)
    assert info["implementation"] == "celery_asyncio_pool.pool:TaskPool"
    assert info["max-concurrency"] == 10
    assert "SelectorEventLoop" in info["loop"]


def test_the_pool_grows_and_shrinks(small: Worker, side: redis.Redis, key: str, event: Event) -> None:
    results = [small.send("holds", key) for _ in range(3)]
    wait_for_pool(small, running=2, waiting=1)
    small.control("pool_grow", 1)
    for _ in range(3):
        event(key + ":started")  # growing starts the one that waited
    small.control("pool_shrink", 1)
    assert wait_for_pool(small, running=3)["max-concurrency"] == 2
    release(side, key, results)


def test_the_pool_scales_itself(app: Any, logs: Path, side: redis.Redis, key: str, event: Event) -> None:
    with running_worker(app, logs, "scaled", "--autoscale=3,1", AUTOSCALE_KEEPALIVE="0.2") as scaled:
        results = hold(scaled, key, event, 3, slots=3)
        wait_for_pool(scaled, **{"max-concurrency": 3, "running": 3})
        release(side, key, results)
        wait_for_pool(scaled, **{"max-concurrency": 1, "running": 0})


# Time limits


def test_a_soft_time_limit_cancels_the_task(worker: Worker, key: str, event: Event) -> None:
    result = worker.send("soft_limited", key)
    event(key + ":cancelled")
    with pytest.raises(SoftTimeLimitExceeded):
        result.get(timeout=PATIENCE_S)
    assert "Soft time limit (0.3s) exceeded" in worker.wait_for_log(
        f"soft_limited[{result.id}] raised unexpected"
    )


def test_a_task_may_tidy_up_after_its_soft_time_limit(worker: Worker, key: str) -> None:
    assert worker.run("tidies_up", key) == "partial"


def test_a_hard_time_limit_cancels_and_fails_the_task(worker: Worker, key: str, event: Event) -> None:
    result = worker.send("hard_limited", key)
    event(key + ":cancelled")
    with pytest.raises(TimeLimitExceeded):
        result.get(timeout=PATIENCE_S)
    assert "Hard time limit (0.3s) exceeded" in worker.log
    wanted = {"prerun", "failure", "postrun None nothing"}
    if CELERY < (5, 7):  # Celery sends none
        wanted.remove("failure")
    signals = {event("signals:" + result.id) for _ in wanted}
    assert signals == wanted
    wait_for_pool(worker, running=0)


def test_a_message_may_bring_its_own_time_limit(worker: Worker, key: str) -> None:
    with pytest.raises(TimeLimitExceeded):
        worker.run("holds", key, time_limit=0.2)


def test_a_time_limit_for_the_whole_worker(limited: Worker, key: str) -> None:
    assert pool_info(limited)["timeouts"] == [0.4, 0]
    with pytest.raises(SoftTimeLimitExceeded):
        limited.run("holds", key)


# Revoking


def test_a_task_revoked_while_it_waits_never_starts(
    small: Worker, side: redis.Redis, key: str, event: Event
) -> None:
    holding = hold(small, key, event, 2, slots=2)
    revoked, terminated = small.send("holds", key + "r"), small.send("holds", key + "t")
    wait_for_pool(small, running=2, waiting=2)
    small.control("revoke", revoked.id)
    small.control("revoke", terminated.id, terminate=True)
    release(side, key, holding)
    for result in (revoked, terminated):
        with pytest.raises(TaskRevokedError):
            result.get(timeout=PATIENCE_S)
    assert event("signals:" + revoked.id) == "revoked terminated=False"
    wait_for_pool(small, running=0, waiting=0)
    assert not side.exists(key + "r:started", key + "t:started")


def test_a_running_task_is_cancelled_when_terminated(worker: Worker, key: str, event: Event) -> None:
    result = terminate(worker, "holds", key, event)
    with pytest.raises(TaskRevokedError, match="terminated"):
        result.get(timeout=PATIENCE_S)
    wait_for_pool(worker, running=0)
    signals = {event("signals:" + result.id) for _ in range(3)}
    assert signals == {"prerun", "revoked terminated=True", "postrun None nothing"}
    assert result.state == "REVOKED"


# Blocking the loop


@pytest.mark.parametrize("task", ["blocks", "blocks_in_subtask"])
def test_a_task_that_blocks_the_loop_is_named(small: Worker, task: str) -> None:
    result = small.send(task, 0.1)
    result.get(timeout=PATIENCE_S)
    small.wait_for_log(f"{task}[{result.id}] held the event loop for")


def test_a_plain_task_does_not_block_the_loop(
    small: Worker, side: redis.Redis, key: str, event: Event
) -> None:
    blocking = small.send("plain_holds", key)
    event(key + ":started")
    assert small.run("add", 1, 2) == 3
    side.rpush(key + ":release", "1")
    assert blocking.get(timeout=PATIENCE_S) == "released"


def test_a_slow_backend_does_not_block_the_loop(
    worker: Worker, side: redis.Redis, key: str, event: Event
) -> None:
    running = worker.send("holds", key)
    event(key + ":started")
    storing = worker.send("stores_slowly", key)
    event(key + ":storing")
    side.rpush(key + ":release", "1")
    event(key + ":ended")  # the coroutine went on while Celery was busy storing
    side.rpush(key + ":stored", "1")
    assert running.get(timeout=PATIENCE_S) == "released"
    assert storing.get(timeout=PATIENCE_S) == key


def test_a_broker_that_stands_still_does_not_stop_the_loop(
    worker: Worker, side: redis.Redis, tmp_path: Path
) -> None:
    file, go = tmp_path / "ticks", tmp_path / "go"
    ticking, ending = worker.send("ticks", str(file)), worker.send("waits_for", str(go))
    until(lambda: file.exists() and Path(f"{go}.waiting").exists(), "started")
    broker = int(side.info("server")["process_id"])
    os.kill(broker, signal.SIGSTOP)
    try:
        go.touch()  # a job ends: its result is to be stored, its message to be acknowledged
        ticks = file.stat().st_size
        until(lambda: file.stat().st_size > ticks + 50, "ticked without its broker")
    finally:
        os.kill(broker, signal.SIGCONT)
    assert ending.get(timeout=PATIENCE_S) == "it came"
    Path(f"{file}.stop").touch()
    assert ticking.get(timeout=PATIENCE_S) is None


# Acknowledging


def unacknowledged(side: redis.Redis) -> int:
    return int(side.zcard("unacked_index"))


def test_a_message_is_acknowledged_early_or_late(
    worker: Worker, side: redis.Redis, key: str, event: Event
) -> None:
    wait_for_pool(worker, running=0)
    deadline = time.monotonic() + PATIENCE_S
    while unacknowledged(side):
        assert time.monotonic() < deadline
    early = worker.send("holds", key)
    event(key + ":started")
    while unacknowledged(side):
        assert time.monotonic() < deadline
    late = worker.send("holds_late", key)
    event(key + ":started")
    assert unacknowledged(side) == 1
    side.rpush(key + ":release", *range(2))
    assert early.get(timeout=PATIENCE_S) == late.get(timeout=PATIENCE_S) == "released"
    while unacknowledged(side):
        assert time.monotonic() < deadline
