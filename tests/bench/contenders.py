"""Workers side by side: Celery in its pools, and the peers, each in an environment of its own.

A peer is the installed package, and `uv run --no-project` makes its environment (the first time, it downloads
it). What runs there is in `peers/work_*.py`: the same three tasks for all, which leave the same effect.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

PEERS = Path(__file__).parent / "peers"
RELIABLE, STOCK = "celery_reliable_redis:Transport", "redis"
#: A base class of tasks.
PROMPT = "celery_reliable_redis.prompt:Task"
T = TypeVar("T")
REDIS = ("redis==8.1.0", "hiredis==3.5.0")
#: Seconds after which a sender is given up.
PATIENCE_S = 120


@dataclass(frozen=True)
class Contender:
    """What sends and does the jobs."""

    name: str
    #: In `peers/`: `work_<module>.py`.
    module: str
    #: The worker's command line, in which {slots} is how many jobs it may do at a time.
    worker: str
    #: What its environment holds besides redis-py and hiredis; nothing for ours, which has this one.
    packages: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def versions(self) -> str:
        """What it is, for the table's title."""
        return ", ".join(self.packages)

    def _prefix(self) -> list[str]:
        if not self.packages:
            return [sys.executable, "-W", "ignore"]
        packages = [f"--with={package}" for package in (*self.packages, *REDIS)]
        return ["uv", "run", "-q", "--no-project", f"--python={sys.version_info[0]}.{sys.version_info[1]}",
                *packages, "python", "-W", "ignore"]  # fmt: skip

    def _environ(self, environment: dict[str, str]) -> dict[str, str]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("CELERY_", "PYTHON"))}
        return {**clean, **self.environment, **environment}

    @contextlib.contextmanager
    def working(self, slots: int, log: Path, **environment: str) -> Iterator[None]:
        """A worker that is being started; its whole process group is gone afterwards."""
        command = [*self._prefix(), *self.worker.format(slots=slots).split()]
        environ = self._environ({**environment, "BENCH_SLOTS": str(slots)})
        with log.open("wb") as sink:
            process = subprocess.Popen(
                command, cwd=PEERS, env=environ, stdout=sink, stderr=sink, start_new_session=True
            )
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def send(self, *arguments: object, **environment: str) -> str:
        """Run the sender, as `peers/effects.py` says, and return what it prints."""
        # Not as a script: a worker knows the tasks by the module's name.
        script = f"import work_{self.module}; work_{self.module}.main()"
        command = [*self._prefix(), "-c", script, *map(str, arguments)]
        environ = self._environ({**environment, "BENCH_SLOTS": "1"})
        return subprocess.run(
            command, cwd=PEERS, env=environ, stdout=subprocess.PIPE, text=True, check=True, timeout=PATIENCE_S
        ).stdout


def _celery(pool: str, transport: str = RELIABLE, task: str = "") -> Contender:
    is_async = pool == "asyncio"
    return Contender(
        f"{pool}{'' if transport == RELIABLE else ', stock'}{', prompt' * bool(task)}",
        "celery",
        f"-m celery -A work_celery worker -P {'custom' if is_async else pool} -c {{slots}} -n bench@test "
        "--loglevel=ERROR --without-mingle --without-gossip --without-heartbeat",
        environment={
            "BENCH_TRANSPORT": transport,
            "BENCH_TASK": task or "celery.app.task:Task",
            "BENCH_SUFFIX": "_async" if is_async else "",
            "CELERY_CUSTOM_WORKER_POOL": "celery_asyncio_pool:TaskPool",
        },
    )


CONTENDERS = {
    contender.name: contender
    for contender in (
        *map(_celery, ("solo", "threads", "gevent", "asyncio")),
        *(_celery(pool, STOCK) for pool in ("solo", "threads", "asyncio")),
        *(_celery(pool, RELIABLE, PROMPT) for pool in ("solo", "threads", "asyncio")),
        Contender(
            "taskiq",
            "taskiq",
            "-m taskiq worker work_taskiq:broker --workers 1 --max-async-tasks {slots} --log-level ERROR "
            "--ack-type when_executed",
            ("taskiq==0.13.0", "taskiq-redis==1.2.4"),
        ),
        Contender(
            "dramatiq",
            "dramatiq",
            "-m dramatiq work_dramatiq --processes 1 --threads {slots} --skip-logging",
            ("dramatiq==2.2.1",),
        ),
        Contender("huey", "huey", "-m huey.bin.huey_consumer work_huey.huey -w {slots} -q", ("huey==3.5.4",)),
        Contender("bare redis-py", "bare", "work_bare.py"),
        Contender("saq", "saq", "-m saq work_saq.settings -q", ("saq==0.26.4",)),
    )
}


def chosen(variable: str, default: str) -> list[Contender]:
    """Return the contenders that an environment variable names, between semicolons."""
    return [CONTENDERS[name.strip()] for name in os.environ.get(variable, default).split(";")]


def interleaved(plan: Sequence[T], rounds: int) -> Iterator[T]:
    """Yield the whole plan in each round, in random order, so that drift of the machine hits all alike."""
    chance = random.Random(time.time_ns())
    for _ in range(rounds):
        yield from chance.sample(plan, len(plan))
