"""Columns keep what they are given, in as few bytes as it needs."""

from __future__ import annotations

from dataclasses import fields

import pytest

from producer.results.columns import pack_integers, pack_seconds, share_texts
from tests.made import run


@pytest.mark.parametrize(
    ("number", "size"),
    [(0, 1), (-128, 1), (128, 2), (-129, 2), (32_768, 4), (-(2**31), 4), (2**31, 8), (2**63 - 1, 8)],
)
def test_a_number_takes_the_fewest_bytes_that_hold_it(number: int, size: int) -> None:
    column = pack_integers([1, number])
    assert (list(column), column.itemsize) == ([1, number], size)
    assert pack_integers(column) == column


def test_times_and_texts_are_kept() -> None:
    assert list(pack_seconds((0.1, 2.0))) == [0.1, 2.0]
    first, _, third = texts = share_texts(["".join("ab"), "c", "".join("ab")])
    assert texts == ("ab", "c", "ab")
    assert first is third


def test_a_record_in_memory_takes_some_twenty_bytes() -> None:
    records = run(jobs=10_000, makespan_ms=20_000).records
    columns = [getattr(records, field.name) for field in fields(records)]
    assert sum(memoryview(column).nbytes for column in columns) <= 22 * 10_000
