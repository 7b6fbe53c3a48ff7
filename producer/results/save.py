"""Writes result files, anew after every run; none is lost to a name, or to a directory that is gone.

A file is JSON, gzipped where its name ends in .gz.
"""

from __future__ import annotations

import gzip
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from producer.results.model import Result, Run
from producer.system import writing
from worker.errors import ResultError


class ResultFile:
    """A result on its way to disk: each run is encoded once, the file is written after each.

    A name that somebody else has taken by the first save is left to them: ours gets a number. What cannot be
    written where it should be goes to the directory for temporary files, until it can.
    """

    def __init__(self, asked: Path | None = None, what: str = "compare") -> None:
        """`asked` is a name that no file has; None stands for one made of `what` and the time, in `results`.

        Raises:
            ResultError: there is such a file, or there can be none.
        """
        self.asked = asked or Path("results") / f"{what}-{time.strftime('%Y%m%d-%H%M%S')}.json.gz"
        #: Where the result is, or will be.
        self.path = self.asked
        #: Why that is not where it should be; None where it is.
        self.trouble: str | None = None
        self._home: Path | None = None
        self._runs: list[bytes] = []
        self._pack = _compress if self.asked.suffix == ".gz" else bytes
        # Found out now, and not after the first run.
        try:
            writing.require_free(self.asked)
        except FileExistsError:
            if asked:
                raise ResultError(f"{asked} exists already (save): name another file with --out") from None
        except OSError as error:
            raise _cannot_be_written(self.asked, error) from None

    def add(self, run: Run) -> None:
        """Add a run; `save` writes it."""
        comma = b",\n" if self._runs else b""
        # A gzip file may have many members: what was packed once stays as it is.
        self._runs.append(self._pack(comma + _encode(run)))

    def save(self, result: Result) -> None:
        """Write everything, atomically; `result.runs` is not read, the runs are those added.

        Raises:
            ResultError: it can be written neither where it should be nor elsewhere.
        """
        head = _encode({**_plain(result), "runs": []})
        opening, closing = head[:-2], head[-2:]  # ..."runs":[ and ]}
        data = b"".join([self._pack(opening), *self._runs, self._pack(closing)])
        try:
            self._save_at_home(data)
        except OSError as error:
            self._save_elsewhere(data, error)

    def _save_at_home(self, data: bytes) -> None:
        if self._home:
            writing.replace(self._home, data)
        else:
            self._home = writing.create(self.asked, data)
        if self.trouble:
            self._leave_elsewhere()
        self.path = self._home

    def _save_elsewhere(self, data: bytes, why: OSError) -> None:
        try:
            if self.trouble:
                writing.replace(self.path, data)
            else:
                self.path = writing.create(Path(tempfile.gettempdir()) / self.asked.name, data)
        except OSError:
            raise _cannot_be_written(self.asked, why) from None
        self.trouble = why.strerror or str(why)

    def _leave_elsewhere(self) -> None:
        with suppress(OSError):
            self.path.unlink()
        self.trouble = None


def _cannot_be_written(path: Path, error: OSError) -> ResultError:
    return ResultError(f"{path} cannot be written (save): {error.strerror}")


def _encode(what: Any) -> bytes:
    try:
        return msgspec.json.encode(what)
    except UnicodeEncodeError:  # a path or a host with a name that is not UTF-8
        return msgspec.json.encode(_in_utf8(msgspec.to_builtins(what, str_keys=True)))


def _in_utf8(plain: Any) -> Any:
    """Write out whatever is no character, as in `\\udcff`."""
    if isinstance(plain, str):
        return plain.encode(errors="backslashreplace").decode()
    if isinstance(plain, dict):
        return {_in_utf8(key): _in_utf8(value) for key, value in plain.items()}
    return [_in_utf8(value) for value in plain] if isinstance(plain, list | tuple) else plain


def _compress(data: bytes) -> bytes:
    return gzip.compress(data, compresslevel=6, mtime=0)


def _plain(result: Result) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(result)
    return plain
