"""Makes redis-py 5.2 to 7 look like 8, as far as this package is concerned.

The older ones speak RESP2 by default, in which the server cannot tell of new messages.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from typing import Any

import redis
from redis.utils import HIREDIS_AVAILABLE

from celery_reliable_redis.calls import drop_suspect

try:
    from redis.maint_notifications import MaintNotificationsConfig
except ImportError:  # before 6.5 (or 7) there are no notices of maintenance
    MaintNotificationsConfig = None  # type: ignore[assignment, misc]  # as said

MAJOR: int = int(redis.__version__.partition(".")[0])
#: Whether a connection can read what it has not asked for. With hiredis, redis-py 5 cannot.
PUSHES = MAJOR >= 6 or not HIREDIS_AVAILABLE

#: The method by which a new connection logs in: `connect` calls this one.
GREETING = "on_connect_check_health" if hasattr(redis.Connection, "on_connect_check_health") else "on_connect"


def connection_options() -> dict[str, Any]:
    """Return the options of a connection that lets the server tell of new messages."""
    options: dict[str, Any] = {}
    if MAJOR < 8 and PUSHES:
        options["protocol"] = 3
    if MaintNotificationsConfig is not None and not hasattr(select, "poll"):
        # eventlet takes it away. Without it redis-py cannot tell a connection that the server has closed
        # from one with a notice of maintenance, and gives it out; unless there are no such notices.
        options["maint_notifications_config"] = MaintNotificationsConfig(enabled=False)
    return options


def get_connection(pool: redis.ConnectionPool) -> Any:
    """Get a connection from the pool, which before redis-py 5.3 wants to know for which command."""
    return pool.get_connection() if redis.VERSION >= (5, 3) else pool.get_connection("LREM")


def is_connected(connection: Any) -> bool:
    """Return whether the connection is open, as far as this side knows, and trusts it. Answers may be due."""
    drop_suspect(connection)
    return bool(connection.is_connected) if MAJOR >= 8 else connection._sock is not None


def listen_for_news(connection: Any, hear: Callable[[Any], None]) -> None:
    """Have the connection call `hear` with news of changed keys, whenever it reads."""
    connection._parser.set_invalidation_push_handler(hear)


def read_unasked(connection: Any) -> None:
    """Read what the server has sent unasked, as far as it is here: `hear` is called with it."""
    while connection.can_read():
        connection.read_response(push_request=True)


def greet_unchecked(connection: Any) -> None:
    """Have a new connection log in before it is checked: redis-py 5 would first send a PING, in vain."""
    if MAJOR < 8:
        connection.next_health_check = time.time() + connection.health_check_interval


def hear_quietly(connection: Any) -> None:
    """Have a connection return broadcasts and not log them, as redis-py 5 would."""
    if MAJOR < 6 and hasattr(connection._parser, "set_pubsub_push_handler"):
        connection._parser.set_pubsub_push_handler(_return)


def _return(reply: Any) -> Any:
    return reply
