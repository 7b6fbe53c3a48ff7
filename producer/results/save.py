"""Writes result files: whole and atomically, anew after every run, and never over a file that was there.

A file is JSON, gzipped where its name ends in .gz.
"""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from typing import Any

import msgspec

from producer.results.model import Result, Run
from worker.errors import ResultError


class ResultFile:
    """A result on its way to disk: each run is encoded once, the file is written after each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._runs: list[bytes] = []
        self._pack = _packed if path.suffix == ".gz" else bytes
        self._ours = False
        # Found out now, and not after the first run.
        with _told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.open("xb").close()
            path.unlink()

    def add(self, run: Run) -> None:
        """Take a run in; `save` writes it."""
        comma = b",\n" if self._runs else b""
        # A gzip file may have many members: what was packed once stays as it is.
        self._runs.append(self._pack(comma + msgspec.json.encode(run)))

    def save(self, result: Result) -> None:
        """Write everything, atomically; `result.runs` is not read, the runs are those added."""
        head = msgspec.json.encode({**_plain(result), "runs": []})
        opening, closing = head[:-2], head[-2:]  # ..."runs":[ and ]}
        self._write(b"".join([self._pack(opening), *self._runs, self._pack(closing)]))

    def _write(self, data: bytes) -> None:
        temporary = self.path.with_name(f".{os.getpid()}.tmp")
        with _told(self.path):
            try:
                temporary.write_bytes(data)
                if not self._ours:
                    # Another lab may have written a file of this name meanwhile.
                    self.path.open("xb").close()
                    self._ours = True
                temporary.replace(self.path)
            finally:
                temporary.unlink(missing_ok=True)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what the file system says into an error of the result's."""
    try:
        yield
    except FileExistsError:
        raise ResultError(f"{path} exists already (save): name another file with --out") from None
    except OSError as error:
        raise ResultError(f"{path} cannot be written (save): {error.strerror}") from None


def default_path(what: str = "compare") -> Path:
    """Where a result goes when nobody says: a new file each time."""
    stem = f"{what}-{time.strftime('%Y%m%d-%H%M%S')}"
    names = chain([stem], (f"{stem}-{number}" for number in count(2)))
    return next(path for name in names if not (path := Path("results") / f"{name}.json.gz").exists())


def _packed(data: bytes) -> bytes:
    return gzip.compress(data, compresslevel=6, mtime=0)


def _plain(result: Result) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(result)
    return plain
