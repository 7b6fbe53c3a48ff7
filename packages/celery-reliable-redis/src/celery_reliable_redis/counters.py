"""What the transport has done in this process, for those who watch: `celery inspect stats` shows it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import Any

from celery_reliable_redis import native

#: What is counted, in messages: moved from a queue into the hands of a consumer of this process; done, or
#: rejected; put back, or aside, by this process after their consumer had died; put aside by this process.
NAMES = "taken", "acknowledged", "rescued", "dead_lettered"


class Counters:
    """Numbers of messages, since the process began. All methods may be called from any thread."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew, as in a child that was just forked: nobody is left to release the lock."""
        # One that its own thread may have twice: a signal's handler may acknowledge (Celery's cold shutdown).
        self._lock = native.allocate_rlock()
        self._numbers = dict.fromkeys(NAMES, 0)

    def add(self, name: str, number: int = 1) -> None:
        """Count so many more."""
        with self._lock:
            self._numbers[name] += number

    def show(self, taken_at: Iterable[float]) -> dict[str, Any]:
        """Return all by name; `taken_at`: when what is reserved now was taken (`time.monotonic`)."""
        moments = list(taken_at)
        oldest_s = round(time.monotonic() - min(moments), 3) if moments else 0.0
        return {**self._numbers, "reserved": len(moments), "oldest_reserved_s": oldest_s}


def show_in(connection: Any, show: Callable[[], dict[str, Any]]) -> None:
    """Have kombu's `connection.info()` tell the counters, too: Celery puts that into `inspect stats`."""

    def own_info() -> dict[str, Any]:
        info: dict[str, Any] = type(connection).info(connection)
        return info

    connection.info = lambda: {**own_info(), "reliable": show()}
    # kombu pickles a connection as its class, and what `info` tells.
    connection.__reduce_ex__ = lambda _: (type(connection), tuple(own_info().values()))


#: Those of this process.
counters = Counters()
os.register_at_fork(after_in_child=counters.reset)
