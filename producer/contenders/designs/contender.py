"""Runs a design in a child process of its own (see `child`), on the lab's side of the pipes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Annotated

import msgspec

from producer.contenders.designs.stalls import MAX_STALLS, Stall
from producer.contenders.ledger import Ledger
from producer.contenders.protocol import Outcome, Progress
from producer.contenders.spec import Spec
from producer.system.exits import how_it_ended, last_words
from producer.system.inherited import inherited
from producer.system.reaper import Reaper
from producer.words import count_lost
from producer.workloads.calls import Calls
from worker.errors import ContenderError
from worker.jobs import Job
from worker.records import JobRecord, Plain, error_line
from worker.settings import PROJECT


class Record(msgspec.Struct):
    """A `JobRecord` that is not checked yet."""

    index: int
    worker: str
    enqueued_ns: int
    received_ns: int
    started_ns: int
    finished_ns: int
    answer: dict[str, Plain] | None
    error: str | None
    cpu_ns: int | None = None


class RunReport(msgspec.Struct, array_like=True):
    """What a child reports of a run after its records."""

    #: The longest stall of its event loop, in seconds; None where it has none.
    loop_stall_s: Annotated[float, msgspec.Meta(ge=0)] | None
    #: Whether it has a GIL now.
    gil: bool
    loop_stalls: Annotated[list[Stall], msgspec.Meta(max_length=MAX_STALLS)] = []


#: How long a design may take to start its slots, in seconds.
READY_S = 60.0
#: How long no call may end, beyond the time that one may take, before the run is given up, in seconds.
SILENCE_S = 30.0
#: How long a child may take to end its slots before it is killed, in seconds.
STOP_S = 5.0


class DesignContender:
    """The contender protocol over the pipes of a child process."""

    def __init__(
        self, spec: Spec, data_root: Path, reaper: Reaper, variables: Mapping[str, str] | None = None
    ) -> None:
        """`variables` are set in the child's environment."""
        self.spec = spec
        self._variables = variables or {}
        self._data_root = data_root
        self._reaper = reaper
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the child and wait until each of its slots is warm.

        Raises:
            ContenderError: it did not become ready; the text ends with its last words.
        """
        to_child_r, to_child_w = os.pipe()
        from_child_r, from_child_w = os.pipe()
        self._requests = Connection(to_child_w, readable=False)
        self._replies = Connection(from_child_r, writable=False)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed by stop()
        self._child = self._reaper.start(
            [
                *(self.spec.executable, "-m", "producer.contenders.designs.child"),
                *(self.spec.way, str(self.spec.slots)),
                *(str(self._data_root), str(to_child_r), str(from_child_w)),
            ],
            pass_fds=(to_child_r, from_child_w),
            stdout=subprocess.DEVNULL,  # a user's function may print, and ours is for results
            stderr=self._errors,
            env=self._environment(),
            cwd=PROJECT,
        )
        os.close(to_child_r)
        os.close(from_child_w)
        try:
            self._await_ready()
        except ContenderError:
            self.stop()
            raise

    def run(self, jobs: Sequence[Job], progress: Progress) -> Outcome:
        """Send the jobs, pass on the progress, return the records."""
        ledger = Ledger(len(jobs))
        try:
            self._requests.send(jobs)
            report = self._await_report(ledger, progress, jobs)
        except (EOFError, OSError):
            problem = f"its process {self._death()}; none of its records are left"
            self.stop()  # its pipe may break a moment before it has ended, and it would pass for alive
            return Outcome([], self.spec.slots, problems=[problem])
        except ContenderError as error:
            self.stop()
            return Outcome([], self.spec.slots, problems=[str(error)])
        progress(len(ledger.records))
        problems = ledger.problems()
        if missing := ledger.missing():
            problems.append(count_lost(len(missing), len(jobs)))
        return Outcome(
            ledger.records.values(),
            self.spec.slots,
            names=ledger.names,
            problems=problems,
            duplicates=ledger.duplicates,
            loop_stall_s=report.loop_stall_s,
            loop_stalls=report.loop_stalls,
            gil=report.gil,
        )

    @property
    def queue(self) -> None:
        """None: jobs go through a pipe."""

    def processes(self) -> list[int]:
        """The child; its processes are below it."""
        child = self._child  # another thread may stop it
        return [child.pid] if child else []

    def alive(self) -> bool:
        """Whether the child is there to run again."""
        return self._child is not None and self._child.poll() is None

    def break_off(self) -> None:
        """Kill the child that another thread starts."""
        if child := self._child:
            child.kill()

    def stop(self) -> None:
        """Close the pipe and wait for the child to end its slots; kill it if it does not."""
        if self._child is None:
            return
        for end in (self._requests, self._replies):
            with contextlib.suppress(OSError):
                end.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(STOP_S)
        # Also where it has ended: its own children may have outlived it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        self._reaper.drop_process(self._child.pid)
        self._errors.close()
        self._child = None

    def _await_report(self, ledger: Ledger, progress: Progress, jobs: Sequence[Job]) -> RunReport:
        """Pass on the progress and the records until the run has ended; return what is reported of it all.

        The lab's own jobs all end in time. A user's function may not, and not every design can end it.

        Raises:
            EOFError, OSError: the child has ended.
            ContenderError: the child says something else, or nothing for too long.
        """
        patience_s = jobs.limit_s + SILENCE_S if isinstance(jobs, Calls) else None
        while True:
            if not self._replies.poll(patience_s):
                raise ContenderError(
                    f"no job ended for {patience_s:.0f} s (run), and {self.spec.way} cannot end one"
                )
            match self._read_reply():
                case RunReport() as report:
                    return report
                case int(done):
                    progress(done)
                case records:
                    for record in records:
                        ledger.take(JobRecord(*msgspec.structs.astuple(record)))

    def _read_reply(self) -> RunReport | list[Record] | int:
        """Read what the child says next: how many jobs are done, some records, or the outcome of a run."""
        try:
            match self._replies.recv():
                case ("progress", int(done)):
                    return done
                case ("records", list(content)):
                    return msgspec.convert(content, list[Record], from_attributes=True)
                case ("outcome", content):
                    return msgspec.convert(content, RunReport, from_attributes=True)
        except (EOFError, OSError):
            raise
        except Exception as error:  # what a pickle that is none may raise has no end
            raise ContenderError(f"its process sent what is no answer (run): {error_line(error)}") from error
        raise ContenderError(
            "its process sent what is no answer (run): neither progress, records nor an outcome"
        )

    def _environment(self) -> dict[str, str]:
        if self.spec.python:
            # The project is linked into its environment; what lies beside it here is for this Python.
            return {**inherited(), **self._variables}
        return {**inherited(), **self._variables, "PYTHONPATH": str(PROJECT)}  # for subinterpreters

    def _await_ready(self) -> None:
        try:
            if self._replies.poll(READY_S):
                self._replies.recv()
                return
        except (EOFError, OSError):
            raise ContenderError(f"{self.spec.name} did not start: its process {self._death()}") from None
        words = last_words(self._errors)
        raise ContenderError(f"{self.spec.name} did not start within {READY_S:.0f} s: {words}")

    def _death(self) -> str:
        # Its end of the pipe is closed: it has ended, or is about to.
        assert self._child
        try:
            return how_it_ended(self._child.wait(STOP_S), self._errors)
        except subprocess.TimeoutExpired:
            return f"no longer answers: {last_words(self._errors)}"
