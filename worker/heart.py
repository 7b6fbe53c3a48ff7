"""The heartbeats of a worker, which tell Flower that it is there: Celery's, but for a broker that is away.

Celery sends a heartbeat again until somebody takes it. Where the beats have a greenlet of their own (gevent,
eventlet), that one holds the dispatcher of events until the broker is back; a worker that is told to stop has
a last event to send, and would wait for it as long. Here a beat that cannot be sent is not sent.
"""

from __future__ import annotations

from typing import Any

from celery.worker import heartbeat
from celery.worker.consumer import heart


class Heart(heartbeat.Heart):
    """Beats once, whoever listens."""

    def _send(self, event: str, retry: bool = False) -> Any:  # noqa: ARG002  # Celery's signature
        return super()._send(event, retry=False)


class HeartStep(heart.Heart):
    """The step of a worker's start that makes it beat."""

    def start(self, c: Any) -> None:
        """Start the beats."""
        c.heart = Heart(c.timer, c.event_dispatcher, self.heartbeat_interval)
        c.heart.start()
