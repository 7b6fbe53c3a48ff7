"""Opens files below the data root, and nothing outside of it.

A name is followed part by part from a descriptor of the root, and the system follows no link: a link's target
is read and followed here, as long as it stays below the root. So nobody who swaps a file, a link or a
directory between two steps can lead a reader out. Only a regular file is handed out: a FIFO would block, a
device might never end.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

# Not os.close: that of gevent (from 25.8 on) keeps a directory open until its loop has a turn, and a job that
# reads a thousand files lets it have none.
from posix import close

from worker.errors import DataError

#: How many links a name may lead through: as many as Linux follows.
MAX_LINKS = 40

#: O_PATH asks only for the right to search a directory, and not to list it.
_DIRECTORY: int = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
#: A FIFO is not waited for, and a terminal does not become this process's own.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
#: The errors of systems that were told to follow no link, and meet one.
_LINK_ERRORS = (errno.ELOOP, errno.ENOTDIR, errno.EMLINK)
#: The errors of systems that meet a socket.
_SOCKET_ERRORS = (errno.ENXIO, errno.EOPNOTSUPP)


class RefusedError(DataError):
    """A name is not opened; the message says why."""


def require_below(name: str) -> None:
    """Check that a name can only mean something below a root.

    Raises:
        RefusedError: the name may lead elsewhere; the message says why.
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
    """Open the regular file of that name, to read from; an opener for `open` and functions like it.

    `open` itself takes no name that `require_below` refuses: ask that first.

    Raises:
        RefusedError: the name leads out of the root, or to no regular file.
        OSError: nothing has that name, or it may not be opened.
    """
    descriptor = _follow(root, name)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        close(descriptor)
        raise RefusedError("not a regular file")
    return descriptor


def _follow(root: Path, name: str) -> int:
    left, links = _parts(name), 0
    way = [os.open(root, _DIRECTORY)]  # every directory that was walked through
    try:
        while left:
            part = left.pop()
            if part == "..":  # from a link: the name itself has none
                _go_up(way)
                continue
            reached = _open_part(part, way[-1], last=not left)
            if isinstance(reached, str):
                links += 1
                if links > MAX_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                if reached.startswith("/"):
                    reached = _cut_root(root, reached)
                    _close_beyond(way, 1)
                left += _parts(reached)
            elif left:
                way.append(reached)
            else:
                return reached
        raise RefusedError("not a regular file")
    finally:
        _close_beyond(way, 0)


def _parts(path: str) -> list[str]:
    """Split a path into its parts, the last part first."""
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]


def _open_part(part: str, directory: int, *, last: bool) -> int | str:
    """Open what has this name in the directory; of a link, return the target."""
    try:
        return os.open(part, _FILE if last else _DIRECTORY | os.O_NOFOLLOW, dir_fd=directory)
    except OSError as error:
        if error.errno in _SOCKET_ERRORS:
            raise RefusedError("not a regular file") from None
        if error.errno in _LINK_ERRORS:
            with suppress(OSError):
                return os.readlink(part, dir_fd=directory)
        raise


def _cut_root(root: Path, target: str) -> str:
    """Cut the root off a link's absolute target; a target outside the root is refused."""
    for start in (os.path.realpath(root), os.path.abspath(root)):  # noqa: PTH100 - follows no link
        if target.startswith(os.path.join(start, "")):  # noqa: PTH118 - adds no slash to "/"
            return target[len(start) :]
    raise _outside()


def _go_up(way: list[int]) -> None:
    if len(way) == 1:
        raise _outside()
    close(way.pop())


def _close_beyond(way: list[int], steps: int) -> None:
    """Close all but the first steps of the way."""
    while len(way) > steps:
        close(way.pop())


def _outside() -> RefusedError:
    return RefusedError("refused: the path leads out of the data root")
