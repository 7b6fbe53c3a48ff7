"""Who did a job and when: the record of a job, and writing it to the stream of its run.

Times are `time.monotonic_ns()`, which every process and container of one host shares. A record also
carries the boot id and how far that clock is from the broker's, for readers on another host.
"""

from __future__ import annotations

import functools
import os
import platform
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis import Redis

#: How often a process compares its clock with the broker's; quartz drifts by some 20 us per second.
CLOCK_CHECK_S = 30
#: Records of messages that belong to no run anyone can name, newest `REJECTED_MAX` kept.
REJECTED_STREAM = "simul:rejected"
REJECTED_MAX = 1000
RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One job, done or failed. All times in nanoseconds of the worker's monotonic clock."""

    #: The job's place in its workload.
    index: int
    #: Who did it: "host/pid".
    worker: str
    #: Handed to the broker (or to the design), by the producer's clock.
    enqueued_ns: int
    #: Taken from the broker by a worker; equal to `started_ns` where there is no broker.
    received_ns: int
    started_ns: int
    finished_ns: int
    #: The answer as plain JSON types, or None where the job failed.
    answer: dict[str, Any] | None = None
    #: "Kind: text" of what went wrong, or None.
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Wired:
    """A record as it travels: with what a reader on another host needs to compare its times."""

    record: JobRecord
    boot_id: str
    #: The broker's wall clock minus the worker's monotonic clock, in nanoseconds.
    broker_offset_ns: int


def run_stream(run: str) -> str:
    """The key of the stream that holds the records of a run."""
    return f"simul:run:{run}"


@functools.cache
def boot_id() -> str:
    """What tells one boot of one host from another; processes with the same share a monotonic clock."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:  # not Linux: no containers with a host name of their own to tell apart
        return platform.node()


def worker_name() -> str:
    """This process, as records name it."""
    return f"{platform.node()}/{os.getpid()}"


def broker_offset_ns(client: Redis) -> int:
    """How far the broker's wall clock is ahead of this process's monotonic clock, to half a round trip."""
    before = time.monotonic_ns()
    seconds, microseconds = client.time()
    after = time.monotonic_ns()
    return (seconds * 1_000_000 + microseconds) * 1000 - (before + after) // 2


def encode(wired: Wired) -> bytes:
    """The record as JSON."""
    import msgspec  # not at the top: the in-process designs need no msgspec

    return msgspec.json.encode(wired)


def decode(data: bytes) -> Wired:
    """The record that `encode` wrote."""
    import msgspec

    return msgspec.json.decode(data, type=Wired)


class RecordWriter:
    """Appends records to the streams of their runs, over one client that threads and greenlets share."""

    def __init__(self, broker_url: str) -> None:
        from redis import Redis
        from redis.backoff import EqualJitterBackoff
        from redis.retry import Retry

        # A broker that restarts is back within a minute; until then the job's record waits here.
        retry = Retry(EqualJitterBackoff(cap=1.0, base=0.05), retries=60)
        self._client: Redis = Redis.from_url(broker_url, retry=retry, socket_connect_timeout=3)
        self._checked_ns = 0
        self._offset_ns = 0

    def write(self, run: str, record: JobRecord) -> None:
        """Append the record to its run, if that is still open.

        Raises:
            redis.RedisError: the broker was away for longer than a minute.
        """
        self._check_clock()
        data = encode(Wired(record, boot_id(), self._offset_ns))
        # nomkstream: a run that nobody reads any more gets no stream that nobody would delete
        self._client.xadd(run_stream(run), {"record": data}, nomkstream=True)

    def write_rejected(self, what: str, error: str) -> None:
        """Append a message that belongs to no run to the stream of rejected messages."""
        fields: dict[Any, Any] = {"what": what[:1000], "error": error[:1000], "worker": worker_name()}
        self._client.xadd(REJECTED_STREAM, fields, maxlen=REJECTED_MAX, approximate=True)

    def _check_clock(self) -> None:
        now = time.monotonic_ns()
        if not self._checked_ns or now - self._checked_ns > CLOCK_CHECK_S * 1_000_000_000:
            self._checked_ns = now
            self._offset_ns = broker_offset_ns(self._client)
