"""Ends what the lab started when the lab itself no longer can.

A keeper is a small process whose standard input is a pipe that only the lab holds open. When the lab
is gone, whatever the reason, the pipe closes, and the keeper ends the processes and removes the
directories that it was told of, and what the lab has left in somebody else's broker. It never touches
anything else: a number that has passed on to another process since is not taken for the one that had it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
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
GRACE_S = 3.0
#: How often those that are to end are looked at, in seconds.
LOOK_S = 0.02


class Keeper:
    """The lab's end of the pipe. Use it as a context manager; leaving it ends what is still kept."""

    def __init__(self, grace_s: float = GRACE_S) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "producer.system.reaper", str(grace_s)],
            stdin=subprocess.PIPE,
            env=inherited(),
            cwd=PROJECT,
            start_new_session=True,  # Ctrl-C is for the lab; the keeper hears of it by the pipe
        )
        #: The keeper itself.
        self.pid = self._process.pid

    def start(self, command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a process that leads a group of its own, and keep all of it: no interrupt comes between.

        Ctrl-C in the terminal does not reach it. The options are those of `Popen`; without an `env` it has
        what is `inherited`.
        """
        options.setdefault("env", inherited())
        with held():
            process = subprocess.Popen(command, start_new_session=True, **options)
            self.keep_process(process.pid)
        return process

    def keep_process(self, pid: int) -> None:
        """End this process with the lab, and its group where it leads one, even after it has ended itself.

        It is this process's child, and not waited for yet: the number is still its own.
        """
        with contextlib.suppress(ProcessLookupError):
            self._tell(f"{'group' if os.getpgid(pid) == pid else 'process'} {pid}")

    def forget_process(self, pid: int) -> None:
        """The process has ended; its number may soon be somebody else's."""
        self._tell(f"forget {pid}")

    def keep_directory(self, path: Path) -> None:
        """Remove this directory with the lab."""
        self._tell(f"directory {path}")

    def keep_broker(self, url: str) -> None:
        """The broker in which traces are left from now on. Those in no broker are of no interest."""
        self._tell(f"broker {url}")

    def keep_traces(self, traces: Traces) -> None:
        """Remove these with the lab, when the processes have ended."""
        self._tell(f"traces {traces.as_line()}")

    def forget_traces(self, traces: Traces) -> None:
        """They are removed."""
        self._tell(f"removed {traces.as_line()}")

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(os.fsencode(line) + b"\n")
            self._process.stdin.flush()

    def close(self) -> None:
        """End what is still kept, and wait for that."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()

    def __enter__(self) -> Keeper:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Kept:
    """A process, or the group that it leads, as it was when the keeper was told of it."""

    pid: int
    leads: bool
    #: None where it had ended by then.
    process: psutil.Process | None

    def left(self) -> Iterator[int]:
        """The numbers of what still runs of it. What nobody has waited for yet runs no more."""
        known = self.process is not None and self.process.is_running()
        if not self.leads:
            if known and _runs(self.pid):
                yield self.pid
        elif known or not psutil.pid_exists(self.pid):  # else the number leads somebody else's group
            yield from (pid for pid in psutil.pids() if _group(pid) == self.pid and _runs(pid))


def main(grace_s: float) -> None:
    """Read what to keep until the lab is gone, then end it."""
    kept: dict[int, Kept] = {}
    directories: list[Path] = []
    broker, traces = "", set[str]()
    # Not as text: a directory's name need not be any in the alphabet of this machine.
    for line in sys.stdin.buffer:
        verb, _, what = os.fsdecode(line).rstrip("\n").partition(" ")
        if verb in ("process", "group"):
            kept[int(what)] = Kept(int(what), verb == "group", _found(int(what)))
        elif verb == "forget":
            kept.pop(int(what), None)
        elif verb == "directory":
            directories.append(Path(what))
        elif verb == "broker":
            broker = what
        elif verb == "traces":
            traces.add(what)
        elif verb == "removed":
            traces.discard(what)
    _end(kept.values(), grace_s)
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)
    if broker and traces:
        _remove(broker, traces)


def _remove(broker: str, lines: Iterable[str]) -> None:
    # Here, where nothing is measured any more: these load Redis's client, which a keeper seldom needs.
    from producer.system.broker import connect
    from producer.system.traces import Traces

    with contextlib.closing(connect(broker)) as client:
        for line in lines:
            Traces.from_line(line).remove(client)


def _end(kept: Iterable[Kept], grace_s: float) -> None:
    _signal(kept, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while time.monotonic() < deadline and any(pid for one in kept for pid in one.left()):
        time.sleep(LOOK_S)  # they are nobody's children here: their end cannot be waited for
    _signal(kept, signal.SIGKILL)


def _signal(kept: Iterable[Kept], number: signal.Signals) -> None:
    for one in kept:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if any(one.left()):
                (os.killpg if one.leads else os.kill)(one.pid, number)


def _found(pid: int) -> psutil.Process | None:
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
