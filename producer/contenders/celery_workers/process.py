"""One worker process of the lab's: started, awaited, asked and ended. Which jobs it gets, others decide."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO

import redis
from celery import Celery

from producer.contenders.celery_workers.command import worker_command, worker_environment
from producer.contenders.celery_workers.replies import ASK_S, Stats, ask
from producer.contenders.pool_options import arguments, variables
from producer.contenders.spec import Spec
from producer.system.broker import Broker, check
from producer.system.exits import how_it_ended, last_words
from producer.system.reaper import Reaper
from producer.system.traces import Traces
from worker.errors import BrokerUnavailableError, ContenderError
from worker.ready import READY_FD
from worker.settings import PROJECT

#: How long a worker may take to say that it is ready, and then to answer a question, in seconds.
READY_S = 60.0
#: How often a worker that has not said so is looked after, and its broker, in seconds.
LOOK_S = 1.0
#: How long a worker has for a warm shutdown before it is killed, in seconds.
STOP_S = 10.0
#: Nobody else consumes its contender's queue but workers of the same lab: there is nobody to gossip with.
ALONE = ("--without-gossip", "--without-mingle", "--without-heartbeat")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the workers of one contender have around them."""

    broker: Broker
    app: Celery
    data_root: Path
    reaper: Reaper
    #: What carries messages where the contender's options do not say.
    transport: str
    #: What else is set in their environment.
    variables: Mapping[str, str]


@dataclass(slots=True, eq=False)
class WorkerProcess:
    """A worker that consumes `queue` and is called `node`. Start it, await it, and end it once."""

    spec: Spec
    queue: str
    node: str
    around: Surroundings
    #: What it is called where something is wrong with it: "its worker", or "its worker 2 of 4".
    called: str = "its worker"
    #: What it writes to stdout and stderr.
    log: IO[bytes] = field(init=False)
    process: subprocess.Popen[bytes] = field(init=False)
    _directory: tempfile.TemporaryDirectory[str] = field(init=False)
    _ready: Connection = field(init=False)
    _traces: Traces = field(init=False)

    def start(self) -> None:
        """Start it, and return at once."""
        asker = self.around.app.control.mailbox.asker
        self._traces = Traces(queue=self.queue, node=self.node, asker=asker)
        self.around.reaper.add_traces(self._traces)
        self.log = tempfile.TemporaryFile()  # noqa: SIM115  closed by end()
        # For what it would clean up itself if it were not killed: prefork has a directory.
        self._directory = tempfile.TemporaryDirectory(prefix="simul-worker-", ignore_cleanup_errors=True)
        self.around.reaper.add_directory(Path(self._directory.name))
        told, telling = os.pipe()
        self._ready = Connection(told, writable=False)
        try:
            self.process = self._start_process(telling)
        finally:
            os.close(telling)

    def await_ready(self) -> None:
        """Wait until it writes to its pipe, that it consumes its queue; where it ends, the pipe closes.

        Raises:
            ContenderError: it did not become ready; the text ends with the end of its log.
        """
        deadline = time.monotonic() + READY_S
        while not self._ready.poll(LOOK_S):
            if self.death():  # a child of its own may hold the pipe open
                break
            if time.monotonic() > deadline:
                raise ContenderError(
                    f"{self.spec.name} was not ready within {READY_S:.0f} s: {last_words(self.log)}"
                )
            try:
                check(self.around.broker.url)
            except BrokerUnavailableError as error:  # it would wait for it, for ever
                raise ContenderError(f"{self.spec.name} did not start: {error}") from None
        else:
            if os.read(self._ready.fileno(), 1):
                return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_S)
        raise ContenderError(f"{self.spec.name} did not start: {self.death() or last_words(self.log)}")

    def ask_event_loop(self) -> str | None:
        """Ask for the class of its event loop, which also shows that it answers questions.

        Raises:
            ContenderError: it does not answer, or not as a worker does.
        """
        deadline = time.monotonic() + READY_S
        # The first question may come too early: under gevent and eventlet it listens when it finds the time.
        while time.monotonic() < deadline:
            replies = ask(self.around.app, "stats", Stats, ASK_S, [self.node])
            stats: Stats | None = replies.answers.get(self.node)
            if stats:
                return stats.pool.loop
            if fault := replies.faults.get(self.node) or self.death():
                raise ContenderError(f"{self.spec.name} did not say what it is: {fault}")
        words = last_words(self.log)
        raise ContenderError(f"{self.spec.name} answered no question within {READY_S:.0f} s: {words}")

    def death(self) -> str | None:
        """Say how it ended; None while it runs."""
        code = self.process.poll()
        return None if code is None else f"{self.called} {how_it_ended(code, self.log)}"

    def ask_to_stop(self) -> None:
        """Ask for a warm shutdown, and return at once."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)

    def end(self, client: redis.Redis, until: float) -> None:
        """End all of its process group, and remove what it has left; it has until then to end by itself."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, until - time.monotonic()))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.around.reaper.drop_process(self.process.pid)
        self._ready.close()
        self.log.close()
        self._directory.cleanup()
        self._traces.remove(client)
        self.around.reaper.drop_traces(self._traces)

    def _start_process(self, telling: int) -> subprocess.Popen[bytes]:
        pool, around, options = self.spec.celery_pool, self.around, self.spec.options
        assert pool
        environment = worker_environment(
            pool, around.broker.url, around.data_root, around.transport, variables=around.variables
        )
        told = ("-n", self.node, "-l", "WARNING", *ALONE, *arguments(options))
        return around.reaper.start(
            worker_command(pool, self.spec.slots, self.queue, *told, python=self.spec.executable),
            env={
                **environment,
                **variables(options),
                "TMPDIR": self._directory.name,
                READY_FD: str(telling),
            },
            pass_fds=(telling,),
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
        )
