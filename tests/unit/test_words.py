"""Numbers are said with their unit, and with no more digits than mean something."""

from __future__ import annotations

import pytest

from producer import words


def plain(text: str) -> str:
    """The text with ordinary spaces."""
    return text.replace(words.SPACE, " ")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0.00 µs"),
        (0.00031, "310 µs"),
        (0.00999, "9.99 ms"),
        (0.0556, "55.6 ms"),
        (0.6377, "638 ms"),
        (1.2349, "1.23 s"),
        (119.0, "119 s"),
        (2130.0, "35.5 min"),
    ],
)
def test_times_have_the_unit_that_suits_them(value: float, said: str) -> None:
    assert plain(words.seconds(value)) == said


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.0, "0 %"), (0.001, "less than 1 %"), (0.674, "67 %"), (0.999, "more than 99 %"), (1.0, "100 %")],
)
def test_a_share_is_never_rounded_to_nothing_or_to_all(share: float, said: str) -> None:
    assert plain(words.percent(share)) == said


def test_what_is_counted_agrees_with_its_number() -> None:
    assert words.counted(1, "process", "processes") == "1 process"
    assert words.counted(1200, "job") == "1,200 jobs"


def test_names_are_listed_as_people_list_them() -> None:
    assert words.listed([]) == ""
    assert words.listed(["a"]) == "a"
    assert words.listed(["a", "b", "c"]) == "a, b and c"


def test_times_and_sizes() -> None:
    assert words.times(1.94) == "1.9 times"
    assert words.times(22.3) == "22 times"
    assert plain(words.mebibytes(20 * 2**20)) == "20 MiB"


def test_a_moment_is_written_for_people() -> None:
    assert words.moment("2026-11-24T15:39:31+0000") == "2026-11-24 15:39:31 +0000"
    assert words.moment("yesterday") == "yesterday"
