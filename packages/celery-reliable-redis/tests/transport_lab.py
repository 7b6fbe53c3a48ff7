"""Servers and workers that a test starts, kills and cleans up: by process id, never by name."""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis
from celery import Celery
from kombu import Connection
from redis.backoff import NoBackoff
from redis.retry import Retry

HERE = Path(__file__).resolve().parent
RELIABLE = "celery_reliable_redis:Transport"
#: Slots of each pool.
POOLS = {"solo": 1, "threads": 4, "prefork": 2, "gevent": 8, "eventlet": 8, "asyncio": 8}
#: What some pools need. Where it is not installed, their tests are left out.
REQUIRED = {"gevent": "gevent", "eventlet": "eventlet", "asyncio": "celery_asyncio_pool"}
#: Those that `.ci/run` tries in tests that take long; the workflow tries all.
QUICK = "prefork", "gevent"
#: Long enough for any busy machine; a test that gets this far has failed.
PATIENCE_S = 60.0


def pools(*names: str) -> list[Any]:
    """Parameters for a test that takes long in each pool."""
    return [name if name in QUICK else pytest.param(name, marks=pytest.mark.lengthy) for name in names]


def until(condition: Callable[[], Any], what: str, every_s: float = 0.02) -> None:
    """Wait for an event. Raises AssertionError if it does not come."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(every_s)


def free_pair() -> int:
    """A free port, and free is the one 10,000 higher, where a cluster's node listens, too; 0 for bad luck."""
    port = random.randrange(20_000, 32_000)
    with socket.socket() as lower, socket.socket() as higher:
        try:
            lower.bind(("127.0.0.1", port))
            higher.bind(("127.0.0.1", port + 10_000))
        except OSError:
            return 0
    return port


#: What a server answers that is there, and will not have us: no password, no HELLO.
REFUSALS = redis.AuthenticationError, redis.ResponseError


class ServerDidNotStart(Exception):  # noqa: N818  # it says what happened
    """The server has ended at once; its last words."""


@dataclass
class Server:
    """A server on a loopback port of its own, with an append-only file."""

    binary: str
    directory: Path
    arguments: tuple[str, ...] = ()
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and return when it answers."""
        while not self.port:
            self.port = free_pair()
        log = (self.directory / "server.log").open("ab")
        with log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, start_new_session=True)
        until(lambda: self._answers() or self._ended(), "an answer of the server")
        if self._ended():
            self.process = None
            raise ServerDidNotStart((self.directory / "server.log").read_text()[-500:])

    def command(self) -> list[str]:
        """What starts it."""
        command = [self.binary, "--port", str(self.port), "--bind", "127.0.0.1", "--appendonly", "yes"]
        return [*command, "--dir", str(self.directory), "--save", "", *self.arguments]

    def _ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                client = self.client()
                with contextlib.closing(client), contextlib.suppress(*REFUSALS):
                    return bool(client.ping())
                return True
        except (OSError, redis.RedisError):
            return False

    def stop(self) -> None:
        """Stop as an administrator does; what it knows is in the file."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def kill(self) -> None:
        """SIGKILL, as when its machine dies."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def url(self, db: int = 0) -> str:
        return f"redis://127.0.0.1:{self.port}/{db}"

    def client(self, db: int = 0) -> redis.Redis:
        return redis.Redis(
            host="127.0.0.1", port=self.port, db=db, socket_timeout=10, retry=Retry(NoBackoff(), 0)
        )


@contextlib.contextmanager
def running_server(binary: str, directory: Path, *arguments: str) -> Iterator[Server]:
    """A server that answers, and is stopped afterwards."""
    server = Server(binary, directory, arguments)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@dataclass
class Worker:
    """A real Celery worker in a process group of its own."""

    process: subprocess.Popen[bytes]
    name: str
    log: Path

    def signal(self, number: int, *, group: bool = False) -> None:
        if self.process.poll() is None:
            (os.killpg if group else os.kill)(self.process.pid, number)

    def kill(self) -> None:
        """SIGKILL for the worker and its children, all at one moment, as a power cut."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def shut_down(self) -> int:
        """A warm shutdown. Returns the exit code."""
        self.signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)


