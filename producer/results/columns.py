"""Columns of numbers in as few bytes as they need: a result may hold millions of each."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from contextlib import suppress


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


def share_texts(texts: Sequence[str]) -> tuple[str, ...]:
    """Keep texts that are equal once."""
    known: dict[str, str] = {}
    return tuple(known.setdefault(text, text) for text in texts)
