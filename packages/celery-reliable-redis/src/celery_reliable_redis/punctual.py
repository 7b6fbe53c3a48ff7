"""A channel that waits for the broker for a while, where kombu's waits for ever.

It takes nothing, and knows of no lease: it sets the timeouts of all its connections, and closes those on
which an answer is overdue, or may never come.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from celery_reliable_redis.calls import drop_suspect, note_silence
from celery_reliable_redis.guarded import GuardedChannel
from celery_reliable_redis.native import READ, is_ready
from celery_reliable_redis.timeouts import ANSWER_S, make_keepalive_options, require_sensible, shorten

logger = logging.getLogger(__name__)


class PunctualChannel(GuardedChannel):
    """kombu's channel, with timeouts."""

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
        params: dict[str, Any] = super()._connparams(asynchronous)
        return params

    def drop_suspects(self) -> None:
        """Close the connection by which broadcasts come, if it may be dead: kombu subscribes anew."""
        subclient = self.__dict__.get("subclient")  # only if it was used
        if subclient is not None and subclient.connection is not None:
            drop_suspect(subclient.connection)

    def drop_overdue(self) -> None:
        """Close the connection on which messages are waited for, if the answer should long be here."""
        connection: Any = self._in_poll
        allowed_s = self.socket_timeout or self.health_check_interval  # kombu's, who has no other
        if not (connection and self._brpop_sent_at and self.brpop_timeout and allowed_s):
            return
        waited_s = time.monotonic() - self._brpop_sent_at
        if waited_s <= self.brpop_timeout + allowed_s:
            return
        if connection._sock is None or is_ready(connection._sock, READ):  # it is we who are late
            return
        note_silence(self._brpop_sent_at)
        logger.warning("The broker has not answered for %.0f s: connecting anew", waited_s)
        connection.disconnect()  # kombu connects anew when it next asks
