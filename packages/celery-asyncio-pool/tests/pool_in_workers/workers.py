"""Start and stop a Celery worker as a process of its own. Waits for events, never for time to pass."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import celery

#: Seconds after which an event that should have happened is taken for lost.
PATIENCE_S = 60.0
#: The numbers of this Celery's version, as far as they matter: (5, 7).
CELERY = tuple(int(number) for number in celery.__version__.split(".")[:2])
#: From where a worker can import the apps of these tests.
TESTS = Path(__file__).resolve().parents[1]
#: Waits for the next entry of a list, and returns it.
Event = Callable[[str], str]


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for an event that only looking can tell of."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"never {what}"
        time.sleep(0.01)


def free_port() -> int:
    """A TCP port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Worker:
    """A running worker: its name, its process, its queue and what it has logged."""

    def __init__(self, app: Any, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.app = app
        self.name = name
        self.queue = name.partition("@")[0]
        self.process = process
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text()

    def send(self, task: str, *args: Any, **options: Any) -> Any:
        return self.app.send_task(_full(task), args, queue=self.queue, **options)

    def run(self, task: str, *args: Any, **options: Any) -> Any:
        return self.send(task, *args, **options).get(timeout=PATIENCE_S)

    def inspect(self, method: str) -> Any:
        # One reply is all there can be, so the broadcast need not wait out its time.
        inspect = self.app.control.inspect([self.name], timeout=PATIENCE_S, limit=1)
        return (getattr(inspect, method)() or {})[self.name]

    def control(self, method: str, *args: Any, **options: Any) -> Any:
        return getattr(self.app.control, method)(
            *args, destination=[self.name], reply=True, timeout=PATIENCE_S, limit=1, **options
        )

    def wait_for_log(self, text: str) -> str:
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.log:
            assert time.monotonic() < deadline, f"never logged {text!r}:\n{self.log}"
            time.sleep(0.02)
        return self.log

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        return self.process.wait(PATIENCE_S)


def terminate(worker: Worker, task: str, key: str, event: Event, part: str = "") -> Any:
    """Terminate a task in its body, or in another `part` as ":hook"; its result, once that is cancelled."""
    result = worker.send(task, key)
    event(f"{key}{part}:started")
    worker.control("revoke", result.id, terminate=True)
    event(f"{key}{part}:cancelled")
    return result


def _full(task: str) -> str:
    return task if "." in task else "pool_in_workers.foreign_app." + task


def make_command(
    module: str, pool: str = "asyncio", name: str = "a@test", queue: str = "a", loglevel: str = "INFO"
) -> list[str]:
    """The command line of a worker."""
    command = [sys.executable, "-W", "ignore", "-m", "celery", "-A", module]
    command += ["worker", f"--pool={'custom' if pool == 'asyncio' else pool}", "-n", name, "-Q", queue]
    command += [f"--loglevel={loglevel}", "--without-mingle", "--without-gossip", "--without-heartbeat"]
    return command


@contextlib.contextmanager
def running_worker(
    app: Any,
    directory: Path,
    queue: str,
    *options: str,
    pool: str = "asyncio",
    loglevel: str = "INFO",
    module: str = "pool_in_workers.foreign_app",
    **environment: str,
) -> Iterator[Worker]:
    """A worker that has answered a ping; its whole process group is gone afterwards."""
    name, log = f"{queue}@test", directory / f"{queue}.log"
    # What the user has set for Celery is not for these workers.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CELERY_")}
    environ = {**kept, **environment, "FOREIGN_QUEUE": queue, "PYTHONUNBUFFERED": "1"}
    environ["CELERY_CUSTOM_WORKER_POOL"] = "celery_asyncio_pool:TaskPool"
    command = make_command(module, pool, name, queue, loglevel)
    command += options
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, cwd=TESTS, env=environ, stdout=sink, stderr=sink, start_new_session=True
        )
    worker = Worker(app, name, process, log)
    try:
        _wait_until_ready(worker)
        yield worker
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_ready(worker: Worker) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not worker.app.control.ping([worker.name], timeout=0.5, limit=1):
        assert worker.process.poll() is None, f"the worker ended:\n{worker.log}"
        assert time.monotonic() < deadline, f"the worker did not start:\n{worker.log}"
        time.sleep(0.02)
