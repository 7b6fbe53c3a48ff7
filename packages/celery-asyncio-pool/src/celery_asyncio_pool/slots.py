"""The slots: how many jobs may run, which do, and which wait. Any thread may ask; nothing here blocks."""

from __future__ import annotations

import threading
from collections import deque

from celery_asyncio_pool.job import Job


class Slots:
    """A slot is taken before its job starts, and freed when the job has ended, result stored and all."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        #: The jobs that have a slot, by their `ident`.
        self.running: dict[int, Job] = {}
        self._waiting: deque[Job] = deque()
        # Re-entrant, because a signal handler may interrupt the thread that holds it.
        self._lock = threading.RLock()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def take_or_wait(self, job: Job) -> bool:
        """Give `job` a slot and return True, or queue it behind those that wait and return False."""
        with self._lock:
            if not self._waiting and len(self.running) < self.limit:
                self.running[job.ident] = job
                return True
            self._waiting.append(job)
            return False

    def free(self, job: Job) -> None:
        with self._lock:
            del self.running[job.ident]

    def next(self) -> Job | None:
        """Give a slot to the job that waits longest; None where there is no job, or no slot."""
        with self._lock:
            if not self._waiting or len(self.running) >= self.limit:
                return None
            job = self._waiting.popleft()
            self.running[job.ident] = job
            return job

    def resize(self, change: int) -> int:
        """Add or take away slots; jobs that run in those taken away end in peace. The new limit.

        Raises:
            ValueError: there would be fewer than none.
        """
        with self._lock:
            if self.limit + change < 0:
                raise ValueError(f"cannot take {-change} slots from a pool of {self.limit}")
            self.limit += change
            return self.limit

    def forget_waiting(self) -> None:
        """Drop what has not started; it was never acknowledged, and the broker delivers it again."""
        with self._lock:
            self._waiting.clear()
