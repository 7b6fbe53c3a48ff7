"""The user's own jobs: calls of one function, with the arguments that a file or a pipe has a line of for each.

A line is one JSON value: an object has arguments by name, a list by position, anything else is the one argument.
The lines go through a file of the lab's, so that a million of them take no memory.
"""

from __future__ import annotations

import json
import os
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, overload

from worker.errors import DataError
from worker.jobs import MAX_ARGUMENTS, Call, Job

#: The arguments of a function that is given none.
NONE = b"[]"
#: Jobs where neither lines nor numbers say how many.
DEFAULT_CALLS = 100


class Calls(Sequence[Job]):
    """Calls of one function, whose arguments lie in a file without a name: each is read when it is asked for.

    It can be sent to another process, and holds all the lines there.
    """

    def __init__(self, target: str, lines: Iterable[bytes], jobs: int | None = None, repeat: int = 1) -> None:
        """Read the lines; `jobs` is how many calls there are in all (default: each line `repeat` times)."""
        self.target = target
        self._ends = array("q", [0])
        self._file = tempfile.TemporaryFile(prefix="simul-calls-")  # noqa: SIM115  ends with this object
        for line in lines:
            self._file.write(line)
            self._ends.append(self._ends[-1] + len(line))
        self._file.flush()
        self._jobs = len(self._ends[1:]) * repeat if jobs is None else jobs

    def __len__(self) -> int:
        return self._jobs

    @overload
    def __getitem__(self, index: int) -> Job: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Job]: ...
    def __getitem__(self, index: int | slice) -> Job | Sequence[Job]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(self._jobs))]
        if not -self._jobs <= index < self._jobs:
            raise IndexError(index)
        line = index % self._jobs % (len(self._ends) - 1)
        start, end = self._ends[line : line + 2]
        return Call(self.target, os.pread(self._file.fileno(), end - start, start).decode())

    def __reduce__(self) -> tuple[Any, ...]:
        return Calls, (self.target, list(self._lines()), self._jobs)

    def _lines(self) -> Iterator[bytes]:
        for start, end in zip(self._ends, self._ends[1:], strict=False):
            yield os.pread(self._file.fileno(), end - start, start)


def read_calls(target: str, source: Path | None, jobs: int | None, repeat: int | None) -> Calls:
    """Read the calls from a file, or from stdin (`-`); without a source each has no arguments.

    Each line stands for `repeat` calls. `jobs` takes the first so many; the lines after them are not read. More
    jobs than there are lines go through them again, where nobody says how often.

    Raises:
        DataError: the source cannot be read, a line is no JSON, or there is none.
    """
    if source is None:
        return Calls(target, [NONE], DEFAULT_CALLS if jobs is repeat is None else jobs, repeat or 1)
    try:
        if str(source) == "-":
            with open(0, "rb", closefd=False) as stdin:
                calls = Calls(target, _checked(stdin, "stdin", jobs), None, repeat or 1)
        else:
            with source.open("rb") as file:
                calls = Calls(target, _checked(file, str(source), jobs), None, repeat or 1)
    except OSError as error:
        raise DataError(f"{source} cannot be read (--args): {error.strerror or error}") from None
    if not len(calls):
        raise DataError(f'{source} has no line (--args): write one JSON value a line, such as {{"to": 7}}')
    if jobs is not None and (repeat is None or jobs < len(calls)):
        calls._jobs = jobs
    return calls


def _checked(file: BinaryIO, name: str, most: int | None) -> Iterator[bytes]:
    """Yield the lines that are JSON values, up to `most`; empty ones are no lines."""
    taken = 0
    number = 0
    while most is None or taken < most:
        number += 1
        line = file.readline(MAX_ARGUMENTS * 4 + 2)
        if not line:
            return
        text = line.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else line.strip()
        if not text:
            continue
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
