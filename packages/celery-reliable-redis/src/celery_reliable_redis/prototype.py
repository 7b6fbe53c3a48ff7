"""Has Celery and kombu build one message, and keeps it: what all messages of one call are made after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kombu import Producer
from kombu.transport import redis as stock

from celery_reliable_redis.delaying import DelayingChannel
from celery_reliable_redis.target import Target

#: What puts a message into one list.
_PUTS = stock.Channel._put, DelayingChannel._put


class Prototype(NamedTuple):
    """A message, and how it would be sent."""

    message: dict[str, Any]
    #: The arguments and what else is in its body: the same for all.
    body: tuple[Any, Any, Any]
    serializer: str | None
    compression: str | None
    channel: Any
    #: The list into which it is put.
    key: str
    #: What has to be declared before: the queue.
    declare: list[Any]
    #: How a broken connection is treated, as `kombu.Connection.ensure` takes it; None: not at all.
    retry_policy: Mapping[str, Any] | None


def make_prototype(
    target: Target, producer: Any, args: Any, kwargs: Any, ids: Sequence[str]
) -> Prototype | None:
    """Build the message of one job; None where more happens to it than to be put into one list.

    `ids` are those of the task and of its delivery.

    Raises:
        Whatever `apply_async` raises.
    """
    caught = Caught(producer)
    target.apply(args, kwargs, task_id=ids[0], producer=caught)
    return make_prototype_of(caught, ids[1])


def make_prototype_of(caught: Caught, delivery_tag: str) -> Prototype | None:
    """Make one of what Celery would publish, or has published; None as above."""
    producer, options = caught.producer, dict(caught.options)
    retry, policy, declare = (options.pop(name, None) for name in ("retry", "retry_policy", "declare"))
    policy = dict(policy or {}) if retry else None
    channel = connect(producer, policy)
    if not isinstance(channel, stock.Channel) or type(channel)._put not in _PUTS:
        return None  # another transport's queues are no lists, and its messages no dicts
    recorder = _Recorder(channel, delivery_tag)
    own = Producer(recorder, serializer=producer.serializer, compression=producer.compression)
    own.publish(caught.body, **options)
    if (
        producer.exchange.name
        or recorder.exchange
        or options.get("content_type")
        or any(_expires(entity) for entity in declare or [])
        or (isinstance(channel, DelayingChannel) and channel.may_wait(recorder.message))
    ):
        return None
    return Prototype(
        recorder.message,
        caught.body,
        options.get("serializer") or own.serializer,
        options.get("compression") or own.compression,
        channel,
        channel._q_for_pri(recorder.routing_key, _priority(recorder.message, channel)),
        list(declare or []),
        policy,
    )


def connect(producer: Any, retry_policy: Mapping[str, Any] | None) -> Any:
    """Return the producer's channel; connects as `publish` does."""
    if retry_policy is None:
        return producer.channel
    connection = producer.connection
    connection.transport_options.update(retry_policy)  # so that it is not tried for ever
    return connection.ensure(producer, lambda: producer.channel, **retry_policy)()


class Caught:
    """Stands in for a producer, and keeps what Celery would publish."""

    def __init__(self, producer: Any, *, publishes: bool = False) -> None:
        """With `publishes`, it is published nevertheless."""
        self.producer = producer
        self._publishes = publishes
        self.body: Any = None
        self.options: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.producer, name)

    def publish(self, body: Any, **options: Any) -> Any:
        """Keep it."""
        self.body, self.options = body, {**options, "headers": {**options["headers"]}}
        return self.producer.publish(body, **options) if self._publishes else None


class _Recorder:
    """Stands in for a channel, and keeps what kombu would put into a queue."""

    def __init__(self, channel: Any, delivery_tag: str) -> None:
        self._channel = channel
        self._delivery_tag = delivery_tag
        self.message: dict[str, Any] = {}
        self.exchange = self.routing_key = ""

    def prepare_message(self, *arguments: Any, **options: Any) -> Any:
        """Have the real one do it."""
        return self._channel.prepare_message(*arguments, **options)

    def basic_publish(self, message: dict[str, Any], exchange: str, routing_key: str, **_: Any) -> None:
        """Keep it, with what kombu adds here."""
        channel, properties = self._channel, message["properties"]
        message["body"], encoding = channel.encode_body(message["body"], channel.body_encoding)
        properties.update(body_encoding=encoding, delivery_tag=self._delivery_tag)
        properties["delivery_info"].update(exchange=exchange, routing_key=routing_key)
        self.message, self.exchange, self.routing_key = message, exchange, routing_key


def _priority(message: Mapping[str, Any], channel: Any) -> int:
    try:
        priority = int(message["properties"]["priority"])
    except (TypeError, ValueError):
        return int(channel.default_priority)
    return int(max(min(priority, channel.max_priority), channel.min_priority))


def _expires(entity: Any) -> bool:
    """Return whether a queue is forgotten when nobody uses it: each message puts that off."""
    return bool(
        getattr(entity, "expires", None) or "x-expires" in (getattr(entity, "queue_arguments", None) or {})
    )
