"""How long this transport waits for the broker, where nobody says otherwise, and which options make no sense.

kombu waits for ever. So a worker hangs when a connection is cut without a word (a firewall that forgets it, a
broker's host that is gone), until the system gives up: after a quarter of an hour, or never.
"""

from __future__ import annotations

import contextlib
import math
import socket
from typing import Any

from celery_reliable_redis.mistakes import SettingError

#: How long a server may take to answer, or to take a connection, in seconds.
ANSWER_S = 5.0
#: The system looks at a connection that has been idle for so long, again and again, and gives it up.
IDLE_S, AGAIN_S, TIMES = 15, 5, 3
#: It also gives up what is sent and not acknowledged, not even by the other system, for so long.
UNACKNOWLEDGED_MS = 10_000


def make_keepalive_options() -> dict[int, int]:
    """Return the options of a TCP socket by which the system finds dead connections: those that it has."""
    wanted = {
        "TCP_KEEPIDLE" if hasattr(socket, "TCP_KEEPIDLE") else "TCP_KEEPALIVE": IDLE_S,  # macOS
        "TCP_KEEPINTVL": AGAIN_S,
        "TCP_KEEPCNT": TIMES,
        "TCP_USER_TIMEOUT": UNACKNOWLEDGED_MS,
    }
    options: dict[int, int] = {}
    with contextlib.suppress(OSError), socket.socket() as probe:
        for name, value in wanted.items():
            with contextlib.suppress(AttributeError, OSError):  # redis-py would not connect at all
                probe.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
                options[getattr(socket, name)] = value
    return options


def require_sensible(name: str, seconds: Any) -> None:
    """Check an option that is a time in seconds, or None for ever.

    Raises:
        SettingError: it is neither.
    """
    is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if seconds is not None and not (is_number and 0 < seconds < float("inf")):
        raise SettingError(
            f"broker_transport_options[{name!r}] is {seconds!r} (connect). Give a number of seconds above 0, "
            "or None to wait for ever."
        )


def read_seconds(name: str, value: Any) -> float:
    """Return an option that is a time in seconds.

    Raises:
        SettingError: it is none.
    """
    seconds = math.nan
    with contextlib.suppress(TypeError, ValueError):
        seconds = float(value)
    if not 0 < seconds < math.inf:
        raise SettingError(
            f"broker_transport_options[{name!r}] is {value!r} (connect). Give a number of seconds above 0."
        )
    return seconds


def shorten(patience_s: float, socket_timeout: float | None) -> float:
    """Return how long the server may let us wait for a message, so that its answer is never taken for late.

    `patience_s` is what is wished for, 0 for ever.
    """
    if socket_timeout is None:
        return patience_s
    return min(patience_s or socket_timeout, socket_timeout / 2)
