"""Makes the command that starts a Celery worker, and its environment. Starts nothing itself."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from producer.system.inherited import inherited
from worker.pools import pool
from worker.settings import ACKS, TRANSPORTS

#: A module of settings that does not exist: where none is named, Celery imports the first celeryconfig.py on
#: the path, even before it knows of the lab's app, which would not read it.
NO_SETTINGS = "no_celeryconfig"


def worker_command(
    pool_name: str, slots: int, queue: str | None = None, *options: str, python: str = sys.executable
) -> list[str]:
    """Make the command that starts a worker.

    It is the plain `celery` command line, which anybody can type, but for `-m worker` in place of
    `-m celery`: so the worker is ready sooner (see `worker.start`).
    """
    row = pool(pool_name)
    command = [python, "-m", "worker", "-q", "-A", "worker", "worker", f"--pool={row.celery_name}"]
    if row.scales:
        command += ["-c", str(slots)]
    return [*command, "-Q", queue or row.queue, *options]


def worker_environment(
    pool_name: str,
    broker_url: str,
    data_root: Path,
    transport: str = TRANSPORTS[0],
    acks: str = ACKS[0],
    variables: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Make the environment of a worker: what it inherits, and what it needs; `variables` is what else."""
    return {
        **inherited(),
        **(variables or {}),
        **pool(pool_name).environment,
        "CELERY_CONFIG_MODULE": NO_SETTINGS,
        "SIMUL_BROKER_URL": broker_url,
        "SIMUL_DATA": str(data_root),
        "SIMUL_TRANSPORT": transport,
        "SIMUL_ACKS": acks,
    }