def peak_memory(pid: int) -> int:
    """The most bytes that a process, or any below it, has ever used."""
    process = psutil.Process(pid)
    return max(map(_peak, [process, *process.children(recursive=True)]))


def _peak(process: psutil.Process) -> int:
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():  # not Linux
        return int(process.memory_info().rss)
    [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def require_pool(pool: str) -> None:
    """Skip the test if the pool's package is not installed."""
    package = REQUIRED.get(pool)
    if package and importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")


def in_one_packet(producer: Any) -> contextlib.AbstractContextManager[Any]:
    """What is published in the context travels together, where kombu can do that (since 5.7)."""
    return producer.batch() if hasattr(producer, "batch") else contextlib.nullcontext()


#: All messages in the queue or reserved, and all that is recorded, in one moment.
ACCOUNT = """
local places = redis.call('LRANGE', 'celery', 0, -1)
for _, key in ipairs(redis.call('KEYS', 'reliable:*:*')) do
  if redis.call('TYPE', key).ok == 'list' then
    for _, raw in ipairs(redis.call('LRANGE', key, 0, -1)) do places[#places + 1] = raw end
  end
end
for _, raw in ipairs(redis.call('HVALS', 'unacked')) do places[#places + 1] = raw end
redis.call('SELECT', 4)
return {places, redis.call('LRANGE', 'done', 0, -1)}
"""


def number_in(raw: bytes) -> int:
    """The number of the job in a message, as a queue holds it or as kombu keeps it in `unacked`."""
    payload = json.loads(raw)
    if isinstance(payload, list):
        payload = payload[0]
    return int(json.loads(base64.b64decode(payload["body"]))[0][0])


@dataclass
class Lab:
    """A server, workers on it, and the exact account of every job."""

    server: Server
    directory: Path
    broker: str = ""
    options: dict[str, Any] = field(default_factory=lambda: {"lease": 1.0})
    transport: str = RELIABLE
    workers: list[Worker] = field(default_factory=list)
    sent: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.broker = self.broker or self.server.url(3)
        self.app = Celery("client", broker=self.broker)
        self.app.conf.update(broker_transport_options=self.options)
        self.broker_client = self.server.client(3)
        self.records_server(self.server)

    def records_server(self, server: Server) -> None:
        """Keep the records there."""
        self.records, self.records_url = server.client(4), server.url(4)

    def worker(
        self,
        pool: str,
        *arguments: str,
        transport: str | None = None,
        acks: str = "late",
        alone: bool = True,
    ) -> Worker:
        """Start a worker; it may not be ready yet. One that is not `alone` greets others: a second more."""
        require_pool(pool)
        name = f"{pool}{len(self.workers)}@lab"
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("CELERY_")},
            "FOREIGN_BROKER": self.broker,
            "FOREIGN_RECORDS": self.records_url,
            "FOREIGN_TRANSPORT": self.transport if transport is None else transport,
            "FOREIGN_OPTIONS": json.dumps(self.options),
            "FOREIGN_ACKS": acks,
            "PYTHONPATH": str(HERE),
            "PYTHONWARNINGS": "ignore",
        }
        app, celery_name = "transport_app", pool
        if pool == "asyncio":
            app, celery_name = "transport_async_app", "custom"
            environment["CELERY_CUSTOM_WORKER_POOL"] = "celery_asyncio_pool:TaskPool"
        command = [sys.executable, "-m", "celery", "-A", app, "worker", "-P", celery_name, "-n", name]
        command += ["-c", str(POOLS[pool]), "-l", "INFO", *arguments]
        command += ["--without-mingle", "--without-gossip"] if alone else []
        log = self.directory / f"{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                command, env=environment, stdout=out, stderr=out, start_new_session=True, cwd=self.directory
            )
        started = Worker(process, name, log)
        self.workers.append(started)
        return started

    def ready(self, *workers: Worker) -> None:
        """Wait until the workers consume."""
        for worker in workers:
            until(lambda w=worker: b" ready." in w.log.read_bytes(), f"{worker.name} ready")  # type: ignore[misc]

    def answers(self, worker: Worker) -> None:
        """Wait until the worker answers to a ping, from somebody who may do anything and then leaves.

        With greenlets it may be ready before it listens, and kombu keeps no ping for one who does not.
        """
        with Celery("asks", broker=self.server.url(3)) as app:
            app.conf.update(broker_transport_options=self.options)
            until(lambda: app.control.ping([worker.name], timeout=1, limit=1), f"an answer of {worker.name}")

    def send(self, task: str, numbers: range, *args: Any, **options: Any) -> None:
        """Send one job for each number, with a stock producer."""
        with self.app.producer_pool.acquire(block=True) as producer, in_one_packet(producer):
            for number in numbers:
                self.app.send_task(task, (number, *args), producer=producer, **options)
        self.sent |= set(numbers)

    def noted(self, what: str) -> Counter[int]:
        numbers: Any = self.records.lrange(what, 0, -1)
        return Counter(int(number) for number in numbers)

    def reserved(self) -> dict[str, int]:
        """What is reserved, by list."""
        prefix = self.options.get("global_keyprefix", "")
        keys: Any = self.broker_client.keys(f"{prefix}reliable:*-*:*")
        lists = [key.decode() for key in keys]
        return {key: int(self.broker_client.llen(key)) for key in lists}

    def queued(self, queue: str = "celery") -> int:
        return int(self.broker_client.llen(self.options.get("global_keyprefix", "") + queue))

    def account(self) -> tuple[Counter[int], Counter[int]]:
        """At one moment: how often each job is queued or reserved, and how often it is recorded."""
        reply: Any = self.broker_client.eval(ACCOUNT, 0)
        messages, done = reply
        return Counter(map(number_in, messages)), Counter(map(int, done))

    def nothing_is_lost(self) -> None:
        """Assert that every job sent is in exactly one place or recorded, at this moment."""
        places, recorded = self.account()
        assert all(count == 1 for count in places.values()), f"in two places: {places}"
        assert not (lost := self.sent - places.keys() - recorded.keys()), f"lost: {sorted(lost)}"

    def reserved_by(self, worker: Worker) -> int:
        """How many messages that worker has reserved."""
        prefix = f"{self.options.get('global_keyprefix', '')}reliable:{worker.process.pid}-"
        return sum(count for key, count in self.reserved().items() if key.startswith(prefix))

    def all_done(self) -> None:
        """Wait until every job sent is recorded, and nothing is queued or reserved."""
        until(lambda: self.sent <= set(self.noted("done")), "a record of every job")
        until(lambda: not self.queued() and not any(self.reserved().values()), "an empty account")

    def all_done_but(self, *numbers: int) -> None:
        """The same, for all jobs but these."""
        self.sent -= set(numbers)
        self.all_done()

    def connection(self, **options: Any) -> Connection:
        return Connection(self.broker, transport=RELIABLE, transport_options={**self.options, **options})

    def close(self) -> None:
        """End everything that was started here."""
        for worker in self.workers:
            worker.kill()
        self.app.close()
        self.broker_client.close()
        self.records.close()


@contextlib.contextmanager
def laboratory(server: Server, directory: Path, **options: Any) -> Iterator[Lab]:
    lab = Lab(server, directory, **options)
    try:
        yield lab
    finally:
        lab.close()


@contextlib.contextmanager
def wiped_laboratory(server: Server, directory: Path, **options: Any) -> Iterator[Lab]:
    """A laboratory on a server that others have used before."""
    with server.client() as client:
        client.flushall()
    with laboratory(server, directory, **options) as lab:
        yield lab
