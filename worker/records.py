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
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from worker.errors import SimulError

if TYPE_CHECKING:
    from redis import Redis

    from worker.jobs import Answer

RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
#: A value in an answer. None is nested deeper: what is, is too much for some stack some day.
Scalar: TypeAlias = bool | int | float | str | None
Plain: TypeAlias = Scalar | list[dict[str, Scalar]]
#: The longest text of an error, in characters; what is beyond is cut off.
MAX_ERROR = 1000


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
    answer: dict[str, Plain] | None = None
    #: "Kind: text" of what went wrong, or None.
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Wired:
    """A record as it travels: with what a reader on another host needs to compare its times."""

    record: JobRecord
    boot_id: str
    #: The broker's wall clock minus the worker's monotonic clock, in nanoseconds.
    broker_offset_ns: int


def ended(
    index: int,
    enqueued_ns: int,
    received_ns: int,
    started_ns: int,
    answer: Answer | None,
    failure: Exception | None,
) -> JobRecord:
    """The record of a job that has ended just now, in this process: with an answer, or with a failure."""
    finished_ns = time.monotonic_ns()
    return JobRecord(
        index,
        worker_name(),
        enqueued_ns,
        received_ns,
        started_ns,
        finished_ns,
        asdict(answer) if answer else None,
        failure_text(failure) if failure else None,
    )


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


def failure_text(failure: Exception) -> str:
    """Why a job failed, as its record says it; what simul did not raise itself is a bug and says where."""
    trace = failure.__traceback__
    if isinstance(failure, SimulError) or trace is None:
        return text_of(failure)
    while trace.tb_next:
        trace = trace.tb_next
    # The module and not its file, which lies elsewhere on every machine.
    where = f" ({trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno})"
    return text_of(failure)[: MAX_ERROR - len(where)] + where


def text_of(error: BaseException) -> str:
    """What went wrong, as records and logs say it: on one line, for it may quote what anybody has sent."""
    return spelled(f"{type(error).__name__}: {error}"[:MAX_ERROR])[:MAX_ERROR]


def spelled(text: str, keep: str = "") -> str:
    """The text with what cannot be printed spelled as Python spells it, but for the characters of `keep`."""
    # Nearly all can, and a page or an export is long: looked through in C.
    if text.translate(dict.fromkeys(map(ord, keep))).isprintable():
        return text
    return "".join(
        one if one in keep or _shows(one) else one.encode("unicode_escape").decode() for one in text
    )


def _shows(one: str) -> bool:
    # Python counts spaces other than the plain one among what cannot be printed.
    return one.isprintable() or unicodedata.category(one) == "Zs"


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
