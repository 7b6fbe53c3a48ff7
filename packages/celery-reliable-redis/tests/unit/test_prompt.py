"""What `prompt.Task` leaves in the queue is what Celery's own task would have left, on a real server."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from types import MethodType, SimpleNamespace
from typing import Any

import pytest
import redis
from celery import Celery, Task, group, signals
from kombu import Exchange, Producer, Queue
from kombu.exceptions import EncodeError

from celery_reliable_redis import prompt, send_many
from celery_reliable_redis.line import Line
from celery_reliable_redis.target import Target
from transport_lab import RELIABLE, Server, number_in
from transport_messages import NOW, route, sending_app, take

PROMPT = "celery_reliable_redis.prompt:Task"
CALLS: list[tuple[Any, Any]] = [
    ((1,), None),
    ([2, "é\"'\\%s"], {}),
    ((), {"x": {"k": [None, True, 1.5, NOW]}}),
    ((3,), {"y": "%d{}" * 1000}),
]


@pytest.fixture
def app(valkey: Server) -> Iterator[Any]:
    with sending_app(valkey, RELIABLE, task_cls=PROMPT) as app:
        yield app


@pytest.fixture
def add(app: Any) -> Any:
    return app.tasks["add"]


@pytest.fixture
def prompted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the tasks that Celery has not sent."""
    ids: list[str] = []
    ordinary = Line.send

    def send(line: Line, args: Any, kwargs: Any, task_id: str) -> bool:
        is_sent = ordinary(line, args, kwargs, task_id)
        ids.extend([task_id] * is_sent)
        return is_sent

    monkeypatch.setattr(Line, "send", send)
    return ids


def same_as_celerys(task: Any, client: redis.Redis, **options: Any) -> None:
    """Assert that a prompt task leaves the same messages as Celery's own."""
    ids = [task.apply_async(args, kwargs, **options).id for args, kwargs in CALLS]
    assert len({*ids}) == len(CALLS)
    ours = take(client)
    for args, kwargs in CALLS:
        Task.apply_async(task, args, kwargs, **options)
    assert ours == take(client)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"queue": "other", "priority": 4},
        {"priority": 99, "queue": 'q"%s'},
        {"eta": (NOW + timedelta(days=1)).isoformat()},
        {"time_limit": 10, "soft_time_limit": 5, "shadow": "shown as", "retries": 2},
        {"ignore_result": False, "reply_to": "me"},
        {"argsrepr": "", "kwargsrepr": "<hidden>"},
        {"group_id": "g", "group_index": 3, "parent_id": "p", "root_id": None},
        {"delivery_mode": 1, "mine": "a property", "countdown": 0, "expires": None, "link": None},
        {"serializer": "pickle", "compression": "zlib"},
    ],
    ids=str,
)
def test_the_messages_are_those_of_celery(
    add: Any, client: redis.Redis, prompted: list[str], options: dict[str, Any]
) -> None:
    same_as_celerys(add, client, **options)
    assert len(prompted) == len(CALLS) - 2
    same_as_celerys(add, client, **options)
    assert len(prompted) == 2 * len(CALLS) - 2


@pytest.mark.parametrize(
    "options",
    [
        {"countdown": 5},
        {"expires": 60},
        {"eta": NOW},
        {"headers": {"mine": 1}},
        {"retry": False},
        {"retry_policy": {"max_retries": 2}},
        {"queue": Queue("made", Exchange("made"), "made")},
        {"queue": "expiring"},
        {"queue": "by topic", "routing_key": "a.b"},
        {"exchange": "named", "routing_key": "r"},
    ],
    ids=str,
)
def test_what_may_differ_in_more_is_sent_by_celery(
    app: Any, add: Any, client: redis.Redis, prompted: list[str], options: dict[str, Any]
) -> None:
    app.amqp.queues.add(Queue("expiring", expires=60.0))
    app.amqp.queues.add(Queue("by topic", Exchange("topics", "topic"), "a.#"))
    same_as_celerys(add, client, **options)
    same_as_celerys(add, client, **options)
    assert not prompted


def test_links_are_celerys(add: Any, client: redis.Redis, prompted: list[str]) -> None:
    same_as_celerys(add, client, link=add.s(1), link_error=[add.si(2)])
    (add.s(1) | add.s(2)).apply_async()
    group(add.s(1), add.s(2)).apply_async()
    assert not prompted
    assert len(take(client)["celery"]) == 3


