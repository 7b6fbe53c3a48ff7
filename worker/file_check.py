"""Reads small files below the data root and verifies the sum that each of them states.

A file has three lines: a comment with its number, the summands, their sum.

    # data 001
    8, 8, 3
    19

Lines may end as Windows writes them, and a byte order mark may come first, as its editors write one.
Whatever else is found there is an answer, not an error: `malformed`, with the reason. Every file is opened
through `data_root`, and no more than `MAX_BYTES` + 1 of it is read, however large the system says it is.

`check` and `check_async` differ in how they read, and in nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from worker.answers import FilesChecked, FileVerdict
from worker.data_root import RefusedError, open_below, require_below
from worker.deadline import UNLIMITED, Deadline
from worker.jobs import FileCheck

#: A larger file is malformed.
MAX_BYTES = 1024 * 1024
#: How much is read at first: to ask for a megabyte at once would cost twice as much as the rest of reading.
FIRST_BYTES = 8192
#: A longer number is malformed; Python refuses by default to convert one (sys.set_int_max_str_digits).
MAX_DIGITS = 4300

_LIMIT = 10**MAX_DIGITS
_HEADER = re.compile(r"#.*[0-9]")
#: int() alone would also take 1_000, other alphabets' digits and any white space.
_NUMBER = re.compile(r"[+-]?([0-9]+)")


class MalformedError(Exception):
    """A file has no sum to verify. This never leaves `check`: it becomes the reason in the answer."""


@dataclass(frozen=True, slots=True)
class Sums:
    """The sum of a file's summands, and the sum that the file states."""

    expected: int
    stated: int


def check(job: FileCheck, data_root: Path, until: Deadline = UNLIMITED) -> FilesChecked:
    """Judge each file of the job, reading it with `open`."""
    verdicts = []
    for name in job.files:
        until.check()
        try:
            data = read(name, data_root)
        except (OSError, RefusedError) as error:
            verdicts.append(_malformed(name, error))
        else:
            verdicts.append(judge(name, data))
    return FilesChecked(tuple(verdicts))


async def check_async(job: FileCheck, data_root: Path, until: Deadline = UNLIMITED) -> FilesChecked:
    """Judge each file of the job, reading it with aiofiles: each open, read and close goes to a thread."""
    verdicts = []
    for name in job.files:
        until.check()
        try:
            data = await _read_async(name, data_root)
        except (OSError, RefusedError) as error:
            verdicts.append(_malformed(name, error))
        else:
            verdicts.append(judge(name, data))
    return FilesChecked(tuple(verdicts))


def read(name: str, data_root: Path) -> bytes:
    """Read a file: all of it, or the first `MAX_BYTES` + 1 bytes, one more than it may have.

    Raises:
        RefusedError: the name leaves the root (`refused: ...`), or leads to no regular file.
        OSError: no file has that name, or it cannot be read.
    """
    require_below(name)
    with open(name, "rb", opener=partial(open_below, data_root)) as file:
        data = file.read(FIRST_BYTES)
        if len(data) == FIRST_BYTES:
            data += file.read(MAX_BYTES + 1 - FIRST_BYTES)
    return data


async def _read_async(name: str, data_root: Path) -> bytes:
    import aiofiles  # not at the top: it brings asyncio along, which the sync twin has no use for

    require_below(name)
    async with aiofiles.open(name, "rb", opener=partial(open_below, data_root)) as file:
        data = await file.read(FIRST_BYTES)
        if len(data) == FIRST_BYTES:
            data += await file.read(MAX_BYTES + 1 - FIRST_BYTES)
    return data


def judge(name: str, data: bytes) -> FileVerdict:
    """Judge a file by its content (or the first `MAX_BYTES` + 1 bytes of it)."""
    try:
        sums = parse(data)
    except MalformedError as error:
        return _malformed(name, error)
    if sums.expected == sums.stated:
        return FileVerdict(name, "correct")
    return FileVerdict(name, "wrong", expected=sums.expected, found=sums.stated)


def parse(data: bytes) -> Sums:
    """Read the two sums in a file's content; a byte order mark, CRLF and a missing last newline are fine.

    Raises:
        MalformedError: the content is no such file's; the text says why.
    """
    if not data:
        raise MalformedError("empty")
    if len(data) > MAX_BYTES:
        raise MalformedError(f"larger than {MAX_BYTES:,} bytes")
    try:
        lines = data.decode("utf-8").removeprefix("\ufeff").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise MalformedError(f"not UTF-8 (byte {error.start})") from None
    if len(lines) != 3:
        raise MalformedError(f"{'truncated' if len(lines) < 3 else 'too long'}: {len(lines)} of 3 lines")
    header, summands, stated = (line.removesuffix("\r") for line in lines)
    if not _HEADER.match(header):
        raise MalformedError(f"no comment with a number in line 1: {_excerpt(header)}")
    expected = sum(_parse_number(text, line=2) for text in summands.split(","))
    if abs(expected) >= _LIMIT:
        raise MalformedError(f"a sum of more than {MAX_DIGITS:,} digits")
    return Sums(expected, _parse_number(stated, line=3))


def _parse_number(text: str, line: int) -> int:
    number = _NUMBER.fullmatch(text.strip(" \t"))
    if number is None:
        raise MalformedError(f"not a number in line {line}: {_excerpt(text)}")
    if len(number[1]) > MAX_DIGITS:
        raise MalformedError(f"a number of more than {MAX_DIGITS:,} digits in line {line}")
    return int(number[0])


def _malformed(name: str, error: OSError | RefusedError | MalformedError) -> FileVerdict:
    # strerror alone: the full text of an OSError names the path on this machine.
    reason = (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)
    return FileVerdict(name, "malformed", reason=reason[:1].lower() + reason[1:])


def _excerpt(text: str) -> str:
    return ascii(text if len(text) <= 40 else text[:37] + "...")
