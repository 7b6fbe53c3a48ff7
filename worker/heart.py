"""Sends the heartbeats of a worker, and skips those that cannot be sent while the broker is away.

Heartbeats tell Flower that a worker is there. Celery retries one until the broker takes it. Where the beats
have a greenlet of their own (gevent, eventlet), that greenlet holds the dispatcher of events until the broker
is back; a worker that is told to stop has a last event to send, and would wait as long.
"""

from __future__ import annotations

from typing import Any

from celery.worker import heartbeat
from celery.worker.consumer import heart


class Heart(heartbeat.Heart):
    """Sends each heartbeat once, and never retries."""

    def _send(self, event: str, retry: bool = False) -> Any:  # noqa: ARG002  # Celery's signature
        return super()._send(event, retry=False)


class HeartStep(heart.Heart):
    """Starts the heartbeats when the worker starts."""

    def start(self, c: Any) -> None:
        """Start the heartbeats."""
        c.heart = Heart(c.timer, c.event_dispatcher, self.heartbeat_interval)
        c.heart.start()