def test_values_that_are_equal_but_not_the_same_are_told_apart(add: Any, client: redis.Redis) -> None:
    for priority in (1, True, 1.0):
        same_as_celerys(add, client, priority=priority)


def test_a_task_may_be_given_an_id(add: Any, client: redis.Redis, prompted: list[str]) -> None:
    same_as_celerys(add, client)
    prompted.clear()
    task_id = str(uuid.uuid4())
    assert add.apply_async((1,), task_id=task_id).id == task_id
    assert prompted == [task_id]
    assert add.apply_async((1,), {}, odd := 'with "quotes"').id == odd
    assert len(prompted) == 1
    client.flushall()


def test_options_that_are_never_the_same_are_not_learned(add: Any, client: redis.Redis) -> None:
    for number in range(3 * prompt.MOST):
        add.apply_async((1,), shadow=f"shown as {number}")
    assert len(add._sent[1]) <= prompt.MOST
    assert client.llen("celery") == 3 * prompt.MOST


def test_errors_are_celerys(add: Any, client: redis.Redis) -> None:
    for _ in range(4):
        add.delay(1)
    faulty: list[tuple[Any, type[Exception]]] = [((), TypeError), ((1, 2, 3), TypeError), ("ab", TypeError)]
    for args, error in [*faulty, (("x", object()), EncodeError)]:
        failures: list[BaseException] = []
        for apply_async in (add.apply_async, lambda args: Task.apply_async(add, args)):
            with pytest.raises(error) as failure:
                apply_async(args)
            failures.append(failure.value)
        assert str(failures[0]) == str(failures[1])
    add.time_limit, add.soft_time_limit = 1, 2
    with pytest.raises(ValueError, match="soft_time_limit"):
        add.delay(1)
    assert client.llen("celery") == 4


@contextmanager
def heard(_: Any) -> Iterator[None]:
    def receiver(**_: Any) -> None: ...

    signals.before_task_publish.connect(receiver, sender="add")
    yield
    signals.before_task_publish.disconnect(receiver, sender="add")


def settings(**changed: Any) -> Any:
    @contextmanager
    def change(app: Any) -> Iterator[None]:
        before = {name: app.conf[name] for name in changed}
        app.conf.update(**changed)  # Celery 5.5 sees no routes in a dict
        yield
        app.conf.update(**before)

    return change


def replaced(name: str, owner: Any = None) -> Any:
    """Somebody has put a wrapper in the place of a method, as tracers and mocks do."""

    @contextmanager
    def change(app: Any) -> Iterator[None]:
        original = getattr(owner or app, name)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(owner or app, name, lambda *args, **kwargs: original(*args, **kwargs))
            yield

    return change


@pytest.mark.parametrize(
    "change",
    [
        heard,
        settings(task_send_sent_event=True),
        settings(task_routes=route),
        replaced("send_task"),
        replaced("producer_or_acquire"),
        replaced("send_task", Celery),
        replaced("apply_async", Task),
        replaced("publish", Producer),
    ],
    ids=[
        "heard",
        "events",
        "router",
        *("app.send_task", "app.producer", "send_task", "apply_async", "publish"),
    ],
)
def test_what_is_out_of_the_ordinary_is_sent_by_celery_as_long_as_it_is(
    app: Any, add: Any, client: redis.Redis, prompted: list[str], change: Any
) -> None:
    same_as_celerys(add, client)
    prompted.clear()
    with change(app):
        for _ in range(4):
            add.delay(1)
        assert not prompted
    for _ in range(4):
        add.delay(1)
    assert len(prompted) >= 2
    assert sum(map(len, take(client).values())) == 8


def test_a_task_that_is_sent_by_another_is_its_child(
    add: Any, client: redis.Redis, prompted: list[str]
) -> None:
    same_as_celerys(add, client)
    prompted.clear()
    children: list[Any] = []

    @add.app.task(name="parent", shared=False, bind=True)  # type: ignore[untyped-decorator]  # Celery is untyped
    def parent(self: Any) -> None:
        children.extend([add.delay(1), add.delay(2)])
        assert self.request.children == children

    parent.apply(task_id="parent's")
    assert len(children) == 2
    assert not prompted
    raws: Any = client.lrange("celery", 0, -1)
    assert all(b'"parent_id": "parent\'s"' in raw for raw in raws)


