"""Makes kombu 5.5 and 5.6 look like 5.7, for which the rest of this package is written.

What an older kombu cannot do at all is logged once, when the package is imported. Other versions, which
nobody has tried, are not refused, only warned of.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import kombu
from kombu.transport import redis as stock

from celery_reliable_redis.redis_versions import PUSHES

logger = logging.getLogger("celery_reliable_redis")

TRIED = ((5, 5), (5, 6), (5, 7))
VERSION: tuple[int, int] = kombu.VERSION[:2]
IS_OLDER = TRIED[-1] > VERSION


#: What a user misses with an older version.
MISSED = "lets no queue expire and renews no credentials: kombu 5.7 does"
MISSED_WITH_HIREDIS = "; and with hiredis, redis-py is told of messages in other queues since 6.0 only"
#: Of Celery 5.5 and 5.6, which take no other kombu than 5.5 and 5.6.
MISSED_WITH_PREFORK = (
    "; and with prefork, a Celery as old gives back what it had when a connection broke only at its end (5.5 "
    "even what is done by then)"
)


def warn_of_version(version: tuple[int, ...] = kombu.VERSION[:3], pushes: bool = PUSHES) -> None:
    """Log in one line what a user misses with this version of kombu; nothing with the newest."""
    number = ".".join(map(str, version))
    if version[:2] not in TRIED:
        logger.warning("celery-reliable-redis was tried with kombu 5.5, 5.6 and 5.7, and not with %s", number)
    elif version[:2] < TRIED[-1]:
        more = "" if pushes else MISSED_WITH_HIREDIS
        logger.warning("kombu %s %s%s%s", number, MISSED, more, MISSED_WITH_PREFORK)


class _OlderChannel(stock.Channel):
    """kombu's channel before 5.7, with those methods of 5.7 that this package calls or extends."""

    _brpop_sent_at: float | None = None

    def __init__(self, connection: Any, **kwargs: Any) -> None:
        self.brpop_timeout = getattr(connection, "brpop_timeout", 1)  # 5.5 knows no other
        super().__init__(connection, **kwargs)

    def _brpop_start(self, timeout: float | None = None) -> None:
        self._brpop_sent_at = time.monotonic()
        super()._brpop_start(self.brpop_timeout if timeout is None else timeout)

    def _flush_brpop_reauth(self) -> None:
        pass  # it has no credentials that change

    def _maybe_update_queues_expire(self, client: Any, queue: str) -> None:
        pass  # it has no queues that expire

    def _unsubscribe_from(self, queue: str) -> None:
        # kombu's own takes back a SUBSCRIBE, and what there was is a PSUBSCRIBE.
        if self.subclient.connection and self.subclient.connection._sock:
            self.subclient.punsubscribe([self._get_subscribe_topic(queue)])

    def _handle_message(self, client: Any, reply: Any) -> dict[str, Any]:
        message = super()._handle_message(client, reply)  # None for the end of the last subscription
        return message or {"type": reply[0], "pattern": None, "channel": reply[1], "data": reply[2]}

    def _deliver_fanout_message(self, message: dict[str, Any], exchange: str) -> bool:
        self.connection._deliver(message, self._fanout_to_queue[exchange])
        return True


class _OlderPoller(stock.MultiChannelPoller):
    """kombu's poller before 5.7, made to survive a connection that is closed on purpose."""

    def get(self, callback: Any, timeout: float | None = None) -> Any:
        """Wait for something to happen, where there is no event loop; first as 5.7 does, which begins so."""
        self.on_poll_start()
        return super().get(callback, timeout)

    def on_readable(self, fileno: int) -> Any:
        """Have the channel read, unless the connection is closed meanwhile."""
        return super().on_readable(fileno) if fileno in self._fd_to_chan else None

    def handle_event(self, fileno: int, event: int) -> Any:
        """Have the channel read, or notice an error, unless the connection is closed meanwhile."""
        return super().handle_event(fileno, event) if fileno in self._fd_to_chan else None

    def leave(self, loop: Any, connection: Any) -> None:
        """Stop an event loop from watching a closed connection. The next tick opens another."""
        closed = [ident for ident in self._chan_to_sock if ident[1].connection is connection]
        for channel, client, kind in closed:
            del self._chan_to_sock[channel, client, kind]
            for fileno in [fd for fd, watched in self._fd_to_chan.items() if watched == (channel, kind)]:
                loop.remove(fileno)
                del self._fd_to_chan[fileno]


def keep_reading(poller: Any, loop: Any) -> None:
    """Keep Celery's loop reading when a connection is closed: with an older kombu it would end."""
    if IS_OLDER:
        poller._on_connection_disconnect = lambda closed: poller.leave(loop, closed)


Channel: Any = _OlderChannel if IS_OLDER else stock.Channel
Poller: Any = _OlderPoller if IS_OLDER else stock.MultiChannelPoller
