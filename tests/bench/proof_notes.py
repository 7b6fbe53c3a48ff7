"""What jobs of the long proof note in files: that they have begun, and that they are done.

Each process has a file of its own. What it has written stays when it is killed, no server that is under test
is asked, and a note takes microseconds. All processes of a machine share the monotonic clock.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

#: The number of a job, 1 for its end or 0 for its beginning, seconds of the monotonic clock. Sixteen bytes
#: never cross a page, so a process that is killed leaves a whole note or none.
_NOTE = struct.Struct("<IId")


class Note(NamedTuple):
    """A job has begun, or is done, in a process of that worker."""

    worker: str
    job: int
    is_end: bool
    at: float


class Notebook:
    """Where the processes of one worker write."""

    def __init__(self, directory: Path, worker: str) -> None:
        self._directory = directory
        self._worker = worker
        self._pid = self._file = 0

    def begin(self, job: int) -> None:
        """Note that a job has begun."""
        self._write(job, 0)

    def end(self, job: int) -> None:
        """Note that a job is done."""
        self._write(job, 1)

    def _write(self, job: int, is_end: int) -> None:
        if self._pid != os.getpid():  # a child of prefork's has a file of its own
            path = self._directory / f"{self._worker}.{os.getpid()}.notes"
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            self._pid = os.getpid()  # last, for threads that come meanwhile: each may open the same file
        os.write(self._file, _NOTE.pack(job, is_end, time.monotonic()))


def read_notes(directory: Path) -> Iterator[Note]:
    """Read the notes of all workers, in no order."""
    for path in directory.glob("*.notes"):
        worker = path.name.split(".")[0]
        for job, is_end, at in _NOTE.iter_unpack(path.read_bytes()):
            yield Note(worker, job, bool(is_end), at)
