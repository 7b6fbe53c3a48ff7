"""Columns of numbers in as few bytes as they need: a result may hold millions of each."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import overload


def pack_integers(numbers: Sequence[int]) -> array[int]:
    """Keep whole numbers in 1, 2, 4 or 8 bytes each, the fewest that hold all of them.

    Raises:
        OverflowError: one has more than 63 bits.
    """
    for code in "bhi":
        with suppress(OverflowError):
            return array(code, numbers)
    return array("q", numbers)


def pack_seconds(numbers: Sequence[float]) -> array[float]:
    """Keep times in 8 bytes each."""
    return array("d", numbers)


class HashColumn(Sequence[str]):
    """Hashes of 64 bits, each a text of 16 hexadecimal digits, kept in 8 bytes."""

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        """The hashes begin with these, as numbers."""
        self.numbers = array("Q", numbers)

    def append(self, text: str) -> None:
        """Add a hash.

        Raises:
            ValueError: it is none.
        """
        number = int(text, 16)
        if f"{number:016x}" != text:
            raise ValueError(f"{text!r} is no hash of 16 hexadecimal digits")
        self.numbers.append(number)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return HashColumn(self.numbers[index])
        return f"{self.numbers[index]:016x}"

    def __len__(self) -> int:
        return len(self.numbers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HashColumn) and self.numbers == other.numbers


def pack_hashes(texts: Sequence[str]) -> Sequence[str]:
    """Keep hashes of 16 hexadecimal digits in 8 bytes each; where some are none, all as they are."""
    if isinstance(texts, HashColumn):
        return texts
    column = HashColumn()
    try:
        for text in texts:
            column.append(text)
    except (ValueError, OverflowError):
        return tuple(texts)
    return column


class IntegerColumn:
    """Whole numbers of up to 63 bits that come one by one; as wide as the widest until now."""

    def __init__(self) -> None:
        self.numbers = array("b")

    def append(self, number: int) -> None:
        """Add a number.

        Raises:
            OverflowError: it has more than 63 bits.
        """
        try:
            self.numbers.append(number)
        except OverflowError:
            self.numbers = array(pack_integers([number]).typecode, self.numbers)
            self.numbers.append(number)
