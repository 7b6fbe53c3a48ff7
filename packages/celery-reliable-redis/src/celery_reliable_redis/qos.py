"""Maps delivery tags to reserved messages, behind kombu's QoS. Counts; sends nothing itself.

A reserved message comes in an `Arrival`, which says where it is reserved. Any other (a broadcast, which Redis
publishes to whoever listens) is reserved nowhere. It only counts against the prefetch limit: there is nothing
to remove when it is done, and no place to put it back to.
"""

from __future__ import annotations

import itertools
import logging
from typing import Any

from kombu.transport import redis as stock

from celery_reliable_redis.redelivery import DELIVERY_COUNT, count_of
from celery_reliable_redis.reservation import Held, Reservation

logger = logging.getLogger(__name__)


class Arrival(dict[str, Any]):
    """An envelope, with the delivery that brings it."""

    __slots__ = ("held",)

    def __init__(self, envelope: dict[str, Any], held: Held) -> None:
        super().__init__(envelope)
        self.held = held
        headers = envelope["headers"]
        headers.pop(DELIVERY_COUNT, None)  # whoever wrote it there did not count
        if count := count_of(envelope["properties"]):
            headers[DELIVERY_COUNT] = count


class QoS(stock.QoS):
    """Maps delivery tags to deliveries, until they are acknowledged."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._delivered: dict[str, Held] = {}
        self._numbers = itertools.count(2)

    def can_consume(self) -> bool:
        """Return whether the prefetch count allows another message."""
        return not self.prefetch_count or len(self._delivered) < self.prefetch_count

    def can_consume_max_estimate(self) -> int | None:
        """Return how many more messages the prefetch count allows; None for any number."""
        return max(self.prefetch_count - len(self._delivered), 0) if self.prefetch_count else None

    def append(self, message: Any, delivery_tag: str) -> None:
        """Note a message that is handed over."""
        envelope = message._raw
        held = envelope.held if isinstance(envelope, Arrival) else Held(None)
        # A message may be in several queues, or twice in one, but here a tag means one delivery.
        tag = delivery_tag
        while tag in self._delivered:
            tag = message.delivery_tag = f"{delivery_tag}.{next(self._numbers)}"
        held.note_received(message)
        self._delivered[tag] = held

    def get(self, delivery_tag: str) -> Any:
        """Return the message with this tag, as long as its receiver keeps it."""
        return self._delivered[delivery_tag].message()

    def ack(self, delivery_tag: str) -> None:
        """Note that the message is done."""
        held = self._delivered.pop(delivery_tag, None)
        if held is not None and held.reservation is not None:
            held.reservation.ack(held)
            self.channel.flush_soon(held.reservation)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Drop the message, or put it to the end of its queue (as kombu does it)."""
        held = self._delivered.get(delivery_tag)
        if held is None or not requeue:
            return self.ack(delivery_tag)
        if held.reservation is not None:
            held.reservation.requeue(held)
        else:
            logger.warning("A broadcast cannot be requeued, it is dropped: %r", held.message())
        self._delivered.pop(delivery_tag, None)
        return None

    def restore_unacked(self, client: Any = None) -> None:  # noqa: ARG002  # kombu's signature
        """Put everything unacknowledged back to the head of its queue, at once."""
        reserved: dict[Reservation, list[Held]] = {}
        for held in [*self._delivered.values()]:  # others may acknowledge meanwhile
            if held.reservation is not None:
                reserved.setdefault(held.reservation, []).append(held)
        for reservation, several in reserved.items():
            reservation.give_back_to_head(several)
        self._delivered.clear()

    def restore_unacked_once(self, stderr: Any = None) -> None:  # noqa: ARG002  # kombu's signature
        """Give everything back when the channel is closed or forgotten."""
        self._on_collect.cancel()
        if self.channel.do_restore:
            self.channel.give_back_all()

    def restore_visible(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: no message becomes visible by the mere passing of time."""