@pytest.mark.parametrize(
    "change",
    [
        lambda app, _: setattr(app.conf, "task_default_queue", "elsewhere"),
        lambda app, _: app.conf.update(task_routes={"ad*": {"queue": "routed", "priority": 6}}),
        lambda app, _: app.conf.update(task_always_eager=True),
        lambda app, _: app.amqp.queues.add(Queue("celery", Exchange("celery"), "celery", max_priority=3)),
        lambda _, add: setattr(add, "ignore_result", False),
        lambda _, add: setattr(add, "name", "renamed"),
        lambda _, add: setattr(add, "shadow_name", lambda *_: "shown as"),
        lambda _, add: setattr(add, "typing", False),
    ],
    ids=["queue", "routes", "eager", "redefined", "ignore_result", "name", "shadow", "typing"],
)
def test_what_is_changed_later_counts_for_the_next(
    app: Any, add: Any, client: redis.Redis, change: Any
) -> None:
    same_as_celerys(add, client)
    change(app, add)
    same_as_celerys(add, client)
    same_as_celerys(add, client)


def test_a_route_that_is_changed_in_place_counts_for_the_next(
    app: Any, add: Any, client: redis.Redis
) -> None:
    app.conf.task_routes = {"add": {"queue": "first"}}
    app.amqp.flush_routes()
    app.amqp.router = app.amqp.Router()
    same_as_celerys(add, client)
    app.conf.task_routes["add"]["queue"] = "second"
    same_as_celerys(add, client)


def test_each_thread_has_its_own_address_for_replies(
    add: Any, client: redis.Redis, prompted: list[str]
) -> None:
    same_as_celerys(add, client)
    with ThreadPoolExecutor(4) as threads:
        oids = list(threads.map(lambda number: (add.delay(number), add.app.thread_oid)[1], range(200)))
    raws: Any = client.lrange("celery", 0, -1)
    replies = {number_in(raw): json.loads(raw)["properties"]["reply_to"] for raw in raws}
    assert replies == dict(enumerate(oids))
    assert len(prompted) > 100


def test_a_result_backend_that_wants_to_know_is_told(
    add: Any, client: redis.Redis, prompted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def tell(*arguments: Any) -> None:
        told.append(arguments[-1])

    add.ignore_result = False
    for module in ("celery.backends.redis", "celery.backends.base", "mine"):
        tell.__module__ = module
        monkeypatch.setattr(add.app.backend, "on_task_call", MethodType(tell, add.app.backend))
        told.clear()
        prompted.clear()
        ids = [add.delay(number).id for number in range(5)]
        assert told[-5:] == (ids if module != "celery.backends.base" else told[-5:])
        assert bool(prompted) == (module != "mine")
    client.flushall()


def test_results_are_of_the_tasks_own_kind(app: Any, client: redis.Redis, prompted: list[str]) -> None:
    class Own(app.Task):  # type: ignore[misc]  # Celery is untyped
        def apply_async(self, *args: Any, **options: Any) -> Any:
            return super().apply_async(*args, **{"queue": "mine", **options})

        def AsyncResult(self, task_id: str, **_: Any) -> Any:  # noqa: N802  # Celery's name
            return SimpleNamespace(mine=task_id)

    def nothing(_: Any) -> None: ...

    own = app.task(nothing, name="of my own", shared=False, base=Own)
    results = [own.delay(number) for number in range(5)]
    assert [result.mine for result in results[2:]] == prompted
    assert all(result.ignored for result in results)
    assert client.llen("mine") == 5
    client.flushall()


def test_many_are_sent_as_fast_as_before(
    add: Any, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Target(add, None, {}).is_uniform()
    assert send_many(add, CALLS) == len(CALLS)
    ours = take(client)
    for args, kwargs in CALLS:
        add.apply_async(args, kwargs)
    assert ours == take(client)
    monkeypatch.setattr(Task, "apply_async", lambda *_, **__: None)
    assert not Target(add, None, {}).is_uniform()


@pytest.mark.usefixtures("client")
def test_it_opens_no_other_connections_than_celery(valkey: Server, client: redis.Redis) -> None:
    def connected() -> int:
        clients: Any = client.client_list()
        return sum(entry["db"] == "3" for entry in clients)

    before = connected()
    with sending_app(valkey, RELIABLE, task_cls=PROMPT, client_name="it") as app:
        add = app.tasks["add"]
        for _ in range(5):
            Task.apply_async(add, (1,))
        alone = connected() - before
        for number in range(10):
            add.delay(1)
            add.apply_async((1,), countdown=number % 2)
        assert connected() - before == alone
