"""Which delivered message belongs to which reservation, behind kombu's QoS. Counts; sends nothing itself."""

from __future__ import annotations

import weakref
from typing import Any

from kombu.transport import redis as stock

from worker.transport.reservation import Held, Reservation


class QoS(stock.QoS):
    """Which message is whose, until it is acknowledged."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._delivered: dict[str, Reservation] = {}

    def can_consume(self) -> bool:
        """Whether the prefetch count allows another message."""
        return not self.prefetch_count or len(self._delivered) < self.prefetch_count

    def can_consume_max_estimate(self) -> int | None:
        """How many more messages the prefetch count allows; None for any number."""
        return max(self.prefetch_count - len(self._delivered), 0) if self.prefetch_count else None

    def append(self, message: Any, delivery_tag: str) -> None:
        """Note the message that the channel is just handing over."""
        reservation, queue, raw = self.channel.arriving
        self._delivered[delivery_tag] = reservation
        reservation.held[delivery_tag] = Held(queue, raw, weakref.ref(message))

    def get(self, delivery_tag: str) -> Any:
        """The message with this tag, as long as its receiver keeps it."""
        return self._delivered[delivery_tag].held[delivery_tag].message()

    def ack(self, delivery_tag: str) -> None:
        """The message is done."""
        reservation = self._delivered.pop(delivery_tag, None)
        if reservation is not None:
            reservation.ack(delivery_tag)
            self.channel.flush_soon(reservation)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """The message is dropped, or goes to the end of its queue (as kombu does it)."""
        if not requeue:
            return self.ack(delivery_tag)
        reservation = self._delivered.pop(delivery_tag, None)
        if reservation is not None:
            held = reservation.held.pop(delivery_tag)
            reservation.give_back(held.queue, held.raw, "tail")
        return None

    def restore_unacked(self, client: Any = None) -> None:  # noqa: ARG002  # kombu's signature
        """Everything unacknowledged goes back to the head of its queue, at once."""
        reservations = {*self._delivered.values(), self.channel.reservation} - {None}
        self._delivered.clear()
        for reservation in reservations:
            reservation.give_back_all()

    def restore_unacked_once(self, stderr: Any = None) -> None:  # noqa: ARG002  # kombu's signature
        """Called when the channel is closed, or forgotten."""
        self._on_collect.cancel()
        if self.channel.do_restore:
            self.restore_unacked()

    def restore_visible(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: no message becomes visible by the mere passing of time."""
