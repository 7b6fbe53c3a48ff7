"""Numbers are said with their unit, and with no more digits than mean something."""

from __future__ import annotations

import pytest

from producer import words


def plain(text: str) -> str:
    """The text with ordinary spaces."""
    return text.replace(words.SPACE, " ")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0 s"),
        (None, "–"),
        (0.00031, "310 µs"),
        (0.00999, "9.99 ms"),
        (0.0556, "55.6 ms"),
        (0.6377, "638 ms"),
        (1.2349, "1.23 s"),
        (119.0, "119 s"),
        (2130.0, "35.5 min"),
    ],
)
def test_times_have_the_unit_that_suits_them(value: float | None, text: str) -> None:
    assert plain(words.seconds(value)) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "–"), (0.0, "0 %"), (0.001, "< 1 %"), (0.674, "67 %"), (0.999, "> 99 %"), (1.0, "100 %")],
)
def test_a_share_is_never_rounded_to_nothing_or_to_all(share: float | None, text: str) -> None:
    assert plain(words.percent(share)) == text


def test_what_is_counted_agrees_with_its_number() -> None:
    assert words.counted(1, "process", "processes") == "1 process"
    assert words.counted(1200, "job") == "1,200 jobs"


def test_names_are_listed_as_people_list_them() -> None:
    assert words.listed([]) == ""
    assert words.listed(["a"]) == "a"
    assert words.listed(["a", "b", "c"]) == "a, b and c"


def test_times_and_sizes() -> None:
    assert words.times(1.94) == "1.94 times"
    assert words.times(22.34) == "22.3 times"
    assert plain(words.mebibytes(20 * 2**20)) == "20 MiB"
    assert words.mebibytes(None) == "–"
    assert plain(words.gibibytes(2**33)) == "8.00 GiB"


@pytest.mark.parametrize(
    ("low", "middle", "high", "text"),
    [
        (1.42, 1.5, 1.61, "1.50 s (1.42–1.61)"),
        (0.0533, 0.0536, 0.0541, "53.6 ms (53.3–54.1)"),
        (0.61, 0.9, 1.02, "900 ms (610–1,020)"),
        (119, 180, 240, "3.00 min (1.98–4.00)"),
    ],
)
def test_a_spread_is_in_one_unit(low: float, middle: float, high: float, text: str) -> None:
    assert plain(words.spread(low, middle, high)) == text


def test_a_moment_is_written_for_people() -> None:
    assert words.moment("2026-11-24T15:39:31+0000") == "2026-11-24 15:39:31 +0000"
    assert words.moment("yesterday") == "yesterday"


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (4200, "4.10 KiB"), (2**20, "1.00 MiB")],
)
def test_sizes_have_the_unit_that_suits_them(number: float, text: str) -> None:
    assert plain(words.size(number)) == text
