"""The one door to the files below the data root.

A name is followed part by part from a descriptor of the root, and the system follows no link: what a link
says is read and followed here, as long as it stays below the root. So nobody who swaps a file, a link or a
directory between two steps leads a reader out. What was opened is looked at before it is handed out, and
only a regular file is: a FIFO would block, a device might never end.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from worker.errors import DataError

#: Links that one name may lead through, as many as Linux follows.
MAX_LINKS = 40

#: To search a directory takes no right to list it, where the system tells the two apart.
_DIRECTORY: int = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
#: A FIFO is not waited for, and a terminal does not become this process's own.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
#: What systems answer where they find a link and were told not to follow it.
_A_LINK = (errno.ELOOP, errno.ENOTDIR, errno.EMLINK)
#: What they answer where they find a socket.
_A_SOCKET = (errno.ENXIO, errno.EOPNOTSUPP)


class RefusedError(DataError):
    """A name that is not opened; the message says why."""


def require_below(name: str) -> None:
    """See that a name can only mean something below a root.

    Raises:
        RefusedError: it cannot; the message says why.
    """
    if "\0" in name:
        raise RefusedError("refused: the name contains a NUL byte")
    if name.startswith("/"):
        raise RefusedError("refused: the path is absolute")
    if ".." in name and ".." in name.split("/"):
        raise RefusedError("refused: the path contains '..'")
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        raise RefusedError("refused: no file can bear such a name") from None


def open_below(root: Path, name: str, _flags: int = 0) -> int:
    """A descriptor of the regular file of that name, to read from; an opener for `open` and its like.

    `open` itself takes no name that `require_below` refuses: ask that first.

    Raises:
        RefusedError: the name leads out of the root, or to no regular file.
        OSError: it leads nowhere, or may not be opened.
    """
    descriptor = _followed(root, name)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise RefusedError("not a regular file")
    return descriptor


def _followed(root: Path, name: str) -> int:
    left, links = _parts(name), 0
    way = [os.open(root, _DIRECTORY)]  # every directory that was walked through
    try:
        while left:
            part = left.pop()
            if part == "..":  # a link's
                _up(way)
                continue
            found = _opened(part, way[-1], last=not left)
            if isinstance(found, str):
                links += 1
                if links > MAX_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                if found.startswith("/"):
                    found = _from_root(root, found)
                    _back(way, 1)
                left += _parts(found)
            elif left:
                way.append(found)
            else:
                return found
        raise RefusedError("not a regular file")
    finally:
        _back(way, 0)


def _parts(path: str) -> list[str]:
    """The parts of a path, the first one last."""
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]


def _opened(part: str, directory: int, *, last: bool) -> int | str:
    """A descriptor of what has this name in the directory; of a link what it says."""
    try:
        return os.open(part, _FILE if last else _DIRECTORY | os.O_NOFOLLOW, dir_fd=directory)
    except OSError as error:
        if error.errno in _A_SOCKET:
            raise RefusedError("not a regular file") from None
        if error.errno in _A_LINK:
            with suppress(OSError):
                return os.readlink(part, dir_fd=directory)
        raise


def _from_root(root: Path, target: str) -> str:
    """The way from the root on which an absolute link leads, where it says that it goes through the root."""
    for start in (os.path.realpath(root), os.path.abspath(root)):  # noqa: PTH100 - follows no link
        if target.startswith(os.path.join(start, "")):  # noqa: PTH118 - adds no slash to "/"
            return target[len(start) :]
    raise _leads_out()


def _up(way: list[int]) -> None:
    if len(way) == 1:
        raise _leads_out()
    os.close(way.pop())


def _back(way: list[int], steps: int) -> None:
    """Give up all but the first steps of the way."""
    while len(way) > steps:
        os.close(way.pop())


def _leads_out() -> RefusedError:
    return RefusedError("refused: the path leads out of the data root")
