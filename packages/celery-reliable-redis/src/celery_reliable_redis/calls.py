"""Calls to the broker that are under way, and connections that may be dead, as another was. Knows no kombu.

A connection that is cut without a word shows itself by a timeout. What cuts one mostly cuts all of a process,
and each would cost a timeout of its own: so after one, a connection that has not been heard of since is not
trusted, and opened anew before it is next used. It must be idle then: that is the caller's to know.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import redis

T = TypeVar("T")

#: By connection: when its call to the broker began.
_under_way: dict[Any, float] = {}
#: Since when the broker may be out of reach of connections that have not been heard of since.
_silent_since = 0.0


def timed(connection: Any, call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Make a call on a connection, which is known as under way until it returns or raises."""
    if connection in _under_way:  # this one is a part of it
        return call(*args, **kwargs)
    began = _under_way[connection] = time.monotonic()
    try:
        return call(*args, **kwargs)
    except redis.TimeoutError:
        note_silence(began)
        raise
    finally:
        _under_way.pop(connection, None)


def under_way_s(connection: Any) -> float:
    """Return for how many seconds a call on this connection has been under way; 0.0 where none is."""
    began = _under_way.get(connection)
    return 0.0 if began is None else time.monotonic() - began


def longest_s() -> float:
    """Return for how many seconds the longest of all calls has been under way; 0.0 where there is none."""
    now = time.monotonic()
    return now - min(list(_under_way.values()), default=now)


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
