"""Tells the program that has started a worker when it is ready, where that program has given it a pipe."""

from __future__ import annotations

import contextlib
import os
from typing import Any

from celery.signals import worker_ready

#: The variable that holds the number of the pipe.
READY_FD = "SIMUL_READY_FD"

# Taken out: a worker that SIGHUP starts anew has no such pipe, and would write to whatever has its number.
_fd = os.environ.pop(READY_FD, "")


def tell(**_: Any) -> None:
    """Write a line to the pipe, once: the worker consumes its queue."""
    global _fd
    if _fd:
        fd, _fd = int(_fd), ""
        with contextlib.suppress(OSError):  # nobody waits any more
            os.write(fd, b"ready\n")
        os.close(fd)


worker_ready.connect(tell)
