"""A channel that waits for the broker for a while, and not for ever.

It has timeouts where kombu has none, gives up a connection on which an answer is overdue, and what it has
taken, once its lease was not renewed because it hung itself.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import redis
from kombu.utils.eventio import READ, poll

from celery_reliable_redis.calls import drop_suspect, note_silence
from celery_reliable_redis.heartbeat import heartbeat
from celery_reliable_redis.liveness import LEASES
from celery_reliable_redis.reserving import ReservingChannel
from celery_reliable_redis.timeouts import ANSWER_S, make_keepalive_options, require_sensible, shorten

logger = logging.getLogger(__name__)


class PunctualChannel(ReservingChannel):
    """A channel with a reservation that speaks only for who is there."""

    #: As kombu's transport options of these names; None is what kombu does where nobody says anything.
    socket_timeout: float | None = ANSWER_S
    socket_connect_timeout: float | None = ANSWER_S
    socket_keepalive: bool | None = True
    socket_keepalive_options: dict[int, int] | None = make_keepalive_options()
    #: How long the server may let us wait for a message, in seconds.
    brpop_timeout: float

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.brpop_timeout = shorten(self.brpop_timeout, self.socket_timeout)

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        for option in ("socket_timeout", "socket_connect_timeout"):
            require_sensible(option, getattr(self, option))
        return super()._connparams(asynchronous)

    def note_turn(self) -> None:
        """Note that this side goes on.

        Raises:
            redis.ConnectionError: it has hung for so long that its lease was not renewed. What it has taken
                others may have by now. What runs goes on, as after a lost connection.
        """
        if self.reservation is None:
            return
        self.reservation.liveness.note()
        if self.reservation.liveness.was_given_up:
            heartbeat.log_news()
            if self.client.connection is not None:
                self.client.connection.disconnect()
            self.abandon()
            raise redis.ConnectionError(
                "The broker was not heard for so long that others may have our messages"
            )

    def drop_suspects(self) -> None:
        """Close the connection by which broadcasts come, if it may be dead: kombu subscribes anew."""
        subclient = self.__dict__.get("subclient")  # only if it was used
        if subclient is not None and subclient.connection is not None:
            drop_suspect(subclient.connection)

    def drop_overdue(self) -> None:
        """Close the connection on which messages are waited for, if the answer should long be here."""
        connection: Any = self._in_poll
        if not connection or not self._brpop_sent_at or not self.brpop_timeout:
            return
        waited_s = time.monotonic() - self._brpop_sent_at
        if waited_s <= self.brpop_timeout + (self.socket_timeout or LEASES * self.lease):
            return
        if connection._sock is None or _is_readable(connection._sock):  # it is we who are late
            return
        note_silence(self._brpop_sent_at)
        logger.warning("The broker has not answered for %.0f s: connecting anew", waited_s)
        connection.disconnect()  # kombu connects anew when it next asks


def _is_readable(sock: Any) -> bool:
    poller = poll()
    try:
        poller.register(sock, READ)
        return bool(poller.poll(0))
    finally:
        poller.close()
