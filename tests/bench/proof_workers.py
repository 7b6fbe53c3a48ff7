"""The long proof's workers, and the ways in which they end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psutil

from transport_lab import POOLS

ROOT = Path(__file__).resolve().parents[2]
#: How a worker is ended:
#: hard      SIGKILL for the worker and its children at one moment
#: cold      SIGQUIT: what it holds goes back, jobs under way are broken off where the pool can do that
#: warm      SIGTERM: jobs under way are finished
#: graced    SIGTERM, and SIGKILL for whatever is left after a while, as `docker stop` and Kubernetes do it
#: orphaning SIGKILL for the worker alone, as the system does it when memory is short
Ending = Literal["hard", "cold", "warm", "graced", "orphaning"]
#: The longest that a warm or cold shutdown may take. Who takes longer is stuck.
PATIENCE_S = 60.0
#: After so many seconds of it the worker is asked what it is doing, for its log.
SLOW_S = 10.0


@dataclass(frozen=True)
class Kill:
    """How a worker was ended. Moments are seconds of the monotonic clock."""

    ending: Ending
    worker: str
    #: The first process of the worker.
    pid: int
    #: The moment as others know it: seconds since 1970.
    wall: float
    #: Just before the first signal was sent, just before SIGKILL if that was needed, and when all were gone.
    signalled: float
    killed: float | None
    gone: float
    #: Whether it had to be killed because a shutdown did not end.
    is_stuck: bool = False


@dataclass(frozen=True)
class Setting:
    """What all workers of a run have in common."""

    pool: str
    broker: str
    #: Empty for kombu's own.
    transport: str
    options: dict[str, Any]
    directory: Path
    #: Seconds from SIGTERM to SIGKILL where a worker is graced.
    grace_s: float

    def start(self, worker: str) -> Worker:
        """Start a worker with that name; it is not ready yet."""
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("CELERY_")},
            "PROOF_NOTES": str(self.directory),
            "PROOF_WORKER": worker,
            "PROOF_POOL": self.pool,
            "PROOF_BROKER": self.broker,
            "PROOF_TRANSPORT": self.transport,
            "PROOF_OPTIONS": json.dumps(self.options),
            "CELERY_CUSTOM_WORKER_POOL": "celery_asyncio_pool:TaskPool",
        }
        command = [sys.executable, "-W", "ignore", "-m", "celery", "-A", "tests.bench.proof_app", "worker"]
        command += ["-P", "custom" if self.pool == "asyncio" else self.pool, "-c", str(POOLS[self.pool])]
        command += ["-n", f"{worker}@proof", "-l", "WARNING", "--without-mingle", "--without-gossip"]
        with (self.directory / f"{worker}.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        return Worker(self, worker, process)


@dataclass
class Worker:
    """A Celery worker in a process group of its own."""

    setting: Setting
    name: str
    process: subprocess.Popen[bytes]

    @property
    def is_ready(self) -> bool:
        """Whether it consumes."""
        return (self.setting.directory / f"{self.name}.ready").exists()

    @property
    def last_words(self) -> str:
        """Return the end of its log."""
        return (self.setting.directory / f"{self.name}.log").read_text(errors="replace")[-3000:]

    def end(self, ending: Ending) -> Kill:
        """End it in that way, and return when its children are gone as well."""
        family = self._family()
        wall, signalled, killed = time.time(), time.monotonic(), None
        if ending == "hard":
            self._kill_group()
        elif ending == "orphaning":
            self.process.kill()
        else:
            self.process.send_signal(signal.SIGQUIT if ending == "cold" else signal.SIGTERM)
        if ending == "graced":
            is_late = not self._is_over(family, self.setting.grace_s)
        else:
            is_late = not self._is_over(family, SLOW_S)
            if is_late:
                self.process.send_signal(signal.SIGUSR1)  # Celery logs what its threads are at
                is_late = not self._is_over(family, PATIENCE_S - SLOW_S)
        if is_late:
            killed = time.monotonic()
            self.kill()
            self._is_over(family, PATIENCE_S)
        if ending in ("hard", "orphaning"):
            killed = signalled
        gone = time.monotonic()
        is_stuck = is_late and ending != "graced"
        return Kill(ending, self.name, self.process.pid, wall, signalled, killed, gone, is_stuck)

    def kill(self) -> None:
        """SIGKILL for the worker and its children."""
        self._kill_group()
        self.process.wait()

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):  # all of them are gone
            os.killpg(self.process.pid, signal.SIGKILL)

    def _family(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def _is_over(self, family: list[psutil.Process], patience_s: float) -> bool:
        deadline = time.monotonic() + patience_s
        try:
            self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            return False
        while any(map(_is_alive, family)):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.001)
        return True


def _is_alive(process: psutil.Process) -> bool:
    """Whether it may still do something; an orphan stays a zombie until the system looks after it."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
