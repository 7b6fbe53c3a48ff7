"""Who did a job and when: the record of a job, and how it travels. Writing it is `writer`'s.

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


def text_of(error: BaseException) -> str:
    """What went wrong, as records and logs say it."""
    return f"{type(error).__name__}: {error}".encode(errors="backslashreplace").decode()


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
