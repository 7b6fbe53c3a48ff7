"""Celery's canvas, the same on the threads pool and on ours: any difference shows here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import chain, chord, group

from pool_in_workers.workers import PATIENCE_S, Event, Worker, running_worker

#: The pool, and how its tasks are written.
CONTENDERS = [("threads", "plain"), ("asyncio", "plain"), ("asyncio", "async")]


class Canvas:
    """Signatures for one worker and one way of writing tasks."""

    def __init__(self, worker: Worker, style: str) -> None:
        self._worker = worker
        self._style = style

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def signature(*args: Any, **kwargs: Any) -> Any:
            name_ = f"{self._style}.{name}"
            return self._worker.app.signature(name_, args, kwargs, queue=self._worker.queue)

        return signature

    def task(self, name: str) -> Any:
        return self._worker.app.tasks[f"{self._style}.{name}"]

    def value(self, canvas: Any) -> Any:
        return canvas.apply_async(queue=self._worker.queue).get(timeout=PATIENCE_S)


@pytest.fixture(scope="module")
def threads(app: Any, logs: Path) -> Iterator[Worker]:
    with running_worker(app, logs, "canvas_threads", "-c", "4", pool="threads") as worker:
        yield worker


@pytest.fixture(scope="module")
def aio(app: Any, logs: Path) -> Iterator[Worker]:
    with running_worker(app, logs, "canvas_aio", "-c", "4") as worker:
        yield worker


@pytest.fixture(params=CONTENDERS, ids="-".join)
def canvas(request: pytest.FixtureRequest) -> Canvas:
    pool, style = request.param
    return Canvas(request.getfixturevalue("threads" if pool == "threads" else "aio"), style)


def test_a_chain_hands_its_result_on(canvas: Canvas) -> None:
    assert canvas.value(chain(canvas.add(1, 2), canvas.add(3), canvas.add(4))) == 10


def test_a_group_returns_all_results_in_order(canvas: Canvas) -> None:
    assert canvas.value(group(canvas.add(n, n) for n in range(8))) == [2 * n for n in range(8)]


def test_a_chord_calls_its_body_with_all_results(canvas: Canvas) -> None:
    assert canvas.value(chord([canvas.add(n, 1) for n in range(8)], canvas.total())) == 36


def test_a_chain_may_end_in_a_group_and_a_task(canvas: Canvas) -> None:
    header = group(canvas.add(n) for n in range(3))
    assert canvas.value(chain(canvas.add(1, 1), header, canvas.total())) == 9


def test_a_chord_may_hold_chains(canvas: Canvas) -> None:
    header = [chain(canvas.add(n, 1), canvas.add(1)) for n in range(3)]
    assert canvas.value(chord(header, canvas.total())) == 9


def test_a_callback_gets_the_result(canvas: Canvas, key: str, event: Event) -> None:
    result = canvas.add(1, 2).apply_async(link=canvas.note(key=key))
    assert result.get(timeout=PATIENCE_S) == 3
    assert event(key) == "3"


def test_an_errback_is_called_for_a_failure(canvas: Canvas, key: str, event: Event) -> None:
    result = canvas.fail().apply_async(link_error=canvas.errback(key=key))
    with pytest.raises(ValueError, match="canvas"):
        result.get(timeout=PATIENCE_S)
    assert event(key) == "errback"


def test_a_failure_ends_its_chain(canvas: Canvas, key: str, event: Event) -> None:
    last = (
        chain(canvas.add(1, 2), canvas.fail(), canvas.add(1)).on_error(canvas.errback(key=key)).apply_async()
    )
    with pytest.raises(ValueError, match="canvas"):
        last.get(timeout=PATIENCE_S)
    assert event(key) == "errback"


def test_a_failure_in_a_group_fails_its_chord(canvas: Canvas, key: str, event: Event) -> None:
    body = canvas.total().on_error(canvas.errback(key=key))
    result = chord([canvas.add(1, 2), canvas.fail()], body).apply_async()
    with pytest.raises(Exception, match="canvas"):
        result.get(timeout=PATIENCE_S)
    assert event(key) == "errback"


def test_a_task_may_be_replaced(canvas: Canvas) -> None:
    assert canvas.value(canvas.replaced(1, 2)) == 3


def test_a_task_in_a_chain_may_be_replaced(canvas: Canvas) -> None:
    assert canvas.value(chain(canvas.add(1, 1), canvas.replaced(2), canvas.add(3))) == 7


def test_a_task_may_be_replaced_by_a_chord(canvas: Canvas) -> None:
    assert canvas.value(chain(canvas.replaced_by_chord([1, 2, 3]), canvas.add(1))) == 10


def test_a_replaced_task_in_a_chord(canvas: Canvas) -> None:
    assert canvas.value(chord([canvas.replaced(n, 1) for n in range(3)], canvas.total())) == 6


def test_a_task_may_be_mapped_over_its_arguments(canvas: Canvas) -> None:
    assert canvas.value(canvas.task("total").map([[1, 2], [3]])) == [3, 3]
    assert canvas.value(canvas.task("add").starmap([(1, 2), (3, 4)])) == [3, 7]
    assert canvas.value(canvas.task("add").chunks([(n, n) for n in range(4)], 2).group()) == [[0, 2], [4, 6]]
