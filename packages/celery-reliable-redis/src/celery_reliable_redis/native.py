"""Threads and locks of the operating system, also where gevent or eventlet have replaced them by greenlets.

A lock of eventlet's works between the greenlets of one thread alone: between two threads it lets both in,
or never wakes the one that waits. That includes the locks inside of `logging`.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any


def allocate_lock() -> Any:
    """Make a `threading.Lock`. Waiting for it stops all greenlets of the thread, so do not wait for long."""
    gevent = _patched_by_gevent()
    return gevent.get_original("_thread", "allocate_lock")() if gevent else _threading().Lock()


def start_thread(run: Callable[[Any], None], argument: Any) -> None:
    """Run `run(argument)` in a thread that ends with the process."""
    if gevent := _patched_by_gevent():
        gevent.get_original("_thread", "start_new_thread")(run, (argument,))
    else:
        _threading().Thread(target=run, args=(argument,), name="transport-heartbeat", daemon=True).start()


def _patched_by_gevent() -> Any:
    gevent = sys.modules.get("gevent.monkey")
    return gevent if gevent is not None and gevent.is_module_patched("threading") else None


def _threading() -> Any:
    eventlet = sys.modules.get("eventlet.patcher")
    patched = eventlet is not None and eventlet.is_monkey_patched("thread")
    return eventlet.original("threading") if eventlet is not None and patched else threading
