"""Calls and results that are awaited: by tasks in a worker, and by an asyncio program that is none."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import celery.exceptions
import pytest
import redis
from celery import chain, chord, group

from celery_asyncio_pool import aapply_async, adelay, aget
from pool_in_workers.workers import PATIENCE_S, Worker, running_worker, until

AWAITING = "pool_in_workers.awaiting_app"


class Sender:
    """Sends this app's tasks to one worker."""

    def __init__(self, awaiting: Any, worker: Worker) -> None:
        self._awaiting = awaiting
        self.queue = worker.queue

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: self._awaiting.tasks[f"{AWAITING}.{name}"].s(*args, **kwargs)

    async def value(self, canvas: Any, **options: Any) -> Any:
        result = await aapply_async(canvas, queue=self.queue)
        return await result.aget(timeout=PATIENCE_S, **options)


@pytest.fixture
def sender(awaiting: Any, on_awaiting: Worker) -> Sender:
    awaiting.conf.task_default_queue = on_awaiting.queue
    return Sender(awaiting, on_awaiting)


def channels(side: redis.Redis, results: list[Any]) -> list[Any]:
    """The channels of these results to which anybody listens."""
    listened_to = side.pubsub_channels("celery-task-meta-*")
    return [result.id for result in results if f"celery-task-meta-{result.id}" in listened_to]


def test_a_program_awaits_a_canvas_of_each_kind(sender: Sender) -> None:
    async def main() -> list[Any]:
        header = [sender.add(n, n) for n in range(3)]
        return [
            await sender.value(sender.add(1, 2)),
            await sender.value(chain(sender.add(1, 2), sender.add(3))),
            await sender.value(group(header)),
            await sender.value(chord(header, sender.total())),
            await sender.value(chain(sender.add(1, 1), group(sender.add(1), sender.add(2)))),
        ]

    assert asyncio.run(main()) == [3, 6, [0, 2, 4], 6, [3, 4]]


def test_a_task_awaits_a_canvas_of_each_kind(on_awaiting: Worker) -> None:
    assert on_awaiting.run(f"{AWAITING}.canvas") == [6, [0, 2, 4], 6, 7, 3]


def test_calls_of_a_task_know_where_they_come_from(on_awaiting: Worker) -> None:
    result = on_awaiting.send(f"{AWAITING}.parent", 20)
    told = result.get(timeout=PATIENCE_S)
    assert told == {"seen": [[result.id, result.id]], "children": True, "current": result.id}


@pytest.mark.parametrize("propagate", [True, False])
def test_a_failure_is_raised_or_given(sender: Sender, propagate: bool) -> None:
    async def main(canvas: Any) -> Any:
        return await sender.value(canvas, propagate=propagate)

    last = chain(sender.add(1, 1), sender.fails(), sender.add(1))
    body = chord([sender.add(1, 1), sender.fails()], sender.total())
    mixed = group(sender.add(1, 1), sender.fails())
    if propagate:
        for canvas, error in ((last, ValueError), (mixed, ValueError), (body, celery.exceptions.ChordError)):
            with pytest.raises(error, match="it fails"):
                asyncio.run(main(canvas))
    else:
        assert isinstance(asyncio.run(main(last)), ValueError)
        assert isinstance(asyncio.run(main(body)), celery.exceptions.ChordError)
        assert [type(value) for value in asyncio.run(main(mixed))] == [int, ValueError]


@pytest.mark.filterwarnings("ignore:Call to deprecated setex")  # Celery's, under a newer redis-py
def test_what_cannot_come_any_more_is_not_waited_for(awaiting: Any) -> None:
    """The task before it is revoked: Celery records nothing for those behind."""
    revoked = celery.exceptions.TaskRevokedError("revoked")

    async def main() -> None:
        result = awaiting.AsyncResult("behind", parent=awaiting.AsyncResult("revoked"))
        waiting = asyncio.create_task(result.aget(timeout=PATIENCE_S))
        awaiting.backend.store_result("revoked", revoked, "REVOKED")
        await waiting

    with pytest.raises(celery.exceptions.TaskRevokedError):
        asyncio.run(main())


