"""Consumers and producers through kombu alone, for the tests that need no Celery worker."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from kombu import Connection, Consumer, Queue

from transport_lab import Lab


@contextlib.contextmanager
def consuming(
    lab: Lab, *queues: str, prefetch: int = 10, **options: Any
) -> Iterator[tuple[Connection, list[Any]]]:
    """A connection that consumes, and the messages it has received."""
    got: list[Any] = []
    with lab.connection(**options) as connection, connection.channel() as channel:
        channel.basic_qos(0, prefetch, False)
        names = [Queue(name) for name in queues or ("celery",)]
        with Consumer(channel, names, callbacks=[lambda _, message: got.append(message)]):
            yield connection, got


def receive(connection: Connection, got: list[Any], count: int) -> list[Any]:
    """Drain until there are so many."""
    for _ in range(200):
        if len(got) >= count:
            break
        with contextlib.suppress(TimeoutError):
            connection.drain_events(timeout=0.3)
    assert len(got) == count
    return got


def publish(lab: Lab, numbers: range, queue: str = "celery", **options: Any) -> None:
    """As any stock producer does it."""
    transport_options = {k: v for k, v in lab.options.items() if k == "global_keyprefix"}
    with (
        Connection(lab.broker, transport_options=transport_options) as connection,
        connection.channel() as channel,
    ):
        producer = connection.Producer(channel)
        for number in numbers:
            producer.publish(
                number, exchange="", routing_key=queue, declare=[Queue(queue)], serializer="json", **options
            )


def numbers(messages: list[Any]) -> list[int]:
    return [message.payload for message in messages]
