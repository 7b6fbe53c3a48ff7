"""Ends what the lab has started when the lab itself no longer can.

The reaper is a small process whose standard input is a pipe that only the lab holds open. When the lab is
gone, whatever the reason, the pipe closes, and the reaper ends the processes and removes the directories that
it was told of, and what the lab has left in somebody else's broker. It never touches anything else: a process
id that another process has got since is left alone.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import psutil

from producer.system.inherited import inherited
from producer.system.interrupts import held
from worker.settings import PROJECT

if TYPE_CHECKING:
    from producer.system.traces import Traces

#: How long a process has to end by itself before it is killed, in seconds.
TERM_S = 3.0
#: How often those that are to end are looked at, in seconds.
LOOK_S = 0.02


class Reaper:
    """The lab's end of the pipe. Use it as a context manager: leaving it ends what it still has to end."""

    def __init__(self, grace_s: float = TERM_S) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "producer.system.reaper", str(grace_s)],
            stdin=subprocess.PIPE,
            env=inherited(),
            cwd=PROJECT,
            start_new_session=True,  # Ctrl-C is for the lab; the reaper hears of it by the pipe
        )
        #: The reaper itself.
        self.pid = self._process.pid

    def start(self, command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a process that leads a group of its own, and have all of it ended with the lab.

        No interrupt comes between, and Ctrl-C in the terminal does not reach it. The options are those of
        `Popen`; without an `env` it has what is `inherited`.
        """
        options.setdefault("env", inherited())
        with held():
            process = subprocess.Popen(command, start_new_session=True, **options)
            self.add_process(process.pid)
        return process

    def add_process(self, pid: int) -> None:
        """End this process with the lab, and its group where it leads one, even after it has ended itself.

        It must be a child of this process that is not waited for yet, so that the id is still its own.
        """
        with contextlib.suppress(ProcessLookupError):
            self._tell(f"{'group' if os.getpgid(pid) == pid else 'process'} {pid}")

    def drop_process(self, pid: int) -> None:
        """Leave this process alone: it has ended, and its number may soon be somebody else's."""
        self._tell(f"forget {pid}")

    def add_directory(self, path: Path) -> None:
        """Remove this directory with the lab."""
        self._tell(f"directory {path}")

    def set_broker(self, url: str) -> None:
        """Name the broker in which traces are left from now on. Without a broker, traces are ignored."""
        self._tell(f"broker {url}")

    def add_traces(self, traces: Traces) -> None:
        """Remove these with the lab, when the processes have ended."""
        self._tell(f"traces {traces.as_line()}")

    def drop_traces(self, traces: Traces) -> None:
        """Leave these alone: they are removed."""
        self._tell(f"removed {traces.as_line()}")

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(os.fsencode(line) + b"\n")
            self._process.stdin.flush()

    def close(self) -> None:
        """End what is still to be ended, and wait for that."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()

    def __enter__(self) -> Reaper:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Charge:
    """A process that the reaper has to end, or the group that it leads."""

    pid: int
    leads: bool
    #: None where it had ended by then.
    process: psutil.Process | None

    def running(self) -> Iterator[int]:
        """Yield its process ids that still run; a zombie, which nobody has waited for yet, does not."""
        known = self.process is not None and self.process.is_running()
        if not self.leads:
            if known and _runs(self.pid):
                yield self.pid
        elif known or not psutil.pid_exists(self.pid):  # else the number leads somebody else's group
            yield from (pid for pid in psutil.pids() if _group(pid) == self.pid and _runs(pid))


def main(grace_s: float) -> None:
    """Read what to end and to remove until the lab is gone; then do it."""
    charges: dict[int, Charge] = {}
    directories: list[Path] = []
    broker, traces = "", set[str]()
    # Not as text: a directory's name need not be any in the alphabet of this machine.
    for line in sys.stdin.buffer:
        verb, _, what = os.fsdecode(line).rstrip("\n").partition(" ")
        if verb in ("process", "group"):
            charges[int(what)] = Charge(int(what), verb == "group", _process(int(what)))
        elif verb == "forget":
            charges.pop(int(what), None)
        elif verb == "directory":
            directories.append(Path(what))
        elif verb == "broker":
            broker = what
        elif verb == "traces":
            traces.add(what)
        elif verb == "removed":
            traces.discard(what)
    _end(charges.values(), grace_s)
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)
    if broker and traces:
        _remove(broker, traces)


def _remove(broker: str, lines: Iterable[str]) -> None:
    # Here, where nothing is measured any more: these load Redis's client, which the reaper seldom needs.
    from producer.system.client import connect
    from producer.system.traces import Traces

    with contextlib.closing(connect(broker)) as client:
        for line in lines:
            Traces.from_line(line).remove(client)


def _end(charges: Collection[Charge], grace_s: float) -> None:
    _signal(charges, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while time.monotonic() < deadline and any(pid for charge in charges for pid in charge.running()):
        time.sleep(LOOK_S)  # they are nobody's children here: their end cannot be waited for
    _signal(charges, signal.SIGKILL)


def _signal(charges: Iterable[Charge], number: signal.Signals) -> None:
    for charge in charges:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if any(charge.running()):
                (os.killpg if charge.leads else os.kill)(charge.pid, number)


def _process(pid: int) -> psutil.Process | None:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid)
    return None


def _group(pid: int) -> int | None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        return os.getpgid(pid)
    return None


def _runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD))
    except psutil.NoSuchProcess:
        return False


if __name__ == "__main__":
    main(float(sys.argv[1]))
