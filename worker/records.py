"""Makes the record of a job: who did it, when, and with which answer. `writer` writes it.

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
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from worker.answers import Answer, to_record
from worker.errors import SimulError

if TYPE_CHECKING:
    from redis import Redis

RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
#: A value in an answer. No answer is nested deeper, and deeper nesting may overflow a stack.
Scalar: TypeAlias = bool | int | float | str | None
Plain: TypeAlias = Scalar | list[dict[str, Scalar]]
#: The longest text of an error, in characters; what is beyond is cut off.
MAX_ERROR = 1000


@dataclass(frozen=True, slots=True)
class JobRecord:
    """The record of a job, done or failed, with times in nanoseconds of the worker's monotonic clock."""

    #: The job's place in its workload.
    index: int
    #: The process that did the job: "host/pid".
    worker: str
    #: When the producer handed the job to the broker (or to the design), by its clock.
    enqueued_ns: int
    #: When a worker took the job from the broker; equal to `started_ns` where there is no broker.
    received_ns: int
    started_ns: int
    finished_ns: int
    #: The answer as plain JSON types, or None where the job failed.
    answer: dict[str, Plain] | None = None
    #: "Kind: text" of what went wrong, or None.
    error: str | None = None
    #: CPU time of the thread that did the job while it did it; None where other jobs shared the thread, and
    #: from workers of a simul that does not measure it.
    cpu_ns: int | None = None


@dataclass(frozen=True, slots=True)
class SentRecord:
    """A record as it is sent, with what a reader on another host needs to compare times."""

    record: JobRecord
    boot_id: str
    #: The broker's wall clock minus the worker's monotonic clock, in nanoseconds.
    broker_offset_ns: int


def make_record(
    index: int,
    enqueued_ns: int,
    received_ns: int,
    started_ns: int,
    answer: Answer | None,
    failure: Exception | None,
    cpu_ns: int | None = None,
) -> JobRecord:
    """Make the record of a job that has just ended in this process, with an answer or a failure."""
    finished_ns = time.monotonic_ns()
    return JobRecord(
        index,
        worker_name(),
        enqueued_ns,
        received_ns,
        started_ns,
        finished_ns,
        to_record(answer) if answer else None,
        failure_text(failure) if failure else None,
        cpu_ns,
    )


def run_stream(run: str) -> str:
    """Return the key of the stream that holds the records of a run."""
    return f"simul:run:{run}"


@functools.cache
def boot_id() -> str:
    """Identify this boot of this host; processes with the same boot id share a monotonic clock."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:  # not Linux: no containers with a host name of their own to tell apart
        return platform.node()


def worker_name() -> str:
    """Name this process as records do: "host/pid"."""
    return f"{platform.node()}/{os.getpid()}"


def failure_text(failure: Exception) -> str:
    """Say why a job failed; an error that simul does not raise itself is a bug, and the text says where."""
    trace = failure.__traceback__
    if isinstance(failure, SimulError) or trace is None:
        return error_line(failure)
    while trace.tb_next:
        trace = trace.tb_next
    # The module and not its file, which lies elsewhere on every machine.
    module = trace.tb_frame.f_globals.get("__name__")
    if module == "worker.call":  # a function that did not even begin: its arguments do not fit
        return error_line(failure)
    where = f" ({module}:{trace.tb_lineno})"
    return error_line(failure)[: MAX_ERROR - len(where)] + where


def error_line(error: BaseException) -> str:
    """Write an error on one printable line, for it may quote what anybody has sent."""
    return escape_unprintable(f"{type(error).__name__}: {_text(error)}"[:MAX_ERROR])[:MAX_ERROR]


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as another:  # of a user's class: the job has failed, and nothing else must
        return f"its text cannot be had: {type(another).__name__}"


def escape_unprintable(text: str, keep: str = "") -> str:
    """Escape unprintable characters as Python does in a string, but leave those of `keep` as they are."""
    # Nearly every text is printable, and a page or an export is long: this check runs in C.
    if text.translate(dict.fromkeys(map(ord, keep))).isprintable():
        return text
    return "".join(
        character if character in keep or _is_visible(character) else _escape(character) for character in text
    )


def _is_visible(character: str) -> bool:
    # To Python, spaces other than the plain space are unprintable.
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


def broker_offset_ns(client: Redis) -> int:
    """Measure how far the broker's wall clock is ahead of this process's monotonic clock.

    The error is at most half a round trip.
    """
    before = time.monotonic_ns()
    seconds, microseconds = client.time()
    after = time.monotonic_ns()
    return (seconds * 1_000_000 + microseconds) * 1000 - (before + after) // 2


def encode(sent: SentRecord) -> bytes:
    """Write a record as JSON."""
    from worker import shapes  # not at the top: the in-process designs have no use for it

    return shapes.encode(sent)