def test_many_results_need_one_thread_and_leave_nothing(sender: Sender, side: redis.Redis) -> None:
    many = 1000
    threads: set[int] = set()
    results: list[Any] = []

    async def main() -> list[Any]:
        async def one(n: int) -> Any:
            result = await aapply_async(sender.add(n, n), queue=sender.queue)
            results.append(result)
            value = await result.aget(timeout=PATIENCE_S)
            threads.add(sum(each.name == "celery-aio-results" for each in threading.enumerate()))
            return value

        return await asyncio.gather(*(one(n) for n in range(many)))

    assert asyncio.run(main()) == [2 * n for n in range(many)]
    assert threads == {1}
    assert wait_for_no_channels(side, results)


def test_the_children_of_a_result_have_not_the_backend_of_the_thread_that_waits(
    sender: Sender, awaiting: Any
) -> None:
    async def main() -> Any:
        result = await aapply_async(sender.parent(2), queue=sender.queue)
        await result.aget(timeout=PATIENCE_S)
        return result

    children = asyncio.run(main()).children
    assert [child.backend for child in children] == [awaiting.backend] * 2


def test_a_chord_leaves_nothing(sender: Sender, side: redis.Redis) -> None:
    """Celery subscribes to all of its header when it is sent, and nobody reads in the thread that sends."""

    async def main() -> Any:
        result = await aapply_async(
            chord([sender.add(n, n) for n in range(5)], sender.total()), queue=sender.queue
        )
        assert await result.aget(timeout=PATIENCE_S) == 20
        return result

    result = asyncio.run(main())
    assert wait_for_no_channels(side, [result, *result.parent.results])


@pytest.mark.parametrize("how", ["cancelled", "late"])
def test_a_wait_that_is_given_up_leaves_nothing(awaiting: Any, side: redis.Redis, how: str) -> None:
    results = [awaiting.AsyncResult(f"never-{n}") for n in range(10)]

    async def main() -> None:
        if how == "late":
            for result in results:
                with pytest.raises(celery.exceptions.TimeoutError, match="timed out"):
                    await result.aget(timeout=0.05)
            return
        waits = [asyncio.create_task(result.aget()) for result in results]
        while len(await asyncio.to_thread(channels, side, results)) < len(results):
            await asyncio.sleep(0.01)
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)

    asyncio.run(main())
    assert wait_for_no_channels(side, results)


def wait_for_no_channels(side: redis.Redis, results: list[Any]) -> bool:
    until(lambda: not channels(side, results), "left the results alone")
    return True


def test_a_result_may_still_be_waited_for_in_a_plain_thread(sender: Sender) -> None:
    async def main() -> Any:
        result = await aapply_async(sender.add(3, 4), queue=sender.queue, countdown=0.3)
        return await asyncio.to_thread(result.get, timeout=PATIENCE_S)

    assert asyncio.run(main()) == 7


def test_a_result_that_was_there_before_anybody_waits_is_found(sender: Sender, awaiting: Any) -> None:
    async def main() -> Any:
        result = await adelay(sender.add(1, 2).set(queue=sender.queue))
        await result.aget(timeout=PATIENCE_S)
        again = awaiting.AsyncResult(result.id)  # as a view of a web app has it, with nothing but the id
        return await again.aget(timeout=PATIENCE_S), await again.aget(timeout=PATIENCE_S)

    assert asyncio.run(main()) == (3, 3)


def test_apps_of_celerys_own_class_have_the_functions(app: Any, worker: Worker) -> None:
    async def main() -> Any:
        add = app.tasks["pool_in_workers.foreign_app.add"]
        results = [await aapply_async(add, (n, n), queue=worker.queue) for n in range(3)]
        both = await aapply_async(group(add.s(n, n) for n in range(2)), queue=worker.queue)
        return [await aget(result, timeout=PATIENCE_S) for result in [*results, both]]

    assert asyncio.run(main()) == [0, 2, 4, [0, 2]]


def test_a_backend_that_is_only_to_be_asked_is_asked(awaiting: Any, logs: Path, tmp_path: Path) -> None:
    """No message comes from files: one thread looks at all that are waited for."""
    backend = f"file://{tmp_path}"
    options = {"module": AWAITING, "AWAITING_BACKEND": backend}
    with running_worker(awaiting, logs, "files", "-c", "4", **options) as worker:
        from celery_asyncio_pool import Celery

        app = Celery("files", broker=awaiting.conf.broker_url, backend=backend, set_as_current=False)

        async def main() -> Any:
            add = app.signature(f"{AWAITING}.add")
            results = [await aapply_async(add, (n, n), queue=worker.queue) for n in range(20)]
            return await asyncio.gather(*(result.aget(timeout=PATIENCE_S) for result in results))

        assert asyncio.run(main()) == [2 * n for n in range(20)]
        app.close()
