"""What a message depends on besides its arguments and options: while it is the same, all are made alike.

It is asked before each message, so it reads what Celery would read, and little more. Whoever has replaced or
wrapped what is on the way from `apply_async` to the broker, or does so later, has it called.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from operator import is_
from typing import Any

from celery import Task
from celery.app.routes import MapRoute
from kombu import Producer

from celery_reliable_redis.target import PUBLISHING

#: Settings that Celery looks up for each message.
_SETTINGS = "task_always_eager", "task_send_sent_event", "task_default_queue", "task_repr_maxlevels"


def is_ordinary(task: Any) -> bool:
    """Return whether nobody looks at the message, and no other task sends it."""
    for signal in PUBLISHING:
        if signal.receivers and signal.has_listeners(task.name):
            return False
    return task.app.current_worker_task is None


class Conditions:
    """How everything was when a message was sent."""

    def __init__(self, task: Any) -> None:
        self._app = task.app
        self._conf, self._amqp = self._app.conf, self._app.amqp
        self._names = [self._conf._to_keys(setting) for setting in _SETTINGS]
        self._router = self._amqp.router
        self._routes = tuple(self._router.routes)
        self._of_amqp = tuple(vars(self._amqp).values())
        self._on_the_way = self._find_on_the_way()
        self._seen = self._look(task)

    def hold(self, task: Any) -> bool:
        """Return whether everything is as it was."""
        app = task.app
        return (
            app is self._app
            and vars(app).get("amqp") is self._amqp
            # Its queues, router, pool; what makes messages, and sends them.
            and _are_same(vars(self._amqp).values(), self._of_amqp)
            and app.conf is self._conf
            and _are_same(self._router.routes, self._routes)
            and _are_same(self._find_on_the_way(), self._on_the_way)
            and self._look(task) == self._seen
        )

    def _find_on_the_way(self) -> tuple[Any, ...]:
        app, amqp, router = self._app, self._amqp, self._router
        of_app, of_app_type = vars(app), type(app)
        return (
            of_app.get("send_task"),
            of_app.get("producer_or_acquire"),
            vars(router).get("route"),
            Task.apply_async,
            of_app_type.send_task,
            of_app_type.producer_or_acquire,
            type(amqp).as_task_v2,
            type(router).route,
            Producer.publish,
        )

    def _look(self, task: Any) -> tuple[Any, ...]:
        maps = self._conf.maps
        return (
            os.getpid(),  # it is in the message
            task.name,
            task.ignore_result,
            task.time_limit,
            task.soft_time_limit,
            task.shadow_name,
            [_find(names, maps) for names in self._names],
            self._find_route(task.name) if self._routes else None,
        )

    def _find_route(self, name: str) -> Any:
        # A router that is a function may look at more, and is asked by Celery.
        return all(isinstance(route, MapRoute) for route in self._routes) and self._router.lookup_route(name)


def _are_same(values: Collection[Any], others: Collection[Any]) -> bool:
    # Many a wrapper is equal to what it wraps, but is another.
    return len(values) == len(others) and all(map(is_, values, others))


def _find(names: Any, maps: Any) -> Any:
    # As `conf[...]` does, in a fifth of the time.
    for mapping in maps:
        for name in names:
            if name in mapping:
                return mapping[name]
    return None
