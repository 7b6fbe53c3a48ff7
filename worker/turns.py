"""Has threads or greenlets write their records in groups, by turns.

Whoever finds nobody writing writes, at once and in its own slot; who comes meanwhile waits. When the answers
are there, the first of those who wait writes for all of them. So a group is as large as the broker is slow,
nobody waits for a group to fill, and a process with one slot pays for nothing of this.

A greenlet may be interrupted anywhere that it waits (a time limit, `revoke(terminate=True)`): its turn then
goes to another one, and what it was writing for others is written again.
"""

from __future__ import annotations

import threading
from collections import deque

from worker.records import JobRecord
from worker.wire import ANY, Pending, Wire


class Turn(Pending):
    """A record whose slot waits for it to be written, or to write."""

    __slots__ = ("is_abandoned", "waiter")

    def __init__(self, run: str, record: JobRecord, entry: str) -> None:
        super().__init__(run, record, entry)
        #: Whether its slot was interrupted.
        self.is_abandoned = False
        #: What its slot waits on: locked until it is settled, or its turn has come.
        self.waiter: threading.Lock | None = None

    def wake(self) -> None:
        """Let its slot go on."""
        if self.waiter is not None:
            self.waiter.release()


class Turns:
    """Writes records for slots that share a wire."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        #: Held for moments, and never while something is waited for.
        self._lock = threading.Lock()
        self._waiting: deque[Turn] = deque()
        #: Whose slot writes.
        self._writer: Turn | None = None

    def write(self, run: str, record: JobRecord, entry: str = ANY) -> bool:
        """Write the record; False where its run is closed, or has this entry, or a later one.

        Raises:
            redis.RedisError: the broker refused it, or was away for longer than a minute.
        """
        turn = Turn(run, record, entry)
        try:
            with self._lock:
                self._waiting.append(turn)
                if self._writer is None:
                    self._writer = turn
                else:
                    turn.waiter = threading.Lock()
                    turn.waiter.acquire()
            if turn.waiter is not None:
                turn.waiter.acquire()
            if self._writer is turn:
                self._write_all(turn)
        except BaseException:
            turn.is_abandoned = True
            raise
        finally:
            if turn.is_abandoned:
                self._leave(turn)
        if turn.error is not None:
            raise turn.error
        return turn.is_written

    def _write_all(self, own: Turn) -> None:
        with self._lock:
            group = list(self._waiting)
            self._waiting.clear()
        try:
            self._wire.commit(group)
        finally:
            with self._lock:
                left = [turn for turn in group if not (turn.is_settled or turn.is_abandoned or turn is own)]
                self._waiting.extendleft(reversed(left))
                self._pass_on()
            for turn in group:
                if turn.is_settled and turn is not own:
                    turn.wake()

    def _leave(self, turn: Turn) -> None:
        with self._lock:
            if turn in self._waiting:
                self._waiting.remove(turn)
            if self._writer is turn:
                self._pass_on()

    def _pass_on(self) -> None:
        self._writer = self._waiting[0] if self._waiting else None
        if self._writer is not None:
            self._writer.wake()
