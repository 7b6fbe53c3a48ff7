"""The records of one run, in a file of their own: each is read when it is asked for.

A record with its answer is about a kilobyte of objects, and a run may have a million. In memory is only where
each lies. The file has no name, in the directory for temporary files, and goes with the object. What is in it
are pickles: this process has written them, and nobody else can.
"""

from __future__ import annotations

import os
import pickle
import tempfile
import weakref
from array import array
from collections.abc import Iterator, Mapping

from worker.errors import DataError
from worker.records import JobRecord

#: The bytes that say how long a record is.
SIZE = 4
#: Bytes that are read at a time, and how many of them lie before what is asked for: jobs end nearly in the
#: order of their indexes.
WINDOW, BEHIND = 32 * 1024, 8 * 1024


class RecordFile(Mapping[int, JobRecord]):
    """Records by the index of their job, in that order."""

    def __init__(self, jobs: int) -> None:
        """There is none yet, and none will have an index of `jobs` or more."""
        self._starts = array("q", [-1]) * jobs
        self._count = self._end = 0
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed when this object goes
        weakref.finalize(self, self._file.close)
        self._window, self._window_at = b"", 0

    def add(self, record: JobRecord) -> None:
        """Keep the record of a job that has none yet.

        Raises:
            DataError: the disk is full.
        """
        data = pickle.dumps(
            (
                *(record.index, record.worker, record.enqueued_ns, record.received_ns),
                *(record.started_ns, record.finished_ns, record.answer, record.error),
            )
        )
        try:
            self._file.write(len(data).to_bytes(SIZE) + data)
        except OSError as error:
            raise _cannot_keep(error) from None
        self._starts[record.index] = self._end
        self._end += SIZE + len(data)
        self._count += 1

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

    def _read(self, start: int, size: int) -> bytes:
        offset = start - self._window_at
        if offset < 0 or offset + size > len(self._window):
            try:
                self._file.flush()
            except OSError as error:
                raise _cannot_keep(error) from None
            self._window_at = max(0, start - BEHIND)
            offset = start - self._window_at
            self._window = os.pread(self._file.fileno(), max(WINDOW, offset + size), self._window_at)
        return self._window[offset : offset + size]


def _cannot_keep(error: OSError) -> DataError:
    return DataError(
        f"the records of a run cannot be kept in {tempfile.gettempdir()} (collect): "
        f"{error.strerror or error}; make room there, or name another directory in TMPDIR"
    )
