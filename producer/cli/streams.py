"""The streams that a command writes to, which never fail it, whatever stands at their other end.

A reader that has gone, a full disk, a closed descriptor or an alphabet without × is no reason to lose work.
Where writing fails, the rest is dropped, the failure is remembered, and `main` says so at the very end.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import select
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from producer.printable import printable

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

#: As a shell reports a program whose reader has gone: `simul show ... | head -1`.
READER_GONE = 141
#: Replacements for what simul writes itself, for streams whose encoding lacks it.
INSTEAD = {
    "×": "x",
    "–": "-",
    "≈": "~",
    "…": "...",
    "µ": "u",
    "\u03bc": "u",  # the Greek letter, which looks alike
    "²": "2",
    "█": "#",
    "←": "<-",
    "á": "a",
    "\u00a0": " ",
    # The frames of rich's spinner, for one that turns all the same.
    **dict(zip("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\|/-\\|/", strict=True)),
}
#: The name of the codecs' error handler that puts these replacements in.
_ERRORS = "simul.instead"
#: The characters that move a terminal's cursor and set its colours; foreign text has lost them by now.
_OF_TERMINALS = "\n\r\t\x1b"


class Outlet(io.FileIO):
    """A descriptor to write to. After a first failure, which it keeps, it takes everything and drops it."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self.failure: OSError | None = None

    def write(self, data: ReadableBuffer) -> int:
        """Write, and wait for room where the descriptor itself would not."""
        if self.failure is None:
            try:
                while (written := super().write(data)) is None:
                    select.select([], [self], [])
                return written
            except OSError as error:
                self.failure = error
        return memoryview(data).nbytes


class Stream(io.TextIOWrapper):
    """Text on its way to an outlet; also cleans what libraries print for us, such as Typer's errors."""

    def __init__(self, descriptor: int, encoding: str, lines: bool) -> None:
        self.outlet = Outlet(descriptor)
        super().__init__(io.BufferedWriter(self.outlet), encoding, _ERRORS, line_buffering=lines)

    def write(self, text: str) -> int:
        """Write the text, with only those unprintable characters that a terminal needs."""
        return super().write(printable(text, keep=_OF_TERMINALS))


@contextlib.contextmanager
def install() -> Iterator[None]:
    """Put such streams in the place of stdout and stderr during this context, but not of a test's own."""
    closed = _take_numbers()
    originals = sys.stdout, sys.stderr
    if sys.stdout is sys.__stdout__:
        sys.stdout = _stream(sys.stdout, 1, closed)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _stream(sys.stderr, 2, closed)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = originals


def failure() -> OSError | None:
    """Return the error for which results did not reach stdout, or None. One of stderr cannot be shown."""
    sys.stdout.flush()
    return sys.stdout.outlet.failure if isinstance(sys.stdout, Stream) else None


def _take_numbers() -> list[int]:
    """Open stdin, stdout and stderr where they are closed; return the numbers of those that were.

    What is opened next would get their numbers, and every process that is started would take a pipe of the
    lab's, or its socket, for its own stdout.
    """
    closed = []
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            taken = os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free, which is this one
            os.set_inheritable(taken, True)
            closed.append(descriptor)
    return closed


def _stream(original: io.TextIOWrapper | None, descriptor: int, closed: Sequence[int]) -> Stream:
    if descriptor in closed:
        descriptor = os.open(os.devnull, os.O_RDONLY)  # writing there fails, as it would have
    if original is None:
        return Stream(descriptor, "utf-8", lines=False)
    # PYTHONUNBUFFERED asks for more than whole lines, and is content with them.
    return Stream(descriptor, original.encoding, original.line_buffering or original.write_through)


def _instead(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    odd = error.object[error.start : error.end]
    return "".join(
        INSTEAD.get(character) or character.encode("ascii", "backslashreplace").decode() for character in odd
    ), (error.end)


codecs.register_error(_ERRORS, _instead)
