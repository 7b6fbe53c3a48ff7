"""Restarts a worker on SIGHUP by the command that started it.

Without a terminal Celery does so by `sys.argv`, where the path of a file stands for `-m celery`. Run by that
path, Celery cannot import its own modules, and the worker would end in a traceback.
"""

from __future__ import annotations

import sys
from typing import Any

from celery.signals import worker_init


def keep_command(**_: Any) -> None:
    """Put the whole command where Celery looks for it; the arguments are read by then."""
    sys.argv = sys.orig_argv[1:]


worker_init.connect(keep_command)
