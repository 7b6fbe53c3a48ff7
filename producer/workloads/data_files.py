"""Make and check sets of data files: the course's 120 small files, or 100,000 of them, some damaged.

The same count, seed and damage give the same bytes, on every Python from 3.11 on. Nothing here
overwrites a file.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from itertools import chain, cycle
from pathlib import Path

from worker import file_check
from worker.answers import FileVerdict
from worker.errors import DataError
from worker.jobs import FileCheck

#: How many files the course has.
DEFAULT_COUNT = 120
LARGEST_SET = 10_000_000
#: The first seed, counting from 0, with which test001.txt is the one the course prints: 8, 8, 3.
DATA_SEED = 3063
#: Files between two calls of `on_progress`.
PROGRESS_STEP = 200

#: Called with the files done and the files there are.
OnProgress = Callable[[int, int], object]


def make(
    into: Path,
    count: int = DEFAULT_COUNT,
    seed: int = DATA_SEED,
    corrupt: int = 0,
    on_progress: OnProgress | None = None,
) -> dict[str, str]:
    """Write a set of files into a directory that holds none yet; return which were damaged, and how.

    Raises:
        DataError: the numbers make no sense, there are data files already, or they cannot be written.
    """
    if not 1 <= count <= LARGEST_SET:
        raise DataError(f"a set has 1 to {LARGEST_SET:,} files, not {count:,} (--count)")
    if not 0 <= corrupt <= count:
        raise DataError(f"of {count:,} files, 0 to {count:,} can be damaged, not {corrupt:,} (--corrupt)")
    damage = _choose_damages(count, seed, corrupt)
    damaged = {}
    try:
        into.mkdir(parents=True, exist_ok=True)
        if any(_list_entries(into)):
            raise _holds_files(into)
        for index, content in enumerate(_contents(count, seed)):
            name = f"test{_number(index, count)}.txt"
            if index in damage:
                damaged[name] = damage[index]
                content = _DAMAGES[damage[index]](content)
            _write(into, name, content)
            _report(on_progress, index + 1, count)
    except OSError as error:
        raise DataError(f"{into} cannot be written: {error.strerror}") from error
    return damaged


def check(root: Path, on_progress: OnProgress | None = None) -> list[FileVerdict]:
    """Check every data file of a directory; return the verdicts in the order of their names.

    Raises:
        DataError: there are none, or they cannot be listed.
    """
    readable = _names(root)
    names = list(readable)
    verdicts: list[FileVerdict] = []
    for first in range(0, len(names), PROGRESS_STEP):
        batch = FileCheck(tuple(names[first : first + PROGRESS_STEP]))
        for verdict in file_check.check(batch, root).verdicts:
            verdicts.append(verdict if readable[verdict.file] else _not_utf8(verdict.file))
        _report(on_progress, len(verdicts), len(names))
    return verdicts


def names(root: Path) -> list[str]:
    """List the names of the data files in a directory, sorted.

    No message can carry a name that is not UTF-8. Such a file is listed with its other bytes written out
    (`test\\xff.txt`): no file can be found by that name, so it counts as malformed.

    Raises:
        DataError: there are none, or they cannot be listed.
    """
    return list(_names(root))


def _names(root: Path) -> dict[str, bool]:
    """List the names, and of each whether a file can be found by it."""
    try:
        files = sorted(map(_in_utf8, _list_entries(root)))
    except OSError as error:
        raise DataError(f"{root} cannot be listed: {error.strerror}; {_ADVICE}") from error
    if not files:
        raise DataError(f"{root} holds no data files (test001.txt and so on); {_ADVICE}")
    names = {name: True for name, is_utf8 in files if is_utf8}
    for name, is_utf8 in files:
        if not is_utf8:
            while name in names:  # somebody has called a file what another is spelled as
                name += " (not UTF-8)"
            names[name] = False
    return dict(sorted(names.items()))


def _list_entries(root: Path) -> Iterator[str]:
    with os.scandir(root) as entries:  # not glob: it answers "nothing" where it may not look
        yield from (entry.name for entry in entries if fnmatchcase(entry.name, _PATTERN))


def _in_utf8(name: str) -> tuple[str, bool]:
    try:
        name.encode()
    except UnicodeEncodeError:  # the system's half a surrogate pair for each byte that is none
        return os.fsencode(name).decode(errors="backslashreplace"), False
    return name, True


def _not_utf8(name: str) -> FileVerdict:
    return FileVerdict(name, "malformed", reason="refused: its name is not UTF-8")


def _write(into: Path, name: str, content: bytes) -> None:
    try:
        with (into / name).open("xb") as file:
            file.write(content)
    except FileExistsError:  # somebody else makes a set here at the same time
        raise _holds_files(into) from None


def _holds_files(into: Path) -> DataError:
    return DataError(f"{into} holds data files already; remove them, or name another directory")


_PATTERN = "test*.txt"
_ADVICE = "make some with `simul data make --into DIR`; --data DIR (or SIMUL_DATA) has them read"


def _contents(count: int, seed: int) -> Iterator[bytes]:
    """Yield the files of a set, undamaged, one after the other."""
    # Only random() is promised to give the same values on every Python; randint and choice are not.
    draw = random.Random(seed).random
    for index in range(count):
        summands = [1 + int(draw() * 9) for _ in range(2 + int(draw() * 5))]
        numbers = ", ".join(map(str, summands))
        yield f"# data {_number(index, count)}\n{numbers}\n{sum(summands)}\n".encode()


def _number(index: int, count: int) -> str:
    """Write the number of a file, from 001 on, as wide as the last one."""
    return f"{index + 1:0{max(3, len(str(count)))}}"


def _wrong_sum(content: bytes) -> bytes:
    lines = content.splitlines()
    return b"\n".join([*lines[:-1], b"%d" % (int(lines[-1]) + 1), b""])


#: What can be wrong with a file. The last kind takes a megabyte, so that it is used only once in a set.
_DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "wrong sum": _wrong_sum,
    "truncated": lambda content: content[: content.rindex(b"\n", 0, -1)],
    "empty": lambda _: b"",
    "not UTF-8": lambda content: content.replace(b"data", b"donn\xe9es"),  # as Latin-1 has it
    "not a number": lambda content: content.replace(b", ", b", eight, ", 1),
    "one line too many": lambda content: content + b"0\n",
    "oversized": lambda content: content.replace(b", ", b"," + b" " * file_check.MAX_BYTES, 1),
}


def _choose_damages(count: int, seed: int, corrupt: int) -> dict[int, str]:
    """Choose which files are damaged, and how. The choice does not change what the others hold."""
    draw = random.Random(seed).random
    order = sorted((draw(), index) for index in range(count)) if corrupt else []
    kinds = chain(_DAMAGES, cycle(list(_DAMAGES)[:-1]))
    return {index: kind for (_, index), kind in zip(order[:corrupt], kinds, strict=False)}


def _report(on_progress: OnProgress | None, done: int, total: int) -> None:
    if on_progress and (done % PROGRESS_STEP == 0 or done == total):
        on_progress(done, total)
