"""Does jobs, and never knows who asked for them.

The package hands on the Celery app, so that `celery -A worker worker --pool=gevent` finds it. The app is made
on first use: a program that only does a job in its own process imports no Celery, and needs none.
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
