"""The slots: how many tasks may run, which do, and which wait. Any thread may ask; nothing here blocks."""

from __future__ import annotations

import threading
from collections import deque

from celery_asyncio_pool.execution import Execution


class Slots:
    """Gives each execution a slot before it starts, and frees it when its result is stored."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        #: The executions that have a slot, by their `ident`.
        self.running: dict[int, Execution] = {}
        self._waiting: deque[Execution] = deque()
        # Re-entrant, because a signal handler may interrupt the thread that holds it.
        self._lock = threading.RLock()

    @property
    def waiting(self) -> int:
        """How many executions wait for a slot."""
        return len(self._waiting)

    def take_or_wait(self, execution: Execution) -> bool:
        """Give `execution` a slot and return True, or queue it behind those that wait and return False."""
        with self._lock:
            if not self._waiting and len(self.running) < self.limit:
                self.running[execution.ident] = execution
                return True
            self._waiting.append(execution)
            return False

    def free(self, execution: Execution) -> None:
        """Take back the slot of `execution`."""
        with self._lock:
            del self.running[execution.ident]

    def next(self) -> Execution | None:
        """Give a free slot to the execution that waits longest, and return it; None where there is none."""
        with self._lock:
            if not self._waiting or len(self.running) >= self.limit:
                return None
            execution = self._waiting.popleft()
            self.running[execution.ident] = execution
            return execution

    def resize(self, change: int) -> int:
        """Add or remove slots, and return how many there are. A task in a removed slot runs on.

        Raises:
            ValueError: the number of slots would be negative.
        """
        with self._lock:
            if self.limit + change < 0:
                raise ValueError(f"cannot take {-change} slots from a pool of {self.limit}")
            self.limit += change
            return self.limit

    def forget_waiting(self) -> None:
        """Drop the waiting executions; their messages were never acknowledged, and are delivered again."""
        with self._lock:
            self._waiting.clear()
