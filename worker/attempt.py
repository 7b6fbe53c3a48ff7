"""Reads the message of a task that has started, and records what came of its job.

Whoever reads a message trusts none of its fields. One that names no run anyone can find is rejected here.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import Any

from celery.exceptions import Reject
from celery.utils.log import get_task_logger

from worker import cpu_clock
from worker.answers import Answer
from worker.app import settings
from worker.errors import InvalidJobError, SimulError, StoppedError
from worker.job_messages import from_message
from worker.jobs import GameMove, Job
from worker.pass_on import require_place
from worker.perform import perform
from worker.records import RUN_ID, JobRecord, error_line, make_record
from worker.settings import RECEIVED
from worker.writer import writer

#: The largest number that a record can carry.
MAX_NUMBER = 2**63 - 1
#: Held by the slot in which Judit thinks.
_JUDIT = threading.Lock()

log = get_task_logger(__name__)


@dataclass(slots=True)
class Attempt:
    """A job whose task has started."""

    run: str
    index: int
    enqueued_ns: int
    received_ns: int
    started_ns: int
    #: Whether somebody may have done the job before.
    is_redelivered: bool
    #: What `cpu_clock` said when it started; None where other jobs share the thread.
    cpu_began_ns: int | None
    #: When it ended, and its CPU time, where that is known before it is recorded.
    finished_ns: int | None = None
    cpu_ns: int | None = None

    def think(self, job: Job) -> Answer:
        """Have Judit make a move, when she is free; only then it starts. In this process there is one of her.

        While she thinks, another slot records the move before, and sends what follows it.
        """
        with _JUDIT:
            self.started_ns = time.monotonic_ns()
            self.cpu_began_ns = cpu_clock.read_ns()
            answer = perform(job, settings.data_root)
            self.cpu_ns = cpu_clock.since_ns(self.cpu_began_ns)
            self.finished_ns = time.monotonic_ns()
        return answer

    def record(self, answer: Answer | None, failure: Exception | None) -> JobRecord:
        """Record that the job has ended now."""
        cpu_ns = self.cpu_ns or cpu_clock.since_ns(self.cpu_began_ns)
        times = self.enqueued_ns, self.received_ns, self.started_ns
        record = make_record(self.index, *times, answer, failure, cpu_ns)
        if self.finished_ns:
            record = replace(record, finished_ns=self.finished_ns)
        if failure and not isinstance(failure, SimulError):
            log.error("job %s of run %s failed", self.index, self.run, exc_info=failure)
        return record

    def give_back(self, error: StoppedError) -> Reject:
        """Make the rejection that gives the job back to the queue."""
        log.warning("job %s of run %s was interrupted: %s", self.index, self.run, error)
        return Reject(str(error), requeue=True)


def begin(
    request: Any, args: tuple[Any, ...], message: dict[str, Any], *, on_event_loop: bool = False
) -> Attempt:
    """Begin the attempt that a task's request and its message ask for.

    `on_event_loop`: other jobs share its thread.

    Raises:
        celery.exceptions.Reject: the message belongs to no run anyone can name; it is noted, and dropped.
    """
    started_ns = time.monotonic_ns()
    try:
        run, index, enqueued_ns = _parse_place(args, message)
    except InvalidJobError as error:
        writer().write_rejected(repr((args, message)), error_line(error))
        raise Reject(error_line(error), requeue=False) from None
    redelivered = bool((request.get("delivery_info") or {}).get("redelivered"))
    received_ns = request.get(RECEIVED) or started_ns
    cpu_began_ns = None if on_event_loop else cpu_clock.read_ns()
    return Attempt(run, index, enqueued_ns, received_ns, started_ns, redelivered, cpu_began_ns)


def _parse_place(args: tuple[Any, ...], message: dict[str, Any]) -> tuple[str, int, int]:
    """Read the run, the index and the time of enqueuing that a message names."""
    run, index, enqueued_ns = (message.get(key) for key in ("run", "index", "enqueued_ns"))
    if args:
        raise InvalidJobError("a message has keyword arguments only: run, index, enqueued_ns, job")
    if not isinstance(run, str) or not RUN_ID.fullmatch(run):
        raise InvalidJobError(f"a message names its run, not {run!r}")
    # bool is an int to isinstance, and no index to us
    if type(index) is not int or not 0 <= index <= MAX_NUMBER:
        raise InvalidJobError(f"a message names its index, 0 or more, not {index!r}")
    if type(enqueued_ns) is not int or abs(enqueued_ns) > MAX_NUMBER:
        raise InvalidJobError(f"a message says when it was enqueued, not {enqueued_ns!r}")
    return run, index, enqueued_ns


def parse_job(message: dict[str, Any]) -> Job:
    """Read the job of a message.

    Raises:
        InvalidJobError: there is none that could be done.
    """
    unknown = message.keys() - {"run", "index", "enqueued_ns", "job"}
    if unknown:
        raise InvalidJobError(f"a message has no field {', '.join(sorted(map(ascii, unknown)))}")
    job = from_message(message.get("job"))
    if isinstance(job, GameMove):
        require_place(job, message["run"], message["index"])
    return job
