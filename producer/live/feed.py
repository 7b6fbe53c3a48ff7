"""Publishes what a run does to Redis, for those who watch, and only where somebody does.

A live server renews the key `WATCHED`; where it is not there, nothing at all is written. What is published
goes by itself after a day. A thread sends: who publishes neither waits nor hears of a broker that is away.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import secrets
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import msgspec
import redis

from producer.system.client import ANSWER_S, connect
from worker.address import parse
from worker.errors import SimulError

#: The stream of events, each one field: a JSON object.
STREAM, FIELD = "simul:live", "event"
#: About as many events are kept, and for so many seconds.
MOST_EVENTS, KEEP_S = 5000, 86_400
#: The key that says that somebody watches; it goes so many seconds after it was last renewed.
WATCHED, WATCHED_S = "simul:live:watched", 15
#: How often it is looked whether somebody watches, in seconds.
LOOK_S = 2.0
#: A state is sent no sooner after the last, and moves are gathered for so long, in seconds.
STATE_S, GATHER_S = 0.25, 0.1
#: A longer report, in bytes, is not published: Redis would have to hold it for a day.
MOST_REPORT = 32 * 1024 * 1024
#: Moves in one event: readers ignore events that are too long.
MOST_MOVES = 5_000

#: By this variable a live server says what a run that it starts is to be called.
ID_VARIABLE = "SIMUL_LIVE_ID"
ID_FORM = re.compile(r"[0-9a-f]{12}")


def alive_key(id_: str) -> str:
    """Name the key that is there as long as the run's process is, and `WATCHED_S` longer."""
    return f"simul:live:alive:{id_}"


def report_key(id_: str) -> str:
    """Name the key of a finished comparison's report: its HTML, compressed by gzip."""
    return f"simul:live:report:{id_}"


def broken_off(error: BaseException) -> tuple[str, str]:
    """Return the status of a run that this has broken off, and the line that says why."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", "interrupted"
    return "failed", str(error) if isinstance(error, SimulError) else "failed"


class Feed:
    """Publishes one run. Use it as a context manager: leaving it sends what is last, and ends its thread."""

    def __init__(self, broker_url: str | None, look_s: float = LOOK_S) -> None:
        """Without a broker, everything that is published is dropped.

        Raises:
            BrokerUnavailableError: the address is none.
        """
        #: The run's name among all that are shown: 12 hexadecimal digits.
        self.id = _given_id() or secrets.token_hex(6)
        self._url = parse(broker_url).url if broker_url else None
        self._look_s = look_s
        self._lock = threading.Lock()
        self._closed = False
        #: Set where there is something to do for the thread; while nobody watches only by the end.
        self._wake = threading.Event()
        self._watched = threading.Event()
        #: The newest state and the report, encoded, and whether each was sent to who watches now.
        self._state, self._state_sent = b"", True
        self._report, self._report_sent = "", True
        #: All moves so far, by lane, and how many of them were sent to who watches now.
        self._moves: dict[int, list[Sequence[Any]]] = {}
        self._moves_sent: dict[int, int] = {}
        #: The stream's entry that holds the last state.
        self._entry: bytes | None = None
        self._thread = threading.Thread(target=self._publish, name="live feed", daemon=True)

    @property
    def watched(self) -> bool:
        """Whether somebody watches, as far as is known: what costs time need not be made for nobody."""
        return self._watched.is_set()

    def state(self, state: dict[str, Any]) -> None:
        """Publish the whole state of the run, as it is now; only the newest is sent."""
        if self._url:
            encoded = msgspec.json.encode({"type": "state", "id": self.id, **state})
            with self._lock:
                self._state, self._state_sent = encoded, False
            self._tell()

    def moves(self, lane: int, moves: Sequence[Sequence[Any]]) -> None:
        """Publish moves of a lane, each `[board, ply, "e2e4", started_s, finished_s]`; all are sent."""
        if self._url:
            with self._lock:
                self._moves.setdefault(lane, []).extend(moves)
            self._tell()

    def report(self, html: str) -> None:
        """Publish the report of the run. It is sent before any later state."""
        if self._url:
            with self._lock:
                self._report, self._report_sent = html, False
            self._tell()

    def __enter__(self) -> Feed:
        if self._url:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        self._wake.set()
        if self._url:
            self._thread.join(2 * ANSWER_S)  # as long as a broker that is away may keep the last words

    def _tell(self) -> None:
        if self.watched:
            self._wake.set()

    def _publish(self) -> None:
        """Send what there is to those who watch, until the end."""
        assert self._url
        looked = last_state = -1e9
        with contextlib.closing(connect(self._url)) as client:
            while True:
                closing = self._closed
                try:
                    if closing or time.monotonic() - looked >= self._look_s:
                        looked = time.monotonic()
                        self._look(client)
                    if self.watched:
                        with_state = closing or time.monotonic() - last_state >= STATE_S
                        self._send(client, with_state)
                        last_state = time.monotonic() if with_state else last_state
                except (redis.RedisError, OSError):
                    # Nobody knows what has arrived, or is still there: later all of it is sent again.
                    self._watched.clear()
                if closing:
                    return
                self._rest(looked + self._look_s - time.monotonic())

    def _look(self, client: redis.Redis) -> None:
        if not client.exists(WATCHED):
            self._watched.clear()
            return
        client.set(alive_key(self.id), 1, ex=WATCHED_S)
        if not self.watched:
            with self._lock:  # somebody new: all of it
                self._state_sent, self._report_sent = not self._state, not self._report
                self._moves_sent.clear()
            self._watched.set()

    def _rest(self, most_s: float) -> None:
        """Wait until there is something to send, and gather more of it, or until it is time to look."""
        unsent = self.watched and not self._state_sent  # it was too early for it
        if (unsent or self._wake.wait(max(0.0, most_s))) and not self._closed:
            self._wake.clear()
            time.sleep(GATHER_S)

    def _send(self, client: redis.Redis, with_state: bool) -> None:
        with self._lock:
            state = b"" if self._state_sent or not with_state else self._state
            report = "" if self._report_sent else self._report
            counts = {lane: len(moves) for lane, moves in self._moves.items()}
            new = {lane: moves[self._moves_sent.get(lane, 0) :] for lane, moves in self._moves.items()}
            self._state_sent, self._report_sent = self._state_sent or bool(state), True
            self._moves_sent = counts
        if report:
            client.set(report_key(self.id), gzip.compress(report.encode()), ex=KEEP_S)
        events = [
            msgspec.json.encode(
                {"type": "moves", "id": self.id, "lane": lane, "moves": moves[first : first + MOST_MOVES]}
            )
            for lane, moves in new.items()
            for first in range(0, len(moves), MOST_MOVES)
        ]
        events += [state] if state else []
        if not events:
            return
        pipeline = client.pipeline(transaction=True)
        if state and self._entry:
            pipeline.xdel(STREAM, self._entry)
        for event in events:
            pipeline.xadd(STREAM, {FIELD: event}, maxlen=MOST_EVENTS, approximate=True)
        pipeline.expire(STREAM, KEEP_S)
        answers = pipeline.execute()
        if state:
            self._entry = answers[-2]


def _given_id() -> str | None:
    given = os.environ.get(ID_VARIABLE, "")
    return given if ID_FORM.fullmatch(given) else None
