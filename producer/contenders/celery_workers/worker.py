"""A Celery pool in a real worker process, which the lab starts, waits for and stops."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from celery import Celery

from producer.contenders.celery_workers.command import worker_command, worker_environment
from producer.contenders.celery_workers.exchange import run_over_broker
from producer.contenders.celery_workers.replies import ASK_S, Stats, ask
from producer.contenders.protocol import Outcome, Progress
from producer.contenders.spec import Spec
from producer.system.broker import Broker, check
from producer.system.client import connect
from producer.system.exits import how_it_ended, last_words
from producer.system.reaper import Reaper
from producer.system.traces import Traces
from worker.errors import BrokerUnavailableError, ContenderError, SimulError
from worker.jobs import ChessMove, Job
from worker.pools import pool
from worker.ready import READY_FD
from worker.settings import PROJECT, TRANSPORTS

#: How long a worker may take to say that it is ready, and then to answer a question, in seconds.
READY_S = 60.0
#: How often a worker that has not said so is looked after, and its broker, in seconds.
LOOK_S = 1.0
#: How long a worker has for a warm shutdown before it is killed, in seconds.
STOP_S = 10.0
#: The start position, in which every slot plays one unhurried move to warm up.
WARM_UP_FEN = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"
WARM_UP_MS = 30


class CeleryWorker:
    """The contender protocol over a worker on a queue that nobody else consumes."""

    def __init__(
        self,
        spec: Spec,
        broker: Broker,
        app: Celery,
        data_root: Path,
        reaper: Reaper,
        transport: str = TRANSPORTS[0],
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """`variables` are set in the worker's environment."""
        assert spec.celery_pool
        self.spec = spec
        self._pool = spec.celery_pool
        self._broker = broker
        self._app = app
        self._data_root = data_root
        self._reaper = reaper
        self._transport = transport
        self._variables = variables
        self._worker: subprocess.Popen[bytes] | None = None
        self._event_loop: str | None = None

    def start(self) -> None:
        """Start the worker, wait until it is ready, have each slot do a job, and ask it what it is.

        Raises:
            ContenderError: it did not become ready; the text ends with the end of its log.
        """
        if self.spec.python and (why := self.spec.python.too_old_for(self._transport)):
            raise ContenderError(why)
        # A queue and a name that no other worker has, and that no message of an earlier life waits in.
        life = uuid.uuid4().hex[:8]
        self._queue = f"{pool(self._pool).queue}.{life}"
        self._node = f"{self._pool}-{life}@simul"
        self._traces = Traces(queue=self._queue, node=self._node, asker=self._app.control.mailbox.asker)
        self._reaper.add_traces(self._traces)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  closed by stop()
        # For what it would clean up itself if it were not killed: prefork has a directory.
        self._directory = tempfile.TemporaryDirectory(prefix="simul-worker-", ignore_cleanup_errors=True)
        self._reaper.add_directory(Path(self._directory.name))
        told, telling = os.pipe()
        with Connection(told, writable=False) as ready:
            try:
                self._worker = self._start_process(telling)
            finally:
                os.close(telling)
            try:
                self._await_ready(ready)
                self._warm_up()
                self._event_loop = self._ask_event_loop()
            except SimulError:
                self.stop()
                raise

    def run(self, jobs: Sequence[Job], progress: Progress) -> Outcome:
        """Send the jobs, collect the records, account for all of them."""
        outcome = self._run(jobs, progress)
        outcome.slots = self.spec.slots
        outcome.event_loop = self._event_loop
        if outcome.problems and self.alive():
            outcome.problems.append(f"the worker's log ends: {last_words(self._log)}")
        return outcome

    def processes(self) -> list[int]:
        """The worker; its children are below it."""
        worker = self._worker  # another thread may stop it
        return [worker.pid] if worker else []

    def alive(self) -> bool:
        """Whether the worker is there to run again."""
        return self._worker is not None and self._worker.poll() is None

    def break_off(self) -> None:
        """Kill the worker that another thread starts."""
        if worker := self._worker:
            worker.kill()

    def stop(self) -> None:
        """End the worker and all of its process group.

        In a broker of yours it leaves no trace: it has the time for a warm shutdown. The lab's own broker is
        soon gone, and a warm shutdown takes up to five seconds (Celery's loop under gevent and eventlet looks
        up every two): there the worker is killed.
        """
        if self._worker is None:
            return
        if not self._broker.embedded:
            with contextlib.suppress(ProcessLookupError):
                self._worker.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._worker.wait(STOP_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._worker.pid, signal.SIGKILL)
        self._worker.wait()
        self._reaper.drop_process(self._worker.pid)
        self._log.close()
        self._directory.cleanup()
        self._worker = None
        with contextlib.closing(connect(self._broker.url)) as client:
            self._traces.remove(client)
        self._reaper.drop_traces(self._traces)

    def _start_process(self, telling: int) -> subprocess.Popen[bytes]:
        # The lab has one worker a queue: it has nobody to gossip with.
        alone = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        options = ("-n", self._node, "-l", "WARNING", *alone)
        environment = worker_environment(
            self._pool, self._broker.url, self._data_root, self._transport, self._variables
        )
        return self._reaper.start(
            worker_command(self._pool, self.spec.slots, self._queue, *options, python=self.spec.executable),
            env={**environment, "TMPDIR": self._directory.name, READY_FD: str(telling)},
            pass_fds=(telling,),
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )

    def _await_ready(self, ready: Connection) -> None:
        """Wait until the worker writes to its pipe; where it ends, the pipe closes."""
        deadline = time.monotonic() + READY_S
        while not ready.poll(LOOK_S):
            if self._death():  # a child of its own may hold the pipe open
                break
            if time.monotonic() > deadline:
                words = last_words(self._log)
                raise ContenderError(f"{self.spec.name} was not ready within {READY_S:.0f} s: {words}")
            try:
                check(self._broker.url)
            except BrokerUnavailableError as error:  # it would wait for it, for ever
                raise ContenderError(f"{self.spec.name} did not start: {error}") from None
        else:
            if os.read(ready.fileno(), 1):
                return
        assert self._worker
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._worker.wait(STOP_S)
        raise ContenderError(f"{self.spec.name} did not start: {self._death() or last_words(self._log)}")

    def _ask_event_loop(self) -> str | None:
        """Ask for the class of its event loop, which also shows that it answers questions."""
        deadline = time.monotonic() + READY_S
        # The first question may come too early: under gevent and eventlet it listens when it finds the time.
        while time.monotonic() < deadline:
            replies = ask(self._app, "stats", Stats, ASK_S, [self._node])
            stats: Stats | None = replies.answers.get(self._node)
            if stats:
                return stats.pool.loop
            if fault := replies.faults.get(self._node) or self._death():
                raise ContenderError(f"{self.spec.name} did not say what it is: {fault}")
        words = last_words(self._log)
        raise ContenderError(f"{self.spec.name} answered no question within {READY_S:.0f} s: {words}")

    def _warm_up(self) -> None:
        seen: set[str] = set()
        wanted = self.spec.slots if pool(self._pool).slot == "process" else 1
        for _ in range(10):
            jobs: list[Any] = [ChessMove(WARM_UP_FEN, wait_ms=WARM_UP_MS)] * self.spec.slots
            outcome = self._run(jobs, lambda _: None)
            if outcome.problems:
                raise ContenderError(f"{self.spec.name} did not warm up: {outcome.problems[0]}")
            seen.update(record.worker for record in outcome.records)
            if len(seen) >= wanted:
                return

    def _run(self, jobs: Sequence[Job], progress: Progress) -> Outcome:
        return run_over_broker(
            *(self._app, self._broker.url, self._queue, jobs, progress),
            death=self._death,
            reaper=self._reaper,
        )

    def _death(self) -> str | None:
        if self._worker is None or self._worker.poll() is None:
            return None
        return f"its worker {how_it_ended(self._worker.returncode, self._log)}"
