"""Sends messages of the lab's Celery task for a `Sender`, many at a time (`send_many`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from producer.contenders.celery_workers.send import producer_app, send
from producer.contenders.peers.modules import Message, Send, broker_url, queue


@contextmanager
def sender() -> Iterator[Send]:
    """Make an app, and yield what sends by it."""
    app = producer_app(broker_url())
    with app.producer_or_acquire() as producer:  # or the first job would have to wait for that
        producer.connection.ensure_connection(max_retries=3)

    def send_all(messages: Sequence[Message]) -> None:
        send(app, messages, queue())

    yield send_all
