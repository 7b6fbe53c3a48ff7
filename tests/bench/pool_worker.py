"""A Celery worker with one pool, as a process of its own, for the benchmark of the pools."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Seconds after which a worker that has not answered is given up.
PATIENCE_S = 60.0
ROOT = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def running_worker(
    app: Any, log: Path, module: str, pool: str, slots: int, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A worker named `bench@test` that has answered a ping; its whole process group is gone afterwards."""
    environ = {**os.environ, **environment, "CELERY_CUSTOM_WORKER_POOL": "celery_asyncio_pool:TaskPool"}
    command = [sys.executable, "-W", "ignore", "-m", "celery", "-A", module, "worker"]
    command += [f"--pool={'custom' if pool == 'asyncio' else pool}", "-c", str(slots), "-n", "bench@test"]
    command += ["-Q", "idle", "--loglevel=ERROR"]
    command += ["--without-mingle", "--without-gossip", "--without-heartbeat"]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environ, stdout=sink, stderr=sink, start_new_session=True
        )
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not app.control.ping(["bench@test"], timeout=0.5, limit=1):
            assert process.poll() is None, f"the worker ended:\n{log.read_text()}"
            assert time.monotonic() < deadline, f"the worker did not start:\n{log.read_text()}"
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
