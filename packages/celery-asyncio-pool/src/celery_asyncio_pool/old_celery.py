"""What Celery before 5.7 leaves to its own pools, so that this pool has to do it there."""

from __future__ import annotations

import re
import sys
from typing import Any

import celery
from billiard.einfo import ExceptionInfo
from celery.exceptions import WorkerLostError


def read_numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version as far as they matter: (5, 7) of "5.7.0"."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


CELERY = read_numbers(celery.__version__)


def describe_escape() -> ExceptionInfo:
    """Describe, for Celery, the exception that is being handled and that its tracer has let pass.

    From 5.7 on Celery takes an exit of a task for a lost worker by itself, and cannot store it before.
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

    From 5.7 on Celery does so by itself, and before when its prefork pool reports the process that it killed.
    """
    task = getattr(request, "task", None)
    if CELERY < (5, 7) and task is not None and task.acks_late and not task.acks_on_failure_or_timeout:
        request.reject(requeue=True)
