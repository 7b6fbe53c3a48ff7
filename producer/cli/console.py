"""The consoles that the commands share: results go to stdout, everything else to stderr.

Nothing that is shown is read for markup: a name is a name, also where it says [red] or :smile:.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from producer.printable import printable
from producer.system.interrupts import held


def stdout() -> Console:
    """Return the console for results. A pipe has no width: it gets COLUMNS, or room for the wide table."""
    from producer.show.terminal.fitting import MAX_WIDTH

    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else MAX_WIDTH
    return Console(width=width, highlight=False, markup=False, emoji=False)


@cache
def stderr() -> Console:
    """Return the one console for progress and warnings, so that lines are printed above a bar."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def tell(line: str) -> None:
    """Print one line on stdout, whatever is in it."""
    print(printable(line))


def say(line: str, style: str = "") -> None:
    """Print one line on stderr, whatever is in it, and however long it is."""
    with held():  # or rich, interrupted between writing and forgetting a line, writes it again
        stderr().print(printable(line), style=style, soft_wrap=True)


def as_utf8(path: str | Path) -> str:
    """Spell the bytes in a file's name that are no UTF-8, so that JSON can hold it."""
    return os.fsencode(path).decode(errors="backslashreplace")


@contextmanager
def bar(what: str, total: int | None, quiet: bool) -> Iterator[Callable[..., None]]:
    """Show a bar on stderr; yields a function that takes the number done, and a total known only later."""
    progress = Progress(
        *Progress.get_default_columns(),
        MofNCompleteColumn(),
        console=stderr(),
        transient=True,
        disable=quiet or not sys.stderr.isatty(),
    )
    with progress:
        task = progress.add_task(what, total=total)
        yield lambda done, total=total: progress.update(task, completed=done, total=total)
