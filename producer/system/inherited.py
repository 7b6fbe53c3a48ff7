"""Chooses the environment variables that the lab's processes inherit: none that would mislead them.

Celery, kombu and billiard read some sixty variables, and let most of them go before what a command or an app
says. Who works on a project with Celery may have these set for it; the lab's processes do without. The
broker's address, which holds its password, goes to workers alone, from those that start them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

#: Variables for Celery and kombu begin with one of these, but for our asyncio pool's own options.
PREFIXES = ("CELERY_", "KOMBU_")
OWN_OPTIONS = "CELERY_AIO_"
#: The others that they and billiard read (tests/unit/test_inherited.py finds them in the sources).
NAMES = frozenset(
    {
        # Options of the `celery` command.
        *("APP", "BROKER_URL", "CONFIG_MODULE", "LOADER", "RESULT_BACKEND", "SKIP_CHECKS"),
        # Another project of Django's.
        *("DJANGO_PROJECT_DIR", "DJANGO_SETTINGS_MODULE"),
        # What a worker and its pool do.
        *(
            "AUTOSCALE_KEEPALIVE",
            "C_BENCH",
            "C_BENCH_EVERY",
            "C_FAKEFORK",
            "C_FORCE_ROOT",
            "DISABLE_TRACEBACKS",
        ),
        *("EVENTLET_NOBLOCK", "NOSETPS", "PICKLE_PROTOCOL", "REMAP_SIGTERM"),
        "USE_FAST_LOCALS",
        # Left by a parent of Celery's or billiard's.
        *("FORKED_BY_MULTIPROCESSING", "MP_MAIN_FILE", "celery_dummy_proxy"),
        *("_MP_FORK_LOGFILE_", "_MP_FORK_LOGFORMAT_", "_MP_FORK_LOGLEVEL_"),
        # For those who look for errors in Celery.
        *("C_IMPDEBUG", "C_REMDEBUG", "C_STRICT_APP", "C_WARN_APP", "C_WNOCONF", "MP_LOG", "TIMER_DEBUG"),
        # With its password, an address is for those who need it.
        "SIMUL_BROKER_URL",
    }
)


def kept_back(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what `inherited` leaves out, but for the lab's own broker: the user's own code may need it."""
    kept = inherited(environ)
    return {name: value for name, value in environ.items() if name not in kept and name != "SIMUL_BROKER_URL"}


def inherited(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the part of `environ` that the lab gives to the processes that it starts."""
    return {
        name: value
        for name, value in environ.items()
        if name not in NAMES and (not name.startswith(PREFIXES) or name.startswith(OWN_OPTIONS))
    }
