"""Ways of writing a task: a coroutine comes to what a function comes to on Celery's threads pool."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import redis
from celery.exceptions import SoftTimeLimitExceeded, TaskRevokedError, TimeLimitExceeded

from pool_in_workers.workers import PATIENCE_S, Event, Worker, terminate

GROUPS = pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 has no groups of exceptions")


def outcome(worker: Worker, task: str, *args: Any, **kwargs: Any) -> tuple[str, str]:
    """The state that a task ends in, and its value or its error."""
    result = worker.app.send_task(task, args, kwargs, queue=worker.queue)
    value = result.get(timeout=PATIENCE_S, propagate=False)
    return result.state, repr(value)


@pytest.mark.parametrize(
    ("task", "args", "state"),
    [
        ("bound", (1,), "SUCCESS"),
        ("untyped", (1, 2), "SUCCESS"),
        ("annotated", (), "SUCCESS"),
        ("expected", ("key",), "FAILURE"),
        ("backs_off", (2,), "SUCCESS"),
        ("backs_off", (9,), "FAILURE"),
        ("never_retried", (), "FAILURE"),
        pytest.param("raises_group", (), "FAILURE", marks=GROUPS),
        ("class_based", (1,), "SUCCESS"),
        ("class_based_retry", (2,), "SUCCESS"),
        ("class_based_retry", (9,), "FAILURE"),
        ("called", (7,), "SUCCESS"),
    ],
)
def test_a_coroutine_comes_to_the_same(
    on_threads: Worker, on_asyncio: Worker, task: str, args: tuple[Any, ...], state: str
) -> None:
    as_coroutine = outcome(on_asyncio, "async." + task, *args)
    assert as_coroutine == outcome(on_asyncio, "plain." + task, *args)
    assert as_coroutine == outcome(on_threads, "plain." + task, *args)
    assert as_coroutine[0] == state


@pytest.mark.parametrize(
    "task",
    [
        "partial",
        "callable_object",
        "gives_awaitable",
        "gives_future",
        "decorated",
        "decorated_on_loop",
        "has_a_loop_of_its_own",
        "called_asynchronously",
        "called_aside",
    ],
)
def test_what_can_be_awaited_is_awaited(on_asyncio: Worker, task: str) -> None:
    assert outcome(on_asyncio, "ways." + task, 7) == ("SUCCESS", "7")


def test_a_generator_fails_as_on_any_pool(on_threads: Worker, on_asyncio: Worker) -> None:
    state, error = outcome(on_asyncio, "ways.generator", 3)
    assert (state, error) == outcome(on_threads, "ways.generator", 3)
    assert "Object of type generator is not JSON serializable" in error


def test_an_async_generator_fails_whether_its_result_is_wanted_or_not(on_asyncio: Worker) -> None:
    state, error = outcome(on_asyncio, "ways.async_generator", 3)
    assert state == "FAILURE"
    assert "an async generator cannot be a task's result" in error
    ignored = on_asyncio.app.send_task("ways.async_generator_ignored", (3,), queue=on_asyncio.queue)
    on_asyncio.wait_for_log(f"async_generator_ignored[{ignored.id}] raised unexpected: TypeError(")


def test_an_async_signal_receiver_is_named_at_the_start(on_asyncio: Worker) -> None:
    on_asyncio.wait_for_log(
        "The receiver async_receiver of the signal task_prerun is `async def`: Celery never awaits it"
    )


# Eager calls within a worker


def test_a_coroutine_may_apply_tasks_of_every_kind(on_asyncio: Worker) -> None:
    pytest.importorskip("pydantic", reason="pydantic is not installed")
    assert on_asyncio.app.send_task("ways.applies", (1,), queue=on_asyncio.queue).get(PATIENCE_S) == [
        [1, 0, True],
        [1, 0, True],
        {"total": 1, "note": None},
        "eager set in before_start",
        "ways.applies",
        "celery-aio-loop",
    ]


# Limits and revoking: the log says what happens


def test_a_decorated_coroutine_is_revoked(
    on_asyncio: Worker, side: redis.Redis, key: str, event: Event
) -> None:
    result = terminate(on_asyncio, "ways.holds_decorated", key, event)
    with pytest.raises(TaskRevokedError):
        result.get(timeout=PATIENCE_S)
    log = on_asyncio.wait_for_log(f"{result.id}] cancelled: terminated")
    assert f"{result.id}] runs in a thread" not in log
    assert not side.exists(key + ":cancelled")


@pytest.mark.parametrize("limit", ["soft_time_limit", "time_limit"])
def test_a_decorated_coroutine_is_limited(on_asyncio: Worker, key: str, event: Event, limit: str) -> None:
    result = on_asyncio.send("ways.holds_decorated", key, **{limit: 2})
    event(key + ":cancelled")
    with pytest.raises(SoftTimeLimitExceeded if limit == "soft_time_limit" else TimeLimitExceeded):
        result.get(timeout=PATIENCE_S)
    kind = limit.partition("_")[0].replace("time", "hard").capitalize()
    log = on_asyncio.wait_for_log(f"{kind} time limit (2s) exceeded for ways.holds_decorated[{result.id}]")
    assert "thread" not in "".join(line for line in log.splitlines() if result.id in line)


def test_a_plain_function_is_said_to_run_on_when_it_does(
    on_asyncio: Worker, side: redis.Redis, key: str, event: Event
) -> None:
    within = on_asyncio.send("ways.plain_holds", key, soft_time_limit=3600)
    beyond = on_asyncio.send("ways.plain_holds", key, soft_time_limit=0.2, time_limit=0.3)
    for _ in range(2):
        event(key + ":started")
    on_asyncio.wait_for_log(f"plain_holds[{beyond.id}] is past its soft time limit (0.2s) and runs on")
    log = on_asyncio.wait_for_log(f"plain_holds[{beyond.id}] is past its hard time limit (0.3s) and runs on")
    side.rpush(key + ":release", *range(2))
    assert within.get(timeout=PATIENCE_S) == beyond.get(timeout=PATIENCE_S) == "released"
    assert f"{within.id}] is past" not in log


def test_a_plain_function_is_limited_from_when_it_gives_a_coroutine(
    on_asyncio: Worker, side: redis.Redis, key: str, event: Event
) -> None:
    result = on_asyncio.send("ways.holds_and_gives", key, soft_time_limit=0.2)
    event(key + ":started")
    on_asyncio.wait_for_log(f"holds_and_gives[{result.id}] is past its soft time limit (0.2s) and runs on")
    side.rpush(key + ":release", "1")
    with pytest.raises(SoftTimeLimitExceeded):
        result.get(timeout=PATIENCE_S)


def test_a_plain_function_that_was_revoked_gives_its_coroutine_to_nobody(
    on_asyncio: Worker, side: redis.Redis, key: str, event: Event
) -> None:
    result = on_asyncio.send("ways.holds_and_gives", key)
    event(key + ":started")
    on_asyncio.control("revoke", result.id, terminate=True)
    on_asyncio.wait_for_log(
        f"holds_and_gives[{result.id}] runs in a thread, where it cannot be interrupted: "
        "it runs on until it returns"
    )
    with pytest.raises(TaskRevokedError):
        result.get(timeout=PATIENCE_S)
    side.rpush(key + ":release", "1")
    assert outcome(on_asyncio, "async.bound", 1)[0] == "SUCCESS"
    assert not side.exists(key + ":given:started")


def test_a_soft_limit_may_be_caught_around_a_group_of_tasks(on_asyncio: Worker) -> None:
    result = on_asyncio.send("ways.catches_its_soft_limit", soft_time_limit=1)
    assert result.get(timeout=PATIENCE_S) == "tidied up"


@pytest.mark.parametrize("limit", ["soft_time_limit", "time_limit"])
def test_a_failure_at_a_limit_may_leave_the_message_unacknowledged(
    on_asyncio: Worker, key: str, event: Event, limit: str
) -> None:
    result = on_asyncio.send("ways.fails_once_at_its_limit", key, **{limit: 1})
    event(key + ":cancelled")
    if limit == "time_limit":  # rejected and delivered again; a failure that is no timeout is dropped
        on_asyncio.wait_for_log(f"fails_once_at_its_limit[{result.id}] succeeded")
    else:
        with pytest.raises(SoftTimeLimitExceeded):
            result.get(timeout=PATIENCE_S)


def test_a_coroutine_may_be_put_off(on_asyncio: Worker) -> None:
    assert on_asyncio.send("async.bound", 1, countdown=0.2).get(timeout=PATIENCE_S) == [1, 0, True]
