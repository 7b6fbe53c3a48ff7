"""Writes records to the stream of their run, for tasks in slots of any kind.

A process writes in groups, over one connection, and each job waits for its own record. The writers wait for a
broker that restarts, and drop nothing. Reading is the producer's affair.
"""

from __future__ import annotations

import functools
import os
from typing import Any

from redis import Redis

from worker.app import settings
from worker.collector import Collector
from worker.records import JobRecord, worker_name
from worker.turns import Turns
from worker.wire import ANY, CONNECT_S, RETRY, Wire

#: Records of messages that belong to no run anyone can name: the newest `REJECTED_MAX`, for so many seconds.
REJECTED_STREAM = "simul:rejected"
REJECTED_MAX = 1000
REJECTED_TTL_S = 7 * 24 * 3600


class RecordWriter:
    """Appends records to the streams of their runs, for threads and greenlets that share it."""

    def __init__(self, broker_url: str) -> None:
        self._client = Redis.from_url(broker_url, retry=RETRY, socket_connect_timeout=CONNECT_S)
        self._turns = Turns(Wire(broker_url))

    def write(self, run: str, record: JobRecord, entry: str = ANY) -> bool:
        """Append the record to its run; False where that is closed, or has this entry, or a later one.

        Raises:
            redis.RedisError: the broker refused it, or was away for longer than a minute.
        """
        return self._turns.write(run, record, entry)

    def write_rejected(self, what: str, error: str) -> None:
        """Append a message that belongs to no run to the stream of rejected messages."""
        fields: dict[Any, Any] = {"what": what[:1000], "error": error[:1000], "worker": worker_name()}
        with self._client.pipeline(transaction=False) as pipe:
            pipe.xadd(REJECTED_STREAM, fields, maxlen=REJECTED_MAX, approximate=True)
            pipe.expire(REJECTED_STREAM, REJECTED_TTL_S)
            pipe.execute()


@functools.cache
def writer() -> RecordWriter:
    """Return the process's record writer."""
    return RecordWriter(settings.broker_url)


@functools.cache
def async_writer() -> Collector:
    """Return the record writer of the process's event loops."""
    return Collector(Wire(settings.broker_url))


def _begin_anew() -> None:
    # A forked child has no thread but its own, a copy of every lock as it was, and its parent's connection.
    writer.cache_clear()
    async_writer.cache_clear()


os.register_at_fork(after_in_child=_begin_anew)
