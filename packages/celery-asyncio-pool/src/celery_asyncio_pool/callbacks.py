"""Runs Celery's callbacks in the worker's own thread, one at a time, in the order in which they are posted.

Celery's request callbacks (accepted, succeeded, timed out) touch the broker's connection and the worker's
sets of requests. They were written for the worker's main thread, so that is where they run: `kombu`'s hub is
woken and makes the calls. A worker without a hub (a transport without an event loop) runs them in whichever
thread posts them, one at a time, as with Celery's threads pool.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from celery.utils.log import get_logger

logger = get_logger(__name__)

#: Seconds after which a woken thread looks for more calls by itself: waking it for each call would cost more
#: than most calls do. Under load one wake-up serves several calls; a single call is made at once.
COALESCE_S = 0.002


class CallbackQueue:
    """A queue of calls that any thread may post; they are made in order, one at a time."""

    def __init__(self) -> None:
        #: Held while calls are made. Re-entrant: a call can lead to another visit here, and a
        #: signal handler of the main thread can interrupt one (cold shutdown does).
        self.lock = threading.RLock()
        #: Whether calls are being made.
        self.are_made = False
        self._calls: deque[Callable[[], object]] = deque()
        self._hub: Any = None
        self._bell: socket.socket | None = None
        #: Whether the hub's thread has been woken, and will look for calls.
        self._watched = False

    def move_to(self, hub: Any) -> None:
        """Have the thread that runs `hub` make the calls from now on. Done again after each reconnect."""
        # Not hub.call_soon(): what it runs comes between the hub's look at its ready calls and its
        # poll. An acknowledgement that our call leaves there would wait for the next event, up to a
        # second, and hold up the prefetch window. What a reader leaves is done before the next poll.
        if self._bell is None:
            self._ear, self._bell = socket.socketpair()
            self._ear.setblocking(False)
            self._bell.setblocking(False)
        self._hub = hub
        hub.add_reader(self._ear, self._answer)
        self._look()  # the last hub may have promised to, and has not

    def post(self, call: Callable[[], object]) -> None:
        """Queue `call`, which is made soon; any thread may do this."""
        self._calls.append(call)
        if self._bell is None:
            self.run()
        elif not self._watched:
            self._watched = True  # two threads may both ring: harmless
            self._ring()

    def run(self) -> None:
        """Make every call that waits."""
        with self.lock:
            before, self.are_made = self.are_made, True
            while self._calls:
                call = self._calls.popleft()
                try:
                    call()
                except Exception:
                    # As Celery's own pools do: one failed callback must not end the worker.
                    logger.critical("Pool callback failed: %r", call, exc_info=True)
            self.are_made = before

    def close(self) -> None:
        """Close the sockets. What is posted later is called at once, in the thread that posts it."""
        bell, self._bell = self._bell, None
        if bell is not None:
            self._hub.remove_reader(self._ear)
            bell.close()
            self._ear.close()

    def _ring(self) -> None:
        with contextlib.suppress(OSError):  # full of rings that wait
            if (bell := self._bell) is not None:  # closed meanwhile
                bell.send(b"!")

    def _answer(self) -> None:
        with contextlib.suppress(OSError):
            self._ear.recv(64)
        self.run()
        self._hub.call_later(COALESCE_S, self._look)

    def _look(self) -> None:
        self._watched = False
        if self._calls:  # who left a call before we stopped watching did not ring
            self._watched = True
            self._ring()  # and does not make the calls itself: see `move_to`
