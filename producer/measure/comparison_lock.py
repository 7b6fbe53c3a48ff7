"""One comparison at a time over workers that several can use: two at once would measure each other."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

import redis
from redis.exceptions import LockError
from redis.lock import Lock

from producer.system.client import connect
from worker.errors import BrokerUnavailableError

#: The key that a running comparison holds, and its expiry after the last sign of life, in seconds.
KEY = "simul:turn"
LEASE_S = 30.0
#: How often a waiting comparison looks again, in seconds.
LOOK_S = 0.5


@contextlib.contextmanager
def comparison_lock(broker_url: str, waiting: Callable[[], None]) -> Iterator[None]:
    """Wait until nobody else compares with the workers of this broker; others wait until this context ends.

    `waiting` is called where there is somebody to wait for.

    Raises:
        BrokerUnavailableError: the broker went away while waiting.
    """
    with contextlib.closing(connect(broker_url)) as client:
        lock = client.lock(KEY, timeout=LEASE_S, sleep=LOOK_S, thread_local=False)
        try:
            if not lock.acquire(blocking=False):
                waiting()
                lock.acquire()
        except redis.RedisError as error:
            raise BrokerUnavailableError(f"the broker went away (wait for our turn): {error}") from error
        over = threading.Event()
        heartbeat = threading.Thread(target=_renew, args=(lock, over), daemon=True)
        heartbeat.start()
        try:
            yield
        finally:
            over.set()
            heartbeat.join()
            with contextlib.suppress(LockError, redis.RedisError):
                lock.release()


def _renew(lock: Lock, over: threading.Event) -> None:
    while not over.wait(LEASE_S / 3):
        # A broker that is away for longer than the lease costs the turn, and not the comparison.
        with contextlib.suppress(LockError, redis.RedisError):
            lock.reacquire()
