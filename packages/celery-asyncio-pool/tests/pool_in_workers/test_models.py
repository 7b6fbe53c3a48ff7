"""`pydantic=True` on a coroutine: Celery validates arguments and dumps results as it does for a function."""

from __future__ import annotations

from typing import Any

import pytest

from pool_in_workers.test_ways import outcome
from pool_in_workers.workers import CELERY, PATIENCE_S, Worker

pytest.importorskip("pydantic", reason="pydantic is not installed")

ORDER = {"item": "book", "count": "3"}


@pytest.mark.parametrize(
    ("task", "args", "kwargs", "wanted"),
    [
        ("model", (ORDER,), {}, ("SUCCESS", "{'total': 3, 'note': None}")),
        ("model", (), {"order": ORDER}, ("SUCCESS", "{'total': 3, 'note': None}")),
        ("model", ({"count": 1},), {}, ("FAILURE", "ValidationError")),
        ("model", (), {}, ("FAILURE", "missing a required argument: 'order'")),
        ("optional", (ORDER, 2), {}, ("SUCCESS", "{'total': 6, 'note': None}")),
        ("optional", (), {}, ("SUCCESS", "None")),
        ("subclass", (ORDER,), {}, ("SUCCESS", "{'total': 3, 'note': None, 'by': 'me'}")),
        ("unmodelled", (ORDER, [1, 2]), {}, ("SUCCESS", "6")),
        ("other_than_promised", (ORDER,), {}, ("SUCCESS", "{'total': 7}")),
        ("unpromised", (ORDER,), {}, ("FAILURE", "EncodeError")),
        ("strict", (ORDER,), {}, ("FAILURE", "ValidationError")),
        ("strict", ({"item": "book", "count": 3},), {}, ("SUCCESS", "{'total': 3, 'note': None}")),
        ("dumped_by_alias", (ORDER,), {}, ("SUCCESS", "{'sum': 3}")),
        ("in_context", ({"told": "I"},), {}, ("SUCCESS", "I say so in_context")),
        ("bound_model", (ORDER,), {"times": 3}, ("SUCCESS", "{'total': 9, 'note': '0'}")),
        ("retried_model", (ORDER,), {}, ("SUCCESS", "{'total': 3, 'note': None}")),
        ("failing_model", (ORDER,), {}, ("FAILURE", "ValueError('book')")),
        pytest.param(
            "quoted",
            (ORDER,),
            {},
            ("SUCCESS", "{'total': 3, 'note': None}"),
            marks=pytest.mark.skipif(CELERY < (5, 6), reason="before 5.6 Celery reads no quoted annotations"),
        ),
        ("decorated_model", (ORDER,), {}, ("SUCCESS", "{'total': 3, 'note': None}")),
    ],
)
def test_models_go_in_and_out_as_with_a_plain_function(
    on_threads: Worker,
    on_asyncio: Worker,
    task: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    wanted: tuple[str, str],
) -> None:
    state, value = outcome(on_asyncio, "async." + task, *args, **kwargs)
    assert (state, value) == outcome(on_asyncio, "plain." + task, *args, **kwargs)
    assert (state, value) == outcome(on_threads, "plain." + task, *args, **kwargs)
    assert state == wanted[0]
    assert wanted[1] in value


@pytest.mark.skipif(CELERY < (5, 7), reason="before 5.7 Celery sends no models")
def test_a_caller_may_pass_a_model(shapes: Any, on_asyncio: Worker) -> None:
    from pool_in_workers.shapes.models import Order

    task = shapes.app.tasks["async.bound_model"]
    sent = task.apply_async((Order(item="book"),), {"times": 4}, queue=on_asyncio.queue)
    assert sent.get(timeout=PATIENCE_S) == {"total": 4, "note": "0"}


def test_a_coroutine_that_awaits_another_task_gets_what_a_plain_call_gives(on_asyncio: Worker) -> None:
    sent = on_asyncio.app.send_task("ways.awaits_models", queue=on_asyncio.queue)
    assert sent.get(timeout=PATIENCE_S) == [{"total": 3, "note": None}, {"sum": 1}, {"total": 5, "note": "0"}]
