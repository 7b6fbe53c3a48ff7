"""Acknowledges what is done while a worker stops, in a thread: nobody runs the event loop then.

Celery leaves the acknowledgement of a finished job to its event loop. A worker that stops runs the loop no
longer, and waits until its pool has finished. What is done meanwhile is acknowledged only after the longest
job: never, if the worker is killed before (`docker stop`, Kubernetes), and others do it again. Nobody looks
after that with Celery's threads pool; its prefork pool does, twice a second, and celery-asyncio-pool.
Between two jobs of solo, which are done one after the other in one turn of the loop, the transport has the
first acknowledged by the same function.
"""

from __future__ import annotations

import threading
from typing import Any

from kombu.message import Message

#: How often the thread looks, in seconds. If the loop has had no turn since it last looked, it has stopped.
LOOK_S = 0.01


def acknowledge(loop: Any) -> None:
    """Make the acknowledgements that wait for the loop's turn.

    All else goes on waiting: the transport's reader, for one, would deliver to a pool that may be closed, and
    events are to leave together.
    """
    with loop._ready_lock:
        calls = [call for call in [*loop._ready] if isinstance(_owner_of(call), Message)]
        loop._ready.difference_update(calls)
    for call in calls:
        try:
            call()
        except Exception as error:  # the others have to be made, too
            loop.on_callback_error(call, error)


def _owner_of(call: Any) -> Any:
    return getattr(getattr(call, "fun", None), "__self__", None)


class Stopping:
    """Does a part of the work of an event loop that may have stopped, until `end`."""

    def __init__(self, loop: Any) -> None:
        self._loop = loop
        self._has_turned = True
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="transport-stopping", daemon=True)
        loop.on_tick.add(self._note_turn)
        self._thread.start()

    def end(self) -> None:
        """Return when the thread does nothing more."""
        self._loop.on_tick.discard(self._note_turn)
        self._ended.set()
        self._thread.join()

    def _note_turn(self) -> None:
        self._has_turned = True

    def _run(self) -> None:
        while not self._ended.wait(LOOK_S):
            if not self._has_turned:
                acknowledge(self._loop)
            self._has_turned = False
