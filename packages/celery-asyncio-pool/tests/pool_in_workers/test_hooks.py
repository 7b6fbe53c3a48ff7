"""Hooks that are coroutines: called when, and with what recorded, as Celery calls plain ones."""

from __future__ import annotations

import signal
import uuid
from pathlib import Path
from typing import Any

import pytest
import redis
from celery.exceptions import TaskRevokedError, TimeLimitExceeded

from pool_in_workers.conftest import SHAPES
from pool_in_workers.workers import CELERY, PATIENCE_S, Event, Worker, running_worker, terminate, until

OLD = CELERY < (5, 7)
AFTER_A_HARD_LIMIT = pytest.mark.skipif(
    OLD, reason="before 5.7 Celery calls no hooks after a hard time limit"
)
KINDS = ["async", "plain_with_async_hooks", "async_with_plain_hooks", "class_based", "ignoring_results"]
#: What is called last, for each end of a task; where nothing is called at the end, what the log says.
LAST = {
    "fine": "after_return",
    "retry": "after_return",
    "fail": "after_return",
    "ignore": "ignored",
    "reject": "reject requeue=False",
}


def lines(side: redis.Redis, name: str) -> list[str]:
    """What has been told there."""
    return [str(line) for line in side.lrange(name, 0, -1)]


def told(worker: Worker, side: redis.Redis, kind: str, end: str, states: bool) -> list[list[str]]:
    """What the hooks of a task have told at each attempt, with the states that were recorded or without."""
    task_id = uuid.uuid4().hex
    worker.app.send_task(f"hooked.{kind}", (end,), queue=worker.queue, task_id=task_id)
    attempts = [f"hooks:{task_id}:{attempt}" for attempt in range(1 + (end == "retry"))]

    def has_ended() -> bool:
        if end == "retry" and "on_retry" not in str(lines(side, attempts[0])):
            return False
        last = str(side.lindex(attempts[-1], -1))
        return LAST[end] in last or f"hooked.{kind}[{task_id}] {LAST[end]}" in worker.log

    until(has_ended, f"ended: {kind} {end}")
    return [
        [line if states else line.partition(" while ")[0] for line in lines(side, attempt)]
        for attempt in attempts
    ]


@pytest.mark.parametrize("end", LAST)
@pytest.mark.parametrize("kind", KINDS)
def test_hooks_are_called_as_plain_ones_are(
    on_threads: Worker, on_asyncio: Worker, side: redis.Redis, kind: str, end: str
) -> None:
    # Celery publishes a retry before it calls on_retry: what is recorded by then may be of either attempt.
    states = kind != "ignoring_results" and end != "retry"
    of_plain = told(on_threads, side, "plain", end, states)
    assert told(on_asyncio, side, kind, end, states) == of_plain
    assert of_plain[0][0].startswith("before_start")


@pytest.mark.parametrize(
    ("hook", "end", "calls"),
    [
        ("before_start", "fine", "before_start on_failure after_return"),
        # Before 5.7 Celery takes what these two raise for an internal error.
        ("on_success", "fine", "before_start on_success " + ("on_failure" if OLD else "after_return")),
        ("after_return", "fine", "before_start on_success after_return" + " on_failure" * OLD),
        # Celery reports what on_failure raises as an internal error, and that is a failure again.
        ("on_failure", "fail", "before_start on_failure on_failure"),
        ("on_retry", "retry", "before_start on_retry on_failure"),
    ],
)
@pytest.mark.parametrize("kind", ["plain", "async", "plain_with_async_hooks", "class_based"])
def test_an_error_in_a_hook_is_what_it_is_in_a_plain_one(
    on_asyncio: Worker, side: redis.Redis, key: str, kind: str, hook: str, end: str, calls: str
) -> None:
    side.set("broken:" + key, hook)
    on_asyncio.app.send_task(f"hooked.{kind}", (end,), queue=on_asyncio.queue, task_id=key)
    attempt = f"hooks:{key}:0"
    until(lambda: side.llen(attempt) == len(calls.split()), calls)
    assert [line.partition(" ")[0] for line in lines(side, attempt)] == calls.split()
    if hook in ("on_success", "after_return") and not OLD:
        on_asyncio.wait_for_log(f"hooked.{kind}[{key}] {hook} handler raised: ValueError('{hook} is broken')")
        assert on_asyncio.app.AsyncResult(key).state == "SUCCESS"


@AFTER_A_HARD_LIMIT
def test_hooks_are_called_after_a_hard_time_limit(
    on_asyncio: Worker, side: redis.Redis, key: str, event: Event
) -> None:
    errback = on_asyncio.app.signature("hooked.errback")
    result = on_asyncio.send("hooked.holds", key, time_limit=0.3, link_error=errback)
    with pytest.raises(TimeLimitExceeded):
        result.get(timeout=PATIENCE_S)
    assert event("errback:" + result.id) == "TimeLimitExceeded"
    attempt = f"hooks:{result.id}:0"
    until(lambda: "after_return" in str(lines(side, attempt)[-1:]), "called all hooks")
    assert "on_failure ('TimeLimitExceeded',) 'nothing' while FAILURE" in lines(side, attempt)


@AFTER_A_HARD_LIMIT
def test_a_hook_that_outlasts_a_hard_time_limit_does_not_hold_up_the_worker(
    on_asyncio: Worker, key: str, event: Event
) -> None:
    result = on_asyncio.send("hooked.holds_twice", key, time_limit=0.3)
    event(key + ":hook:started")
    on_asyncio.wait_for_log("Patient.on_failure has run for 5 s after its task's end: it runs on")
    assert on_asyncio.send("async.bound", 1).get(timeout=PATIENCE_S) == [1, 0, True]
    with pytest.raises(TimeLimitExceeded):
        result.get(timeout=PATIENCE_S)


def test_a_hook_runs_within_the_time_limit_of_its_task(on_asyncio: Worker, key: str, event: Event) -> None:
    result = on_asyncio.send("hooked.then_holds", key, time_limit=3)
    event(key + ":hook:started")
    event(key + ":hook:cancelled")
    on_asyncio.wait_for_log(f"Hard time limit (3s) exceeded for hooked.then_holds[{result.id}]")


def test_a_hook_is_cancelled_when_its_task_is_terminated(on_asyncio: Worker, key: str, event: Event) -> None:
    terminate(on_asyncio, "hooked.then_holds", key, event, part=":hook")


def test_a_task_that_is_terminated_in_before_start_never_begins(
    on_asyncio: Worker, side: redis.Redis, key: str, event: Event
) -> None:
    result = terminate(on_asyncio, "hooked.slow_to_start", key, event, part=":before")
    with pytest.raises(TaskRevokedError):
        result.get(timeout=PATIENCE_S)
    assert not side.exists(key + ":started")


def test_on_retry_is_called_in_a_cold_shutdown(
    shapes: Any, logs: Path, side: redis.Redis, key: str, event: Event
) -> None:
    with running_worker(shapes.app, logs, "shapes_cold", "-c", "2", module=SHAPES) as worker:
        result = worker.send("hooked.holds", key)
        event(key + ":started")
        worker.signal(signal.SIGQUIT)
        event(key + ":cancelled")
        worker.wait()
    calls = [line.partition(" ")[0] for line in lines(side, f"hooks:{result.id}:0")]
    assert calls == ["before_start", "on_retry"]
