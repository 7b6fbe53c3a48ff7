"""The worker: does jobs, never knows who asked.

Hands on the Celery app, so that `celery -A worker worker --pool=gevent` finds it. It is made on first
use: whoever only wants a job done in process (and a Python without Celery) imports no Celery.
"""

import sys
from typing import Any


def __getattr__(name: str) -> Any:
    if name in ("app", "celery"):
        from worker.errors import SimulError

        try:
            from worker.app import app
        except SimulError as error:
            # It is the `celery` command that asks; of any other exception it would print a traceback.
            sys.exit(f"{type(error).__name__.removesuffix('Error')}: {error}")
        return app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
