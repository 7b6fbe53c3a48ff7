"""The thread that keeps this process's reservations alive, and looks after dead ones.

One for each process: a real thread of the operating system, also where gevent or eventlet have replaced
threads by greenlets, so that it goes on while a job blocks the interpreter's main thread or the hub.
It stops with the process, and a forked child starts without one: no child keeps a dead parent alive.
It does not touch a job, or the connections that others use.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import redis

from worker.transport.reservation import ClientFactory, Reservation

logger = logging.getLogger(__name__)

#: Renewals in one lease: three may fail in a row before anyone becomes suspicious.
BEATS_PER_LEASE = 4


class Keeper:
    """Renews every lease in time. All methods may be called from any thread."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Know nothing, as in a child that was just forked: threads do not survive a fork."""
        self._kept: dict[Reservation, redis.Redis] = {}
        self._running = False

    def keep(self, reservation: Reservation, connect: ClientFactory) -> None:
        """Renew the lease from now on. `connect` makes the client of which the thread is the only user."""
        self._kept[reservation] = connect()
        if not self._running:
            self._running = True
            _start_native_thread(self._run)

    def release(self, reservation: Reservation) -> None:
        """Stop renewing the lease."""
        client = self._kept.pop(reservation, None)
        if client is not None:
            client.close()

    def _run(self, sleep: Callable[[float], Any]) -> None:
        while True:
            for reservation, client in list(self._kept.items()):
                self._look_after(reservation, client)
            leases = [reservation.lease_s for reservation in list(self._kept)]
            sleep(min(leases, default=1.0) / BEATS_PER_LEASE)

    def _look_after(self, reservation: Reservation, client: redis.Redis) -> None:
        try:
            reservation.renew(client)
            reservation.rescue(client)
            if reservation.abandoned and reservation.give_back_unknown(client):
                # Its lease runs out by itself: a command that is still on its way may yet reserve a
                # message for it, which is then put back as a dead consumer's.
                self.release(reservation)
        except (redis.RedisError, OSError) as error:
            logger.debug("Lease of %s not renewed, will retry: %r", reservation.id, error)
        except Exception:  # the thread must outlive whatever this is
            logger.exception("Lease of %s not renewed, will retry", reservation.id)


def _start_native_thread(run: Callable[[Callable[[float], Any]], None]) -> None:
    """Run in a thread of the operating system, with a `sleep` that puts it to sleep and nobody else."""
    gevent, eventlet = sys.modules.get("gevent.monkey"), sys.modules.get("eventlet.patcher")
    if gevent is not None and gevent.is_module_patched("threading"):
        start = gevent.get_original("_thread", "start_new_thread")
        start(run, (gevent.get_original("time", "sleep"),))
    elif eventlet is not None and eventlet.is_monkey_patched("thread"):
        thread, sleep = eventlet.original("threading").Thread, eventlet.original("time").sleep
        thread(target=run, args=(sleep,), daemon=True).start()
    else:
        threading.Thread(target=run, args=(time.sleep,), name="transport-keeper", daemon=True).start()


keeper = Keeper()


os.register_at_fork(after_in_child=keeper.reset)
