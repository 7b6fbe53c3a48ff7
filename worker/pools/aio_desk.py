"""The desk where the pool's threads leave word for the worker: callbacks, in order, in one thread.

Celery's request callbacks (accepted, succeeded, timed out) touch the broker's connection and the
worker's sets of requests. They were written for the worker's main thread, so that is where they run:
`kombu`'s hub is woken and clears the desk. A worker without a hub (a transport without an event loop)
gets them in whichever thread has news, one at a time, as with Celery's threads pool.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from celery.utils.log import get_logger

logger = get_logger(__name__)


class Desk:
    """A first-in, first-out list of calls that are made one at a time."""

    def __init__(self) -> None:
        #: Held while calls are made. Re-entrant: a call can lead to another visit to the desk, and a
        #: signal handler of the main thread can interrupt one (cold shutdown does).
        self.lock = threading.RLock()
        self._calls: deque[Callable[[], object]] = deque()
        self._hub: Any = None
        self._rung = False

    def move_to(self, hub: Any) -> None:
        """From now on, have the thread that runs `hub` make the calls."""
        self._hub = hub

    def post(self, call: Callable[[], object]) -> None:
        """Leave `call` to be made soon; any thread may."""
        self._calls.append(call)
        if self._hub is None:
            self.clear()
        elif not self._rung:
            # One wake-up serves all that is left until it is heard. Two threads may both ring: harmless.
            self._rung = True
            self._hub.call_soon(self._answer)

    def clear(self) -> None:
        """Make every call that waits."""
        with self.lock:
            while self._calls:
                call = self._calls.popleft()
                try:
                    call()
                except Exception:
                    # As Celery's own pools do: one failed callback must not end the worker.
                    logger.critical("Pool callback failed: %r", call, exc_info=True)

    def _answer(self) -> None:
        self._rung = False  # before clearing: whoever posts from here on must ring again
        self.clear()
