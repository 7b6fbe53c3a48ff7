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

    def send_all(messages: Sequence[Message]) -> None:
        send(app, messages, queue())

    yield send_all
