"""Writes files whole or not at all, and overwrites nobody else's.

Everything is first written under a name that nobody else has (a process id would not do: two containers may
share one, and the directory), and is on the disk before it gets its final name.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from producer.system.interrupts import held

#: Splits a name where a number is put in: "a.json.gz" is followed by "a-2.json.gz".
_NAME = re.compile(r"(.+?)((?:\.json)?(?:\.gz)?)", re.DOTALL)


def require_free(path: Path) -> None:
    """Make sure that a file of that name can be written; its directory is made if need be.

    Raises:
        FileExistsError: there is one.
        OSError: there can be none.
    """
    with suppress(FileNotFoundError):
        path.lstat()
        raise FileExistsError
    with _temporary(path.parent, b""):
        pass


def replace(path: Path, data: bytes) -> None:
    """Put a file with this content in the place of whatever has the name.

    Raises:
        OSError: it cannot be written; what was there still is.
    """
    with _temporary(path.parent, data) as temporary:
        temporary.replace(path)


def create(path: Path, data: bytes) -> Path:
    """Write a new file and return its name: this one, or the next one that is free ("a-2.json", "a-3.json").

    Raises:
        OSError: it cannot be written; nothing is there.
    """
    with _temporary(path.parent, data) as temporary, held():  # no empty file is left
        for name in _names(path):
            with suppress(FileExistsError):
                name.open("xb").close()
                _take(name, temporary)
                return name
    raise AssertionError("names do not end")


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
def _temporary(directory: Path, data: bytes) -> Iterator[Path]:
    path = directory / f".{secrets.token_hex(16)}.tmp"
    _make(directory)
    try:
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield path
    finally:
        with suppress(OSError):
            path.unlink()


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
