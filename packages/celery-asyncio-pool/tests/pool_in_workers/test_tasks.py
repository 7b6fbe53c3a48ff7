"""What a task can come to on the asyncio pool."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis
from celery.exceptions import TimeoutError as ResultTimeoutError

from pool_in_workers.workers import CELERY, PATIENCE_S, Worker


def test_a_coroutine_task_returns_its_value(worker: Worker) -> None:
    assert worker.run("add", 1, 2) == 3


def test_a_plain_task_runs_in_a_thread(worker: Worker) -> None:
    value, thread = worker.run("plain_add", 1, 2)
    assert value == 3
    assert thread.startswith("celery-aio-def")


def test_a_plain_task_runs_on_the_loop_by_choice(worker: Worker) -> None:
    assert worker.run("inline_add", 1, 2) == [3, "celery-aio-loop"]


def test_a_plain_task_may_return_a_coroutine(worker: Worker) -> None:
    assert worker.run("returns_coroutine", 1, 2) == 3


def test_a_plain_task_may_call_a_coroutine_task(worker: Worker) -> None:
    assert worker.run("calls_async_task", 1, 2) == [3, 3]


def test_a_coroutine_task_may_await_another(worker: Worker) -> None:
    assert worker.run("awaits_task", 1, 2) == 3


def test_a_task_class_may_have_a_call_of_its_own(worker: Worker) -> None:
    assert worker.run("custom_call", 7) == ["called", 7]


def test_asyncio_works_in_a_task(worker: Worker) -> None:
    assert worker.run("uses_asyncio") == [True, 3, "late"]


def test_a_failure_carries_the_traceback_down_to_the_raise(worker: Worker) -> None:
    result = worker.send("fails")
    with pytest.raises(ValueError, match="from deep down"):
        result.get(timeout=PATIENCE_S)
    assert result.state == "FAILURE"
    assert "in deep_down" in result.traceback
    assert 'raise ValueError("from deep down")' in result.traceback
    worker.wait_for_log(f"fails[{result.id}] raised unexpected: ValueError('from deep down')")


def test_a_task_retries_itself(worker: Worker) -> None:
    assert worker.run("retries", 2) == 2


def test_autoretry_sees_what_a_coroutine_raises(worker: Worker) -> None:
    assert worker.run("autoretries", 2) == 2


def test_autoretry_gives_up(worker: Worker) -> None:
    with pytest.raises(ConnectionError, match="not yet"):
        worker.run("autoretries", 9)


def test_an_ignored_task_records_nothing(worker: Worker, key: str, event: Callable[[str], str]) -> None:
    result = worker.send("ignores", key)
    assert event(key) == "ran"
    worker.wait_for_log(f"{result.id}] ignored")
    assert result.state == "PENDING"


@pytest.mark.skipif(CELERY < (5, 7), reason="before 5.7 Celery records nothing of it")
def test_a_rejected_task_fails(worker: Worker, key: str) -> None:
    with pytest.raises(Exception, match="no"):
        worker.run("rejects", key, False)


@pytest.mark.skipif(CELERY >= (5, 7), reason="from 5.7 on Celery records that it failed")
def test_a_rejected_task_is_dropped(worker: Worker, key: str) -> None:
    result = worker.send("rejects", key, False)
    worker.wait_for_log(f"{result.id}] reject requeue=False")
    assert result.state == "PENDING"


def test_a_rejected_task_is_delivered_again_when_asked_for(
    worker: Worker, key: str, event: Callable[[str], str]
) -> None:
    assert worker.run("rejects", key, True) == "second time"
    assert [event(key), event(key)] == ["False", "True"]


def test_system_exit_in_a_task_fails_the_task_alone(worker: Worker) -> None:
    with pytest.raises(Exception, match="exited prematurely"):
        worker.run("exits")
    assert worker.run("add", 1, 2) == 3


def test_a_task_that_awaits_something_cancelled_fails(worker: Worker) -> None:
    with pytest.raises(Exception, match="awaited something that was cancelled"):
        worker.run("awaits_cancelled")


def test_each_task_sees_itself_and_no_other(worker: Worker, key: str) -> None:
    results = [worker.send("looks_around", key, 5) for _ in range(5)]
    for result in results:
        own, here, below, in_thread, before, after = result.get(timeout=PATIENCE_S)
        name = "pool_in_workers.foreign_app.looks_around"
        assert own == in_thread == after == result.id
        assert here == below == [result.id, name]
        assert before == "nothing"


def test_a_plain_task_sees_itself(worker: Worker) -> None:
    result = worker.send("plain_looks_around")
    assert result.get(timeout=PATIENCE_S) == [result.id, result.id]


def _signals(side: redis.Redis, task_id: str, last: str) -> list[str]:
    got: list[str] = []
    while not got or not got[-1].startswith(last):
        entry: Any = side.blpop(["signals:" + task_id], timeout=PATIENCE_S)
        assert entry, f"no {last} after {got}"
        got.append(entry[1])
    return got


def test_signals_of_a_success(worker: Worker, side: redis.Redis) -> None:
    result = worker.send("signalled", False)
    assert _signals(side, result.id, "postrun") == ["prerun", "success", "postrun SUCCESS set in prerun"]
    assert result.get(timeout=PATIENCE_S) == "set in prerun"


def test_signals_of_a_failure(worker: Worker, side: redis.Redis) -> None:
    result = worker.send("signalled", True)
    assert _signals(side, result.id, "postrun") == ["prerun", "failure", "postrun FAILURE set in prerun"]


def test_nothing_is_left_behind(worker: Worker) -> None:
    for task, args in (("add", (1, 2)), ("fails", ()), ("awaits_cancelled", ()), ("plain_add", (1, 2))):
        for result in [worker.send(task, *args) for _ in range(20)]:
            try:
                result.get(timeout=PATIENCE_S)
            except ResultTimeoutError:
                raise
            except Exception:
                continue  # only what is left in the worker matters here
    left = worker.run("counts_leftovers")
    # This very task; its greenlet, and the last one's; its two stack entries at most.
    assert left["tasks"] == 1
    assert left["executions"] <= 2
    assert left["stacks"] <= 2
    assert left["greenlets"] <= 2
    assert left["loop_threads"] == left["tracer_threads"] == 1
