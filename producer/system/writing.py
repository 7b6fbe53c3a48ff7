"""Writes files whole or not at all, and overwrites nobody else's.

A file is first written under a name that nobody else has (a process id would not do: two containers may
share one, and the directory), and is on the disk before it gets its final name. Only `extend` writes into a
file that has its name already.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from itertools import count
from pathlib import Path
from typing import Literal, NamedTuple

from producer.system.interrupts import held

#: Bytes that are read at a time.
PIECE = 2**20
#: Splits a name where a number is put in: "a.json.gz" is followed by "a-2.json.gz".
_NAME = re.compile(r"(.+?)((?:\.json)?(?:\.gz)?)", re.DOTALL)


class Identity(NamedTuple):
    """Tells a file from all others, and from itself before it was written to."""

    device: int
    number: int
    size: int


def require_free(path: Path) -> None:
    """Make sure that a file of that name can be written; its directory is made if need be.

    Raises:
        FileExistsError: there is one.
        OSError: there can be none.
    """
    with suppress(FileNotFoundError):
        path.lstat()
        raise FileExistsError
    with _temporary(path.parent, []):
        pass


def replace(path: Path, parts: Iterable[bytes]) -> Identity:
    """Put a file that these parts make up in the place of whatever has the name.

    Raises:
        OSError: it cannot be written; what was there still is.
    """
    with _temporary(path.parent, parts) as (temporary, identity):
        temporary.replace(path)
    return identity


def create(path: Path, parts: Iterable[bytes]) -> tuple[Path, Identity]:
    """Write a new file. Its name is this one, or the next one that is free ("a-2.json", "a-3.json").

    Raises:
        OSError: it cannot be written; nothing is there.
    """
    with _temporary(path.parent, parts) as (temporary, identity), held():  # no empty file is left
        for name in _names(path):
            with suppress(FileExistsError):
                name.open("xb").close()
                _take(name, temporary)
                return name, identity
    raise AssertionError("names do not end")


def extend(path: Path, known: Identity, data: bytes, end: bytes) -> Identity:
    """Put data before the end of a file, in place: it costs what the data do, however large the file is.

    Killed in the middle, it leaves the file without its end, and with some of the data.

    Raises:
        OSError: it cannot be written, or is no longer the file that is known; what was there still is.
    """
    with _opened(path, known, "r+b") as file:
        at = known.size - len(end)
        try:
            # First without its end: where this is cut short, what is there is not a mixture of old and new.
            file.truncate(at)
            _write_at(file.fileno(), at, data + end)
            os.fsync(file.fileno())
        except BaseException:
            with suppress(OSError):  # without its end it is not whole, but holds all that it held
                _write_at(file.fileno(), at, end)
                file.truncate(known.size)
            raise
    return known._replace(size=known.size + len(data))


def read(path: Path, known: Identity, start: int, stop: int) -> Iterator[bytes]:
    """Read a part of a file, piece by piece.

    Raises:
        OSError: it cannot be read, or is no longer the file that is known.
    """
    with _opened(path, known, "rb") as file:
        file.seek(start)
        while start < stop:
            if not (piece := file.read(min(stop - start, PIECE))):
                raise _stale()
            start += len(piece)
            yield piece


def is_there(path: Path, known: Identity) -> bool:
    """Tell whether a file has still its name, and nobody has written to it."""
    with suppress(OSError):
        return _identity(path.lstat()) == known
    return False


@contextmanager
def _opened(path: Path, known: Identity, mode: Literal["rb", "r+b"]) -> Iterator[FileIO]:
    with path.open(mode, buffering=0) as file:
        if _identity(os.fstat(file.fileno())) != known:
            raise _stale()
        yield file


def _identity(status: os.stat_result) -> Identity:
    return Identity(status.st_dev, status.st_ino, status.st_size)


def _stale() -> OSError:
    return OSError(errno.ESTALE, os.strerror(errno.ESTALE))


def _write_at(descriptor: int, offset: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        written = os.pwrite(descriptor, left, offset)
        left, offset = left[written:], offset + written


def _names(path: Path) -> Iterator[Path]:
    yield path
    match = _NAME.fullmatch(path.name)
    assert match
    yield from (path.with_name(f"{match[1]}-{number}{match[2]}") for number in count(2))


def _take(name: Path, temporary: Path) -> None:
    try:
        temporary.replace(name)
    except OSError:
        name.unlink()
        raise


@contextmanager
def _temporary(directory: Path, parts: Iterable[bytes]) -> Iterator[tuple[Path, Identity]]:
    path = directory / f".{secrets.token_hex(16)}.tmp"
    _make(directory)
    try:
        with path.open("xb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
            identity = _identity(os.fstat(file.fileno()))
        yield path, identity
    finally:
        with suppress(OSError):
            path.unlink()


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
