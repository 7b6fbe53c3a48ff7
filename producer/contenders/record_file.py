"""The records of one run, in a file of their own: each is read when it is asked for.

A record with its answer is about a kilobyte of objects, and a run may have a million. In memory is only where
each lies. The file has no name, in the directory for temporary files, and goes with the object; a run of few
jobs needs none. What is in it are pickles: this process has written them, and nobody else can. What the disk
does not take stays in memory.
"""

from __future__ import annotations

import os
import pickle
import tempfile
import weakref
from array import array
from collections.abc import Iterator, Mapping

from worker.records import JobRecord

#: The bytes that say how long a record is.
SIZE = 4
#: Bytes that are written at a time.
PIECE = 64 * 1024
#: Bytes that are read at a time, and how many of them lie before what is asked for: jobs end nearly in the
#: order of their indexes.
WINDOW, BEHIND = 32 * 1024, 8 * 1024


class RecordFile(Mapping[int, JobRecord]):
    """Records by the index of their job, in that order."""

    def __init__(self, jobs: int) -> None:
        """There is none yet, and none will have an index of `jobs` or more."""
        self._starts = array("q", [-1]) * jobs
        self._count = 0
        #: Bytes that are in the file, and those that come after them.
        self._written, self._rest = 0, bytearray()
        #: None as long as nothing is in it: an exhibition has a run for each of up to 1,000 games.
        self._file: int | None = None
        #: Whether the disk takes more.
        self._takes = True
        self._window, self._window_at = b"", 0

    def add(self, record: JobRecord) -> None:
        """Keep the record of a job that has none yet."""
        data = pickle.dumps(
            (
                *(record.index, record.worker, record.enqueued_ns, record.received_ns),
                *(record.started_ns, record.finished_ns, record.answer, record.error, record.cpu_ns),
            )
        )
        self._starts[record.index] = self._written + len(self._rest)
        self._rest += len(data).to_bytes(SIZE) + data
        self._count += 1
        if len(self._rest) >= PIECE and self._takes:
            self._write()

    def __getitem__(self, index: int) -> JobRecord:
        if index not in self:
            raise KeyError(index)
        start = self._starts[index]
        size = int.from_bytes(self._read(start, SIZE))
        return JobRecord(*pickle.loads(self._read(start + SIZE, size)))

    def __contains__(self, index: object) -> bool:
        return isinstance(index, int) and 0 <= index < len(self._starts) and self._starts[index] >= 0

    def __iter__(self) -> Iterator[int]:
        return (index for index, start in enumerate(self._starts) if start >= 0)

    def __len__(self) -> int:
        return self._count

    def _write(self) -> None:
        try:
            if self._file is None:
                self._file = _open()
                weakref.finalize(self, os.close, self._file)
            written = os.write(self._file, self._rest)
        except OSError:  # full, or no directory for it: it is not asked again, and the rest stays here
            self._takes = False
            return
        self._written += written
        del self._rest[:written]

    def _read(self, start: int, size: int) -> bytes:
        """Read from the file and from what comes after it: where a disk was full, a record lies in both."""
        in_file = max(0, min(size, self._written - start))
        after = max(0, start - self._written)
        return self._read_file(start, in_file) + self._rest[after : after + size - in_file]

    def _read_file(self, start: int, size: int) -> bytes:
        offset = start - self._window_at
        if size and (offset < 0 or offset + size > len(self._window)):
            assert self._file is not None
            self._window_at = max(0, start - BEHIND)
            offset = start - self._window_at
            self._window = os.pread(self._file, max(WINDOW, offset + size), self._window_at)
        return self._window[offset : offset + size] if size else b""


def _open() -> int:
    """Open a file that has no name."""
    with tempfile.TemporaryFile(buffering=0) as file:
        return os.dup(file.fileno())
