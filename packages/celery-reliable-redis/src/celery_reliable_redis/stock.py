"""kombu's own Redis transport, but for three things.

Bytes that are no message do not end the worker; where they are put back, they are put back unchanged; and
what a dead worker has left comes back in every pool.

    broker_transport = "celery_reliable_redis.stock:Transport"

It takes, acknowledges and restores as kombu does.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import redis as stock

from celery_reliable_redis.envelope import Placeholder, restore_original
from celery_reliable_redis.guarded import GuardedChannel, GuardedTransport, seldom


class QoS(stock.QoS):
    """kombu's notes of unacknowledged messages, from which it puts them back."""

    def append(self, message: Any, delivery_tag: str) -> None:
        """Note the message, or all the bytes for which a placeholder stands."""
        if isinstance(message._raw, Placeholder):
            message._raw = message._raw.whole()
        super().append(message, delivery_tag)

    def restore_by_tag(self, tag: Any, client: Any = None, leftmost: bool = False) -> None:
        """Put a message back as noted; drop what cannot be read as a note."""
        try:
            super().restore_by_tag(tag, client, leftmost)
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            self._remove_from_indices(tag).execute()
            seldom.warn("note", f"Dropped what is no note in {self.unacked_key} ({tag!r:.100}): {error}")


class Channel(GuardedChannel):
    """A channel that puts unreadable bytes back unchanged."""

    QoS = QoS

    def _do_restore_message(
        self, payload: Any, exchange: str, routing_key: str, pipe: Any, leftmost: bool = False
    ) -> None:
        # kombu calls it to put a message back.
        raw = restore_original(payload)
        if raw is None:
            payload["headers"] = payload.get("headers") or {}  # it marks the message there, or drops it
            super()._do_restore_message(payload, exchange, routing_key, pipe, leftmost)
        else:
            (pipe.lpush if leftmost else pipe.rpush)(routing_key, raw)


class ClientTransport(GuardedTransport):
    """kombu's Redis transport with such channels, for programs that send jobs and ask workers."""

    Channel = Channel


class Transport(ClientTransport):
    """The same for workers."""

    #: How long Redis may keep a BRPOP waiting, in seconds: longer than the two for which Celery waits for an
    #: answer where it has no hub (gevent, eventlet). There, kombu looks for what dead workers have left when
    #: no answer has come in that time; it asks for one second, and an answer always comes (kombu issue 1025).
    brpop_timeout = 3
