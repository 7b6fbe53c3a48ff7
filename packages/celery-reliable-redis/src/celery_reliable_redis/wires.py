"""Connections of redis-py that stay ready between two messages, one for each connection of kombu's pool.

redis-py's pool takes as long to give one out, and to take it back, as it takes to send a message over it.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from celery_reliable_redis.redis_versions import get_connection, is_connected

#: How many stay. Those of connections that have long been closed are among them.
MOST = 64
#: By kombu's connection: a pool of redis-py, and a connection of it. Who uses one has taken it out, and who
#: uses kombu's connection is alone with it.
_ready: dict[Any, tuple[Any, Any]] = {}
#: A connection that is being given back is neither ready nor in its pool: who looks for it meanwhile would
#: open another. A signal's handler may send, too.
_moving = threading.RLock()


def _forget() -> None:
    global _moving
    _moving = threading.RLock()  # nobody is left to release it
    _ready.clear()


os.register_at_fork(after_in_child=_forget)


def send(connection: Any, command: bytes) -> None:
    """Send a packed command over a connection of kombu's, and wait until it has been executed.

    Raises:
        redis.RedisError, OSError: nobody knows whether it has been.
    """
    with _moving:
        pool, wire = _ready.pop(connection, (None, None))
    if wire is None or not is_connected(wire):  # closed with kombu's connection
        if wire is not None:
            pool.release(wire)
        pool = connection.default_channel.pool
        wire = get_connection(pool)
    try:
        wire.send_packed_command([command])
        wire.read_response()
    except BaseException:  # an interrupt, too: the next one would read this answer
        wire.disconnect()
        pool.release(wire)
        raise
    if len(_ready) >= MOST:
        give_back()
    _ready[connection] = pool, wire


def give_back() -> None:
    """Give back what nobody uses, so that whoever publishes by kombu opens no other connection for it."""
    with _moving:
        while _ready:
            try:
                _, (pool, wire) = _ready.popitem()
            except KeyError:  # a signal's handler was faster
                return
            pool.release(wire)
