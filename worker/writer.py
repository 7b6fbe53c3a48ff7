"""Writes records to the stream of their run, for tasks in slots of any kind.

The writers wait for a broker that restarts, and drop nothing. Reading is the producer's affair.
"""

from __future__ import annotations

import functools
import time
from typing import Any

from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import EqualJitterBackoff
from redis.retry import Retry

from worker.app import settings
from worker.records import JobRecord, SentRecord, boot_id, broker_offset_ns, encode, run_stream, worker_name

#: How often a process compares its clock with the broker's; quartz drifts by some 20 us per second.
CLOCK_CHECK_NS = 30 * 10**9
#: Records of messages that belong to no run anyone can name: the newest `REJECTED_MAX`, for so many seconds.
REJECTED_STREAM = "simul:rejected"
REJECTED_MAX = 1000
REJECTED_TTL_S = 7 * 24 * 3600
#: A broker that restarts is back within a minute; until then the job's record waits here.
BACKOFF, RETRIES = EqualJitterBackoff(cap=1.0, base=0.05), 60
CONNECT_S = 3


class RecordWriter:
    """Appends records to the streams of their runs, over one client that threads and greenlets share."""

    def __init__(self, broker_url: str) -> None:
        self._client = Redis.from_url(
            broker_url, retry=Retry(BACKOFF, RETRIES), socket_connect_timeout=CONNECT_S
        )
        self.clock = BrokerClock(self._client)

    def write(self, run: str, record: JobRecord) -> None:
        """Append the record to its run, if that is still open.

        Raises:
            redis.RedisError: the broker was away for longer than a minute.
        """
        self._client.xadd(run_stream(run), self.clock.stamp(record), nomkstream=True)

    def write_rejected(self, what: str, error: str) -> None:
        """Append a message that belongs to no run to the stream of rejected messages."""
        fields: dict[Any, Any] = {"what": what[:1000], "error": error[:1000], "worker": worker_name()}
        with self._client.pipeline(transaction=False) as pipe:
            pipe.xadd(REJECTED_STREAM, fields, maxlen=REJECTED_MAX, approximate=True)
            pipe.expire(REJECTED_STREAM, REJECTED_TTL_S)
            pipe.execute()


class AsyncRecordWriter:
    """Appends records for coroutines; the client belongs to the event loop that first writes."""

    def __init__(self, broker_url: str, clock: BrokerClock) -> None:
        self._client = AsyncRedis.from_url(
            broker_url, retry=AsyncRetry(BACKOFF, RETRIES), socket_connect_timeout=CONNECT_S
        )
        self._clock = clock

    async def write(self, run: str, record: JobRecord) -> None:
        """Append the record to its run, if that is still open.

        Raises:
            redis.RedisError: the broker was away for longer than a minute.
        """
        await self._client.xadd(run_stream(run), self._clock.stamp(record), nomkstream=True)


class BrokerClock:
    """Knows how far the broker's clock is from this process's, and writes it on records."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._checked_ns = 0
        #: None until it is first measured; no record is stamped without it.
        self._offset_ns: int | None = None

    def stamp(self, record: JobRecord) -> dict[Any, Any]:
        """Make the fields of a stream entry; now and then this takes a round trip to ask for the time."""
        now = time.monotonic_ns()
        offset_ns = self._offset_ns
        if offset_ns is None or now - self._checked_ns > CLOCK_CHECK_NS:
            self._checked_ns = now
            offset_ns = self._offset_ns = broker_offset_ns(self._client)
        return {"record": encode(SentRecord(record, boot_id(), offset_ns))}


@functools.cache
def writer() -> RecordWriter:
    """Return the process's record writer; redis-py gives a forked child connections of its own."""
    return RecordWriter(settings.broker_url)


@functools.cache
def async_writer() -> AsyncRecordWriter:
    """Return the event loop's record writer."""
    return AsyncRecordWriter(settings.broker_url, writer().clock)
