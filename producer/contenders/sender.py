"""Has a process of its own send a contender's jobs, so that who collects the records does not delay them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from array import array
from collections.abc import Generator, Mapping, Sequence
from itertools import pairwise
from multiprocessing.connection import Connection
from typing import Any

from producer.contenders.exchange import Publish
from producer.contenders.peers.modules import QUEUE
from producer.contenders.sending import Request, Sent
from producer.system.exits import how_it_ended, last_words
from producer.system.inherited import inherited
from producer.system.reaper import Reaper
from worker.errors import ContenderError
from worker.jobs import Job
from worker.settings import PROJECT

#: How long it may take to connect, in seconds.
READY_S = 60.0
#: How often it is looked at while it sends, in seconds.
LOOK_S = 0.05
#: How long it may say nothing while jobs are due, in seconds: longer than a broker that went away is waited
#: for.
SILENCE_S = 90.0
#: How long it may take to hang up before it is killed, in seconds.
STOP_S = 2.0


class Sender:
    """The lab's end of the pipes. The process is started when something is first sent."""

    def __init__(
        self,
        module: str,
        broker_url: str,
        queue: str,
        reaper: Reaper,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """`module` is one that offers what `PeerModule` says; `variables` are set in its environment."""
        self._module = module
        self._reaper = reaper
        self._environment = {
            **inherited(),
            **(variables or {}),
            "SIMUL_BROKER_URL": broker_url,
            QUEUE: queue,
        }
        self._process: subprocess.Popen[bytes] | None = None
        #: What became of the last jobs that were sent when they were due.
        self.sent = Sent()

    def publish(self, jobs: Sequence[Job], run: str) -> Generator[int]:
        """Send jobs as fast as it can; yields the number sent so far, now and then.

        Raises:
            ContenderError: it could not send them all.
        """
        yield from self._publish(Request(run, jobs))

    def when_due(self, arrivals: array[int], burst: int | None = None) -> Publish:
        """Return what sends each job when it is due, in nanoseconds since the beginning, as `publish` does.

        `burst` is the first of many jobs that are due at once, to send which takes its time. It yields many
        times a second, so that who collects the records can do so meanwhile.
        """
        return lambda jobs, run: self._publish(Request(run, jobs, arrivals, burst))

    def stop(self) -> None:
        """End the process. Safe to call at any time, and twice."""
        if (process := self._process) is None:
            return
        self._process = None
        for end in (self._requests, self._replies):
            with contextlib.suppress(OSError):
                end.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._reaper.drop_process(process.pid)
        self._log.close()

    def start(self) -> None:
        """Start the process and wait until it can send; nothing where it has been started.

        Raises:
            ContenderError: it cannot.
        """
        if self._process is not None:
            return
        to_child_r, to_child_w = os.pipe()
        from_child_r, from_child_w = os.pipe()
        self._requests = Connection(to_child_w, readable=False)
        self._replies = Connection(from_child_r, writable=False)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  closed by stop()
        try:
            self._process = self._reaper.start(
                [
                    *(sys.executable, "-m", "producer.contenders.sender_child", self._module),
                    *(str(to_child_r), str(from_child_w)),
                ],
                pass_fds=(to_child_r, from_child_w),
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                env=self._environment,
                cwd=PROJECT,
            )
        finally:
            os.close(to_child_r)
            os.close(from_child_w)
        self._read(READY_S)

    def _publish(self, request: Request) -> Generator[int]:
        self.sent = Sent()
        self.start()
        is_over = False
        try:
            self._requests.send(request)
            quiet_s, patience_s = 0.0, SILENCE_S + _longest_pause_s(request.arrivals)
            while not is_over:
                if not self._replies.poll(LOOK_S):
                    quiet_s += LOOK_S
                    if quiet_s > patience_s:
                        raise ContenderError(f"nothing was sent for {quiet_s:.0f} s (send)")
                    yield 0
                    continue
                quiet_s = 0.0
                what, content = self._read(LOOK_S)
                if is_over := what == "done":
                    self.sent = content
                else:
                    yield content
        except (EOFError, OSError):
            raise ContenderError(f"the sender {self._death()} (send)") from None
        finally:
            if not is_over:  # it would go on with jobs that nobody waits for
                self.stop()

    def _read(self, patience_s: float) -> tuple[str, Any]:
        try:
            if not self._replies.poll(patience_s):
                raise ContenderError(f"the sender was not ready within {patience_s:.0f} s (send)")
            what, content = self._replies.recv()
        except (EOFError, OSError):
            raise ContenderError(f"the sender {self._death()} (send)") from None
        if what == "failed":
            raise ContenderError(f"the jobs could not be sent (send): {content}")
        return what, content

    def _death(self) -> str:
        if self._process is None:
            return "was ended"
        try:
            return how_it_ended(self._process.wait(STOP_S), self._log)
        except subprocess.TimeoutExpired:
            return f"no longer answers: {last_words(self._log)}"


def _longest_pause_s(arrivals: array[int] | None) -> float:
    """Return the longest time in which no job is due, in seconds."""
    if not arrivals:
        return 0.0
    return max(after - before for before, after in pairwise([0, *arrivals])) / 1e9
