"""Columns keep what they are given, in as few bytes as it needs."""

from __future__ import annotations

from dataclasses import fields

import pytest

from producer.results.columns import HashColumn, IntegerColumn, pack_hashes, pack_integers, pack_seconds
from tests.made import run


@pytest.mark.parametrize(
    ("number", "size"),
    [(0, 1), (-128, 1), (128, 2), (-129, 2), (32_768, 4), (-(2**31), 4), (2**31, 8), (2**63 - 1, 8)],
)
def test_a_number_takes_the_fewest_bytes_that_hold_it(number: int, size: int) -> None:
    column = pack_integers([1, number])
    assert (list(column), column.itemsize) == ([1, number], size)
    assert pack_integers(column) == column


def test_a_column_that_grows_is_as_wide_as_the_widest_of_its_numbers() -> None:
    column = IntegerColumn()
    sizes = []
    numbers = [1, -129, 2, 2**31, 2**15, -(2**63)]
    for number in numbers:
        column.append(number)
        sizes.append(column.numbers.itemsize)
    assert (list(column.numbers), sizes) == (numbers, [1, 2, 2, 8, 8, 8])


def test_times_are_kept() -> None:
    assert list(pack_seconds((0.1, 2.0))) == [0.1, 2.0]


def test_hashes_are_kept_in_eight_bytes_each_and_other_texts_as_they_are() -> None:
    hashes = ["0123456789abcdef", "0" * 16, "f" * 16]
    column = pack_hashes(hashes)
    assert isinstance(column, HashColumn)
    assert memoryview(column.numbers).nbytes == 24
    assert ([*column], [*column[1:]], column[-1]) == (hashes, hashes[1:], hashes[-1])
    assert pack_hashes([*column]) == column
    for text in ("", "ab", "0123456789ABCDEF", "0x123456789abcde", "+123456789abcdef", "1" * 17, "no hash"):
        assert [*pack_hashes([*hashes, text])] == [*hashes, text]


def test_a_record_in_memory_takes_some_twenty_bytes() -> None:
    records = run(jobs=10_000, makespan_ms=20_000).records
    columns = [getattr(records, field.name) for field in fields(records)]
    assert sum(memoryview(column).nbytes for column in columns) <= 22 * 10_000
