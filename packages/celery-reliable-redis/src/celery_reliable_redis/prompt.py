"""A base class of tasks whose `apply_async` writes what differs in a message, and not all of it anew.

    app = Celery(..., task_cls="celery_reliable_redis.prompt:Task")

As with `send_many`, messages are made after one that Celery has built: here the second with the same options.
Where anything is not as it was then, where messages may differ in more than their arguments and ids, and
where the broker does not take one, Celery sends it.
"""

from __future__ import annotations

import logging
from typing import Any
from uuid import uuid4

import celery

from celery_reliable_redis import wires
from celery_reliable_redis.conditions import Conditions, is_ordinary
from celery_reliable_redis.line import Line, make_line
from celery_reliable_redis.prototype import Caught
from celery_reliable_redis.target import SENDERS

logger = logging.getLogger(__name__)

#: For how many sets of options a task remembers how they are sent.
MOST = 32
#: The types of values that nobody changes in place.
_PLAIN = frozenset({str, int, float, bool, type(None)})
_SENT_ONCE = object()


class Task(celery.Task):
    """A task that is sent promptly."""

    abstract = True
    #: The conditions under which it was sent, and how it was while they held, by options: `_SENT_ONCE`, by a
    #: line, or None for Celery's own way.
    _sent: tuple[Conditions | None, dict[Any, Any]] = (None, {})

    def apply_async(
        self, args: Any = None, kwargs: Any = None, task_id: Any = None, *rest: Any, **options: Any
    ) -> Any:
        """Send a message, as `celery.Task.apply_async` does, with the same arguments and errors."""
        types = tuple(map(type, options.values()))
        if rest or not _PLAIN.issuperset(types) or not is_ordinary(self):
            return self._apply(args, kwargs, task_id, *rest, **options)
        key = (*options.items(), types)  # with the types, as True == 1
        conditions, lines = self._sent
        if conditions is None or not conditions.hold(self):
            result = self._apply(args, kwargs, task_id, **options)
            self._sent = Conditions(self), {key: _SENT_ONCE}
            return result
        line = lines.get(key)
        if isinstance(line, Line):
            task_id = task_id or str(uuid4())
            if line.send(args, kwargs, task_id):
                result = self.AsyncResult(task_id)
                result.ignored = line.ignores_result
                return result
        elif line is _SENT_ONCE and not task_id:
            return self._learn(args, kwargs, options, lines, key)
        elif key not in lines:
            if len(lines) >= MOST:
                lines.clear()
            lines[key] = _SENT_ONCE
        return self._apply(args, kwargs, task_id, **options)

    def _apply(self, *arguments: Any, **options: Any) -> Any:
        wires.give_back()
        return super().apply_async(*arguments, **options)

    def _learn(self, args: Any, kwargs: Any, options: Any, lines: dict[Any, Any], key: Any) -> Any:
        task_id = str(uuid4())
        with self.app.producer_or_acquire() as producer:
            caught = Caught(producer, publishes=True)
            result = self._apply(args, kwargs, task_id, caught, **options)
            lines[key] = None
            if getattr(super().apply_async, "__func__", None) is not celery.Task.apply_async:
                return result  # of another base class
            try:
                lines[key] = make_line(self, options, caught, args, kwargs, task_id)
            except Exception:  # it has been sent
                logger.exception("%s is sent by Celery itself", self.name)
        return result


SENDERS.add(Task.apply_async)
