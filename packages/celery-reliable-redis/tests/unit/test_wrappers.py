"""Tools that trace calls wrap methods of Celery and kombu: they see each message, of both ways to send."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

import pytest
from celery import Celery, Task
from celery.app.amqp import AMQP
from celery.app.routes import Router
from kombu import Producer

from celery_reliable_redis import prompt, send_many
from transport_lab import RELIABLE, Server
from transport_messages import sending_app

COUNT = 6


class Proxy:
    """A wrapper as wrapt makes them: it is equal to what it wraps, and has its attributes."""

    def __init__(self, wrapped: Any, calls: list[str]) -> None:
        self._wrapped, self._calls = wrapped, calls

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped, name)

    def __eq__(self, other: object) -> bool:
        return bool(self._wrapped == other)

    def __hash__(self) -> int:
        return hash(self._wrapped)

    def __get__(self, instance: Any, owner: Any) -> Any:
        return Proxy(self._wrapped.__get__(instance, owner), self._calls)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._calls.append(self._wrapped.__name__)
        return self._wrapped(*args, **kwargs)


def make_function(wrapped: Any, calls: list[str]) -> FunctionType:
    def call(*args: Any, **kwargs: Any) -> Any:
        calls.append(wrapped.__name__)
        return wrapped(*args, **kwargs)

    return call  # type: ignore[return-value]  # it is one


def nothing() -> None: ...


class OwnApp(Celery):  # type: ignore[misc]  # Celery is untyped
    """An app of a class of its own."""


@pytest.fixture
def add(valkey: Server) -> Iterator[Any]:
    with valkey.client(3) as client:
        client.flushall()
    with sending_app(valkey, RELIABLE, task_cls="celery_reliable_redis.prompt:Task") as app:
        app.tasks["add"].ignore_result = False  # so that the result backend is told
        yield app.tasks["add"]


#: Whose method, of an app, and which.
PLACES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "Task.apply_async": (lambda _: Task, "apply_async"),
    "Celery.send_task": (lambda _: Celery, "send_task"),
    "Celery.producer_or_acquire": (lambda _: Celery, "producer_or_acquire"),
    "AMQP.as_task_v2": (lambda _: AMQP, "as_task_v2"),
    "Router.route": (lambda _: Router, "route"),
    "Producer.publish": (lambda _: Producer, "publish"),
    "app.send_task": (lambda app: app, "send_task"),
    "app.producer_or_acquire": (lambda app: app, "producer_or_acquire"),
    "app.amqp.create_task_message": (lambda app: app.amqp, "create_task_message"),
    "app.amqp.send_task_message": (lambda app: app.amqp, "send_task_message"),
    "app.amqp.router.route": (lambda app: app.amqp.router, "route"),
    "app.backend.on_task_call": (lambda app: app.backend, "on_task_call"),
}
#: `create_task_message` is bound once: what comes later than that is not seen by Celery, either.
BOUND = "AMQP.as_task_v2"
#: What is called for each message by `send_many`, too. It takes one producer for all.
MESSAGES = [place for place in PLACES if "producer" not in place.lower()]


@pytest.mark.parametrize("make", [Proxy, make_function], ids=["proxy", "function"])
@pytest.mark.parametrize("place", PLACES)
def test_a_wrapper_that_comes_later_sees_each_message(
    add: Any, monkeypatch: pytest.MonkeyPatch, place: str, make: Any
) -> None:
    for number in range(COUNT):
        add.delay(number)
    find, name = PLACES[place]
    calls: list[str] = []
    owner = find(add.app)
    monkeypatch.setattr(owner, name, make(vars(owner).get(name) or getattr(owner, name), calls))
    if place == BOUND:
        add.app.amqp.create_task_message = add.app.amqp.as_task_v2
    for number in range(COUNT):
        add.delay(number)
    assert len(calls) >= COUNT


@pytest.mark.parametrize("make", [Proxy, make_function], ids=["proxy", "function"])
@pytest.mark.parametrize("place", MESSAGES)
def test_a_wrapper_sees_each_of_many(
    add: Any, monkeypatch: pytest.MonkeyPatch, place: str, make: Any
) -> None:
    find, name = PLACES[place]
    calls: list[str] = []
    owner = find(add.app)
    monkeypatch.setattr(owner, name, make(vars(owner).get(name) or getattr(owner, name), calls))
    assert send_many(add, [((number,), None) for number in range(COUNT)]) == COUNT
    assert len(calls) >= COUNT


def test_a_wrapper_in_a_subclass_of_the_app_sees_each_message(
    valkey: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    with OwnApp("own", broker=valkey.url(3), set_as_current=False, task_cls=prompt.Task) as app:
        app.conf.task_ignore_result = True
        task = app.task(nothing, name="nothing", shared=False)
        for _ in range(COUNT):
            task.delay()
        monkeypatch.setattr(OwnApp, "send_task", make_function(Celery.send_task, calls))
        for _ in range(COUNT):
            task.delay()
    assert len(calls) == COUNT


@pytest.mark.parametrize("prompt_first", [True, False])
def test_another_base_class_sees_each_message(add: Any, prompt_first: bool) -> None:
    calls: list[str] = []

    class Other(Task):  # type: ignore[misc]  # Celery is untyped
        abstract = True

        def apply_async(self, *args: Any, **options: Any) -> Any:
            calls.append("apply_async")
            return super().apply_async(*args, **options)

    bases: Any = (prompt.Task, Other) if prompt_first else (Other, prompt.Task)
    task = add.app.task(nothing, name="of two", shared=False, base=type("Both", bases, {"abstract": True}))
    for _ in range(COUNT):
        task.delay()
    assert len(calls) == COUNT
    assert send_many(task, [((), None)] * COUNT) == COUNT
    assert len(calls) == 2 * COUNT
