"""Calls to the broker that are under way, and connections that may be dead, as another was. Knows no kombu.

A connection that is cut without a word shows itself by a timeout. What cuts one mostly cuts all of a process,
and each would cost a timeout of its own: so after one, a connection that has not been heard of since is not
trusted, and opened anew before it is next used. It must be idle then: that is the caller's to know.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import redis

from celery_reliable_redis import native

T = TypeVar("T")


class Call(NamedTuple):
    """A call to the broker that is under way."""

    began: float
    #: What it waits for: that there is something to READ, or room to WRITE.
    wanted: int

    def hangs_for(self, connection: Any) -> float:
        """Return for how many seconds the broker has let it wait; 0.0 if it is our turn.

        Where a job blocks the hub, other greenlets do not get to what has long come.
        """
        sock = connection._sock
        if sock is None or native.is_ready(sock, self.wanted):
            return 0.0
        return time.monotonic() - self.began


_under_way: dict[Any, Call] = {}
#: Since when the broker may be out of reach of connections that have not been heard of since.
_silent_since = 0.0


def timed(connection: Any, wanted: int, call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Make a call on a connection, which is known as under way until it returns or raises."""
    whole = _under_way.get(connection)  # of which this one is a part
    began = time.monotonic() if whole is None else whole.began
    _under_way[connection] = Call(began, wanted)
    try:
        return call(*args, **kwargs)
    except redis.TimeoutError:
        note_silence(began)
        raise
    finally:
        if whole is None:
            _under_way.pop(connection, None)
        else:
            _under_way[connection] = whole


def hangs_for(connection: Any) -> float:
    """Return for how many seconds the broker has let a call on this connection wait; 0.0 for none."""
    call = _under_way.get(connection)
    return 0.0 if call is None else call.hangs_for(connection)


def longest_s() -> float:
    """Return for how many seconds the broker has let any call wait; 0.0 where it does not."""
    return max((call.hangs_for(connection) for connection, call in list(_under_way.items())), default=0.0)


def forget_calls() -> None:
    """Forget all calls, as in a child that was just forked: they are its parent's."""
    _under_way.clear()


def note_silence(since: float) -> None:
    """Note that the broker has not answered what was asked at that moment."""
    global _silent_since
    _silent_since = max(_silent_since, since)


def drop_suspect(connection: Any) -> None:
    """Close an idle connection that may be dead, as another one was."""
    if getattr(connection, "heard_at", _silent_since) < _silent_since:
        connection.disconnect()
