"""A peer as a contender: its worker is one process, on a queue that nobody else consumes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import psutil

from producer.contenders.exchange import Publish, belongs, run_over_broker, warm_up_jobs
from producer.contenders.peers import PEERS
from producer.contenders.peers.modules import QUEUE, SLOTS
from producer.contenders.protocol import Outcome, Progress
from producer.contenders.sender import Sender
from producer.contenders.spec import Spec
from producer.system.broker import Broker
from producer.system.client import connect
from producer.system.exits import how_it_ended, last_words
from producer.system.inherited import inherited
from producer.system.reaper import Reaper
from producer.system.traces import Traces
from producer.workloads.calls import Calls
from worker.errors import ContenderError, SimulError
from worker.jobs import Job
from worker.settings import PROJECT

#: How long its worker may take to do the first job, in seconds.
READY_S = 60.0
#: How long it has for a warm shutdown before it is killed, in seconds.
STOP_S = 10.0


class PeerContender:
    """The contender protocol over the worker of another task queue."""

    def __init__(
        self,
        spec: Spec,
        broker: Broker,
        data_root: Path,
        reaper: Reaper,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """`variables` are set in the worker's environment."""
        self.spec = spec
        self._peer = PEERS[spec.way]
        self._broker = broker
        self._data_root = data_root
        self._reaper = reaper
        self._variables = variables or {}
        self._queue = ""
        self._process: subprocess.Popen[bytes] | None = None
        #: What the worker writes to stdout and stderr.
        self._log: IO[bytes]

    def start(self) -> None:
        """Start the worker, and have each slot do a job.

        Raises:
            ContenderError: it did not become ready; the text ends with the end of its log.
        """
        # A name that no other queue has, and that no message of an earlier life waits in.
        self._queue = f"simul-{self._peer.name}-{uuid.uuid4().hex[:8]}"
        self._traces = Traces(names=self._queue)
        self._reaper.add_traces(self._traces)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  closed by stop()
        self._directory = tempfile.TemporaryDirectory(prefix="simul-worker-", ignore_cleanup_errors=True)
        self._reaper.add_directory(Path(self._directory.name))
        self._sender = Sender(
            self._peer.package, self._broker.url, self._queue, self._reaper, self._variables
        )
        self._process = self._start_process()
        try:
            self._sender.start()
            self._warm_up()
        except SimulError:
            self.stop()
            raise

    def run(self, jobs: Sequence[Job], progress: Progress) -> Outcome:
        """Send the jobs, collect the records, account for all of them."""
        return self.run_sent(self._sender.publish, jobs, progress)

    def run_sent(self, publish: Publish, jobs: Sequence[Job], progress: Progress) -> Outcome:
        """Do the same with jobs that are sent in another way."""
        outcome = run_over_broker(
            *(publish, self._broker.url, jobs, progress), death=self._death, reaper=self._reaper
        )
        outcome.slots, outcome.workers = self.spec.total_slots, 1
        outcome.belongs = belongs(outcome.names, self.processes())
        death = self._death()
        if outcome.problems and not death:
            outcome.problems.append(f"the worker's log ends: {last_words(self._log)}")
        hung = isinstance(jobs, Calls) and len(outcome.records) < len(jobs)
        if death or hung:  # a call that does not end may hold a slot for good
            self.stop()
        return outcome

    @property
    def queue(self) -> str | None:
        """The queue of its own, another after each start."""
        return self._queue or None

    @property
    def sender(self) -> Sender:
        """What sends to it."""
        return self._sender

    def processes(self) -> list[int]:
        """The worker; its children are below it."""
        process = self._process  # another thread may stop it
        return [process.pid] if process else []

    def alive(self) -> bool:
        """Whether the worker is there to run again."""
        return self._process is not None and not self._death()

    def break_off(self) -> None:
        """Kill the worker that another thread starts."""
        if process := self._process:
            process.kill()

    def stop(self) -> None:
        """End the worker and the sender, and remove what they left in a broker that others use, too."""
        if (process := self._process) is None:
            return
        self._process = None
        self._sender.stop()
        if not self._broker.embedded:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_S)
        children = _children(process.pid)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        for child in children:  # rq's have a process group of their own
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        process.wait()
        self._reaper.drop_process(process.pid)
        self._log.close()
        self._directory.cleanup()
        if not self._broker.embedded:
            with contextlib.closing(connect(self._broker.url)) as client:
                self._traces.remove(client)
        self._reaper.drop_traces(self._traces)

    def _start_process(self) -> subprocess.Popen[bytes]:
        return self._reaper.start(
            [sys.executable, *self._peer.arguments(self.spec.slots)],
            env={
                **inherited(),
                **self._variables,
                "SIMUL_BROKER_URL": self._broker.url,
                "SIMUL_DATA": str(self._data_root),
                "TMPDIR": self._directory.name,
                QUEUE: self._queue,
                SLOTS: str(self.spec.slots),
            },
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )

    def _warm_up(self) -> None:
        jobs = warm_up_jobs(self.spec.total_slots)
        outcome = run_over_broker(
            *(self._sender.publish, self._broker.url, jobs, lambda _: None),
            death=self._death,
            patient=lambda quiet_s: quiet_s <= READY_S,
            reaper=self._reaper,
        )
        if outcome.problems:
            words = "" if self._death() else f"; its log ends: {last_words(self._log)}"
            raise ContenderError(f"{self.spec.name} did not start: {outcome.problems[0]}{words}")

    def _death(self) -> str | None:
        code = self._process.poll() if self._process else 0
        return None if code is None else f"its worker {how_it_ended(code, self._log)}"


def _children(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).children(recursive=True)
    return []
