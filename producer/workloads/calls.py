"""The user's own jobs: calls of one function, with arguments of which a file or a pipe has a line for each.

A line is one JSON value: an object has arguments by name, a list by position, anything else is the one
argument. The lines go through a file of the lab's, so that a million of them take no memory.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import weakref
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, overload

from worker.errors import DataError
from worker.jobs import MAX_ARGUMENTS, Call, Job
from worker.settings import JOB_LIMIT_S

#: The arguments of a function that is given none.
NONE = b"[]"
#: Jobs where neither lines nor numbers say how many.
DEFAULT_CALLS = 200
#: Bytes of a character, at most.
UTF8 = 4


class Calls(Sequence[Job]):
    """Calls of one function, whose arguments lie in a file of their own: each is read when it is asked for.

    Sent to another process of this machine, it reads the same file there. The file goes with the original.
    """

    def __init__(self, target: str, lines: Iterable[bytes]) -> None:
        """Keep the lines, of which each is a call. With more `jobs` than lines, they come again."""
        self.target = target
        self._ends = array("q", [0])
        #: The directory that is theirs.
        self.directory = Path(tempfile.mkdtemp(prefix="simul-calls-"))
        weakref.finalize(self, shutil.rmtree, self.directory, ignore_errors=True)
        with (self.directory / "lines").open("wb") as file:
            for line in lines:
                file.write(line)
                self._ends.append(self._ends[-1] + len(line))
        self.lines = self.jobs = len(self._ends) - 1
        #: Seconds that a call may take.
        self.limit_s = JOB_LIMIT_S
        self._open(Path(file.name))

    def _open(self, path: Path) -> None:
        #: Where the lines are.
        self.path = path
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)

    def __len__(self) -> int:
        return self.jobs

    @overload
    def __getitem__(self, index: int) -> Job: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Job]: ...
    def __getitem__(self, index: int | slice) -> Job | Sequence[Job]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(self.jobs))]
        if not -self.jobs <= index < self.jobs:
            raise IndexError(index)
        line = index % self.jobs % self.lines
        start, end = self._ends[line : line + 2]
        return Call(self.target, os.pread(self._file, end - start, start).decode())

    def __reduce__(self) -> tuple[Any, ...]:
        kept = ("target", "_ends", "lines", "jobs", "limit_s")
        return _elsewhere, (self.path, {name: vars(self)[name] for name in kept})


def _elsewhere(path: Path, state: dict[str, Any]) -> Calls:
    calls = Calls.__new__(Calls)
    vars(calls).update(state)
    calls._open(path)
    return calls


def read_calls(target: str, source: Path | None, jobs: int | None, repeat: int | None) -> Calls:
    """Read the calls from a file, or from stdin (`-`); without a source each has no arguments.

    Each line stands for `repeat` calls. `jobs` takes the first so many, and the lines after them are not
    read; more jobs than there are lines go through them again, where nobody says how often.

    Raises:
        DataError: the source cannot be read, a line is no JSON, or there is none.
    """
    if source is None:
        calls = Calls(target, [NONE])
        calls.jobs = jobs or repeat or DEFAULT_CALLS
        return calls
    is_stdin = str(source) == "-"
    name = "stdin" if is_stdin else str(source)
    try:
        with open(0, "rb", closefd=False) if is_stdin else source.open("rb") as file:
            calls = Calls(target, _checked(file, name, jobs))
    except OSError as error:
        raise DataError(f"{name} cannot be read (--args): {error.strerror or error}") from None
    if not calls.lines:
        raise DataError(f'{name} has no line (--args): write one JSON value a line, such as {{"to": 7}}')
    calls.jobs = min(calls.lines * repeat, jobs or sys.maxsize) if repeat else jobs or calls.lines
    return calls


def _checked(file: BinaryIO, name: str, most: int | None) -> Iterator[bytes]:
    """Yield the lines that are JSON values, up to `most`; empty ones are no lines."""
    taken = number = 0
    while most is None or taken < most:
        number += 1
        line = file.readline(UTF8 * MAX_ARGUMENTS + 2)
        if not line:
            return
        text = line.removeprefix(b"\xef\xbb\xbf" if number == 1 else b"").strip()
        if text:
            _require_json(text, f"line {number:,} of {name} (--args)")
            taken += 1
            yield text


def _require_json(text: bytes, which: str) -> None:
    try:
        decoded = text.decode()
        if len(decoded) > MAX_ARGUMENTS:
            raise DataError(f"{which} is longer than {MAX_ARGUMENTS:,} characters")
        json.loads(decoded, parse_constant=_refuse)
    except UnicodeDecodeError:
        raise DataError(f"{which} is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        shown = text[:60].decode(errors="backslashreplace")
        raise DataError(f"{which} is no JSON: {error}: {shown}{'…' if len(text) > 60 else ''}") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON value")
