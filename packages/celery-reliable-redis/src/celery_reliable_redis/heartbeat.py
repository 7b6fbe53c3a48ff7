"""The thread that renews leases, sends late acknowledgements, and puts back what dead consumers have left.

It also releases delayed messages.

One for each process: a real thread of the operating system, also where gevent or eventlet have replaced
threads by greenlets, so that it goes on while a job blocks the interpreter's main thread or the hub.
It stops with the process, and a forked child starts without one: no child keeps a dead parent alive.
It does not touch a job, the connections that others use, or `logging`, whose locks eventlet has replaced.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any

import redis

from celery_reliable_redis import native
from celery_reliable_redis.acks import IDLE_S
from celery_reliable_redis.calls import forget_calls
from celery_reliable_redis.reservation import Reservation
from celery_reliable_redis.servers import is_passing

logger = logging.getLogger(__name__)

#: Renewals in one lease: three may fail in a row before anyone becomes suspicious.
BEATS_PER_LEASE = 4
#: The age, in seconds, at which the thread sends acknowledgements that nobody else has sent, and how often it
#: looks: so none gets older than 5 ms, whatever blocks the others.
LATE_S = 0.0025
#: How long the thread leaves a server alone that it could not reach, or that cannot serve.
REST_S = 0.5


class Heartbeat:
    """Renews every lease in time. All methods may be called from any thread."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Watch nothing, as in a child that was just forked: threads do not survive a fork."""
        self._watched: dict[Reservation, redis.Redis] = {}
        #: The clients of those that were removed: the thread may be using one, so it closes them.
        self._removed: deque[redis.Redis] = deque()
        #: Released to rouse the thread.
        self._alarm: Any = None
        #: What the thread has to say: level and text.
        self._news: deque[tuple[int, str]] = deque(maxlen=100)
        #: What has been told, and is not told again.
        self._told: set[str] = set()
        #: When the next renewals are due.
        self._beat_at = 0.0
        #: Until when no late acknowledgement is sent, after one could not be sent.
        self._rest_until = 0.0
        #: Whether there were acknowledgements since the thread last looked, and whether it soon looks again.
        self._roused = self._awake = False

    def add(self, reservation: Reservation, connect: Callable[[], redis.Redis]) -> None:
        """Renew the lease from now on. `connect` makes a client that only the thread uses."""
        self._watched[reservation] = connect()
        self._beat_at = 0.0
        if self._alarm is None:
            self._alarm = native.allocate_lock()
            self._alarm.acquire()
            native.start_thread(self._run, self._alarm)
        self.rouse()

    def remove(self, reservation: Reservation) -> None:
        """Stop renewing the lease."""
        client = self._watched.pop(reservation, None)
        if client is not None:
            self._removed.append(client)
            self.rouse()

    def watched(self) -> list[Reservation]:
        """Return the reservations whose leases are renewed."""
        return list(self._watched)

    def log_news(self) -> None:
        """Log the thread's messages; called in a thread that may log."""
        while self._news:
            logger.log(*self._news.popleft())

    def rouse(self) -> None:
        """Have the thread look soon for acknowledgements that nobody has sent."""
        self._roused = True
        if not self._awake and self._alarm is not None:
            self._awake = True
            with contextlib.suppress(RuntimeError):  # two have seen it asleep, and the other was first
                self._alarm.release()

    def _run(self, alarm: Any) -> None:
        while True:
            if time.monotonic() >= self._beat_at:
                leases = [reservation.lease_s for reservation in list(self._watched)]
                self._beat_at = time.monotonic() + min(leases, default=1.0) / BEATS_PER_LEASE
                self._for_each(self._look_after)
            self._for_each(_release)
            self._awake = False  # from here on, an acknowledgement rings
            if self._roused or any(reservation.acks.unsent for reservation in list(self._watched)):
                self._awake, self._roused = True, False
            looks = [reservation.release.next_at for reservation in list(self._watched)]
            patience = max(0.0, min([self._beat_at, *looks]) - time.monotonic())
            if self._awake:
                patience = min(patience, max(LATE_S, self._rest_until - time.monotonic()))
            alarm.acquire(True, patience)
            self._for_each(_send_late_acks)
            while self._removed:
                self._removed.popleft().connection_pool.disconnect()

    def _for_each(self, do: Callable[[Reservation, redis.Redis], bool]) -> None:
        for reservation, client in list(self._watched.items()):
            try:
                if do(reservation, client):
                    self.remove(reservation)
            except (redis.RedisError, OSError) as error:
                self._tell_of(error, reservation)
            except Exception:  # the thread must outlive whatever this is
                text = f"Nothing done for {reservation.id}, will retry: {traceback.format_exc()}"
                self._tell(logging.ERROR, text)

    def _tell_of(self, error: Exception, reservation: Reservation) -> None:
        text = f"Not all done for {reservation.id}, will retry: {type(error).__name__}: {error}"
        if not isinstance(error, redis.ResponseError) or is_passing(error):
            self._rest_until = time.monotonic() + REST_S
        elif text not in self._told:  # somebody has to see to it
            self._told.add(text)
            self._tell(logging.WARNING, text)
            return
        self._tell(logging.DEBUG, text)

    def _tell(self, level: int, text: str) -> None:
        self._news.append((level, text))

    def _look_after(self, reservation: Reservation, client: redis.Redis) -> bool:
        """Renew the lease, put back what the dead have left. Returns whether the reservation has ended."""
        hangs = reservation.hangs_for() > 0
        if not hangs:
            reservation.renew(client)
        reservation.acks.confirm_by(client, IDLE_S)
        try:
            if moved := reservation.rescue(client):
                self._tell(logging.WARNING, f"Put back {moved} message(s) of dead consumers")
                self._beat_at = 0.0  # there may be more; no lease waits for them
        except redis.ResponseError as error:
            self._tell_of(error, reservation)
        if hangs:
            self._give_up(reservation)
        # The lease then runs out by itself: a command that is still on its way may yet reserve a message,
        # which is put back as a dead consumer's.
        return reservation.abandoned and reservation.give_back_unknown(client)

    def _give_up(self, reservation: Reservation) -> None:
        # The server has answered us meanwhile. If it still does not answer the others, it is not the server.
        hanging_s = reservation.hangs_for()
        if hanging_s and not reservation.liveness.was_given_up:
            reservation.liveness.give_up()
            self._tell(
                logging.WARNING,
                f"A call to the broker has not returned for {hanging_s:.0f} s, and the consumer waits: "
                f"the lease of {reservation.id} is not renewed, others get its messages",
            )


def _release(reservation: Reservation, client: redis.Redis) -> bool:
    reservation.release.look(client, reservation.lists)
    return False


def _send_late_acks(reservation: Reservation, client: redis.Redis) -> bool:
    reservation.acks.flush_by(client, LATE_S)
    return False


#: The heartbeat of this process.
heartbeat = Heartbeat()


os.register_at_fork(after_in_child=heartbeat.reset)
os.register_at_fork(after_in_child=forget_calls)
