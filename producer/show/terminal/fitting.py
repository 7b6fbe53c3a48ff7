"""Fits tables into a terminal: what is too wide for it becomes several tables, and nothing is cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.table import Table

#: What a terminal must have for all the columns of a comparison beside each other.
MAX_WIDTH = 160

C = TypeVar("C")


def new_table() -> Table:
    """Make a table without lines: two spaces stand between its columns."""
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")


def split_to_fit(
    columns: Sequence[C], make_table: Callable[[Sequence[C]], Table], width: int
) -> Iterator[Table]:
    """Make as few tables as hold all the columns, none wider than the terminal."""
    together: list[C] = []
    for column in columns:
        if together and _measure(make_table([*together, column])) > width:
            yield make_table(together)
            together = []
        together.append(column)
    yield make_table(together)


def _measure(table: Table) -> int:
    return Console(width=10 * MAX_WIDTH, markup=False, emoji=False).measure(table).maximum
