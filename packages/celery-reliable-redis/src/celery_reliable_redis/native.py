"""Threads, locks and poll() of the operating system, also where gevent or eventlet have replaced them.

A lock of eventlet's works between the greenlets of one thread alone: between two threads it lets both in,
or never wakes the one that waits. That includes the locks inside of `logging`.
"""

from __future__ import annotations

import select
import sys
import threading
from collections.abc import Callable
from typing import Any

#: POLLIN and POLLOUT, by the numbers that POSIX systems share: eventlet takes the names away.
READ, WRITE = 1, 4


def allocate_lock() -> Any:
    """Make a `threading.Lock`. Waiting for it stops all greenlets of the thread, so do not wait for long."""
    gevent = _patched_by_gevent()
    return gevent.get_original("_thread", "allocate_lock")() if gevent else _threading().Lock()


def allocate_rlock() -> Any:
    """Make a `threading.RLock`. As above."""
    gevent = _patched_by_gevent()
    return gevent.get_original("_thread", "RLock")() if gevent else _threading().RLock()


def start_thread(run: Callable[[Any], None], argument: Any) -> None:
    """Run `run(argument)` in a thread that ends with the process."""
    if gevent := _patched_by_gevent():
        gevent.get_original("_thread", "start_new_thread")(run, (argument,))
    else:
        _threading().Thread(target=run, args=(argument,), name="transport-heartbeat", daemon=True).start()


def is_ready(sock: Any, wanted: int) -> bool:
    """Return whether a socket has something to READ, or room to WRITE, or is closed. Does not wait."""
    try:
        poller = _poll()
        poller.register(sock, wanted)
        return bool(poller.poll(0))
    except (OSError, ValueError):  # somebody has just closed it
        return True


def _poll() -> Any:
    if gevent := _patched_by_gevent():
        return gevent.get_original("select", "poll")()
    eventlet = _patched_by_eventlet("select")
    return (eventlet.original("select") if eventlet else select).poll()


def _patched_by_gevent() -> Any:
    gevent = sys.modules.get("gevent.monkey")
    return gevent if gevent is not None and gevent.is_module_patched("threading") else None


def _threading() -> Any:
    eventlet = _patched_by_eventlet("thread")
    return eventlet.original("threading") if eventlet else threading


def _patched_by_eventlet(module: str) -> Any:
    eventlet = sys.modules.get("eventlet.patcher")
    return eventlet if eventlet is not None and eventlet.is_monkey_patched(module) else None
