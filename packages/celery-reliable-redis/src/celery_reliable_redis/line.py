"""Sends messages of one task with the same options, made after one that Celery has sent."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from json.encoder import encode_basestring_ascii as quote
from typing import Any
from uuid import uuid4

from celery import Celery
from kombu import Producer
from redis import RedisError

from celery_reliable_redis import wires
from celery_reliable_redis.prototype import Caught, Prototype, make_prototype_of
from celery_reliable_redis.target import Target, is_own, module_of
from celery_reliable_redis.template import Template, make_template_of


class Line:
    """The way from arguments into the queue."""

    def __init__(self, target: Target, template: Template) -> None:
        self._app = target.app
        self._check = target.check
        self._template = template
        #: The encoder of a template counts what it meets.
        self._writing = threading.RLock()
        self.ignores_result = target.ignores_result
        #: A pool of kombu's, the one by which Celery sends.
        self._pool = self._app.amqp.producer_pool.connections
        prototype = template.prototype
        key = (prototype.channel.global_keyprefix + prototype.key).encode()
        self._head = b"*3\r\n$5\r\nLPUSH\r\n$%d\r\n%b\r\n$" % (len(key), key)
        self._app_queues = self._app.amqp.queues
        self._queues = [(queue.name, queue) for queue in prototype.declare if queue.name in self._app_queues]
        #: As a connection of kombu's notes that they are declared.
        self._declared = {hash(queue) for queue in prototype.declare}

    def send(self, args: Any, kwargs: Any, task_id: str) -> bool:
        """Send one message; False where Celery has to do it, for nothing says that it has arrived."""
        for name, queue in self._queues:
            if self._app_queues.get(name) is not queue:  # another by this name
                return False
        try:
            args, kwargs = self._check(args, kwargs)
            with self._writing:
                text = self._template.write(args, kwargs, task_id, str(uuid4()), self._app.thread_oid)
            is_fit = quote(task_id) == f'"{task_id}"'
        except Exception:  # Celery says what is wrong
            return False
        return is_fit and self._push(task_id, text.encode("ascii"))

    def _push(self, task_id: str, message: bytes) -> bool:
        try:
            # Without a timeout, as Celery waits: after one, kombu's pool may exceed its limit.
            connection = self._pool.acquire(block=True)
        except RuntimeError:  # Celery says that there will be none
            return False
        try:
            if not connection.connected or not self._declared <= connection.declared_entities:
                return False
            if not self.ignores_result and not self._tell_backend(task_id):
                return False
            wires.send(connection, b"%b%d\r\n%b\r\n" % (self._head, len(message), message))
        except (RedisError, OSError):
            return False
        finally:
            connection.release()
        return True

    def _tell_backend(self, task_id: str) -> bool:
        tell = self._app.backend.on_task_call
        module = module_of(tell)
        if module == "celery.backends.redis":  # it needs no producer
            tell(None, task_id)
            return True
        return module == "celery.backends.base"  # it does nothing


def make_line(
    task: Any, options: Mapping[str, Any], caught: Caught, args: Any, kwargs: Any, task_id: str
) -> Line | None:
    """Make a line after what Celery has published; None where the next may differ in more than arguments."""
    target = Target(task, None, options)
    if not (
        target.has_like_messages()
        and is_own(target.app.producer_or_acquire, Celery.producer_or_acquire)
        and is_own(caught.producer.publish, Producer.publish)
    ):
        return None
    ids = task_id, str(uuid4()), target.app.thread_oid
    prototype = make_prototype_of(caught, ids[1])
    if prototype is None or not _is_simple(prototype) or not target.app.amqp.producer_pool.limit:
        return None
    template = make_template_of(target, prototype, args, kwargs, ids)
    return None if template is None or template.ages else Line(target, template)


def _is_simple(prototype: Prototype) -> bool:
    return (
        # Who must not try again when a connection breaks is told of it by kombu.
        prototype.retry_policy is not None
        and all(entity.can_cache_declaration for entity in prototype.declare)
        and not prototype.channel.pool.connection_kwargs.get("credential_provider")
    )
