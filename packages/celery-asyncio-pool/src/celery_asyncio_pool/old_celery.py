"""Does what Celery before 5.7 leaves to its pools."""

from __future__ import annotations

import re
import sys
from typing import Any

import celery
from billiard.einfo import ExceptionInfo
from celery.exceptions import WorkerLostError


def read_numbers(version: str) -> tuple[int, ...]:
    """Return the first two numbers of a version: (5, 7) of "5.7.0"."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


CELERY = read_numbers(celery.__version__)


def describe_escape() -> ExceptionInfo:
    """Describe for Celery the exception being handled, which its tracer has let pass.

    Celery itself treats an exit of a task as a lost worker from 5.7 on; before, it cannot store one.
    """
    error = sys.exc_info()[1]
    if CELERY >= (5, 7) or not isinstance(error, SystemExit | KeyboardInterrupt):
        return ExceptionInfo()
    try:
        raise WorkerLostError(f"Worker exited prematurely: {error!r}.")
    except WorkerLostError:
        return ExceptionInfo()


def give_back_at_hard_limit(request: Any) -> None:
    """Reject a message that is not to be acknowledged at a hard time limit.

    Celery does so itself from 5.7 on; before, only when its prefork pool reports the process that it killed.
    """
    task = getattr(request, "task", None)
    if CELERY < (5, 7) and task is not None and task.acks_late and not task.acks_on_failure_or_timeout:
        request.reject(requeue=True)
