"""Ends what the lab started when the lab itself no longer can.

A keeper is a small process whose standard input is a pipe that only the lab holds open. When the lab
is gone, whatever the reason, the pipe closes, and the keeper ends the processes and removes the
directories that it was told of. It never touches anything else.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from worker.settings import PROJECT

#: How long a process has to end by itself before it is killed, in seconds.
GRACE_S = 3.0


class Keeper:
    """The lab's end of the pipe. Use it as a context manager; leaving it ends what is still kept."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "producer.keeper"],
            stdin=subprocess.PIPE,
            cwd=PROJECT,
            start_new_session=True,  # Ctrl-C is for the lab; the keeper hears of it by the pipe
            text=True,
        )

    def keep_process(self, pid: int) -> None:
        """End this process (and its group, where it leads one) with the lab."""
        self._tell(f"process {pid}")

    def forget_process(self, pid: int) -> None:
        """The process has ended; its number may soon be somebody else's."""
        self._tell(f"forget {pid}")

    def keep_directory(self, path: Path) -> None:
        """Remove this directory with the lab."""
        self._tell(f"directory {path}")

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()

    def __enter__(self) -> Keeper:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()


def main() -> None:
    """Read what to keep until the lab is gone, then end it."""
    processes: set[int] = set()
    directories: list[Path] = []
    for line in sys.stdin:
        verb, _, what = line.rstrip("\n").partition(" ")
        if verb == "process":
            processes.add(int(what))
        elif verb == "forget":
            processes.discard(int(what))
        elif verb == "directory":
            directories.append(Path(what))
    _end(processes)
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)


def _end(processes: set[int]) -> None:
    for pid in processes:
        _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_S
    while time.monotonic() < deadline and any(_alive(pid) for pid in processes):
        time.sleep(0.05)  # they are nobody's children here: their end cannot be waited for
    for pid in processes:
        _signal(pid, signal.SIGKILL)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.getpgid(pid) == pid:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    main()
