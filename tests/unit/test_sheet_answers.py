"""Whatever a student may reasonably write is read as the number or the time that is meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.sheet.answers import read_number, read_time
from tests.asked import asked


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("3.3", 3.25, 3.35),
        ("3,3", 3.25, 3.35),
        ("3", 2.7, 3.3),
        (".3", 0.27, 0.33),
        ("about 3.30 times", 3.295, 3.305),
        ("1,235", 1234.5, 1235.5),
        ("≈ 12x", 11.5, 12.5),
        ("0.9.", 0.85, 0.95),
        ("× 0.29", 0.285, 0.295),
        ("≈ 0.98 (0.95–1.00)", 0.975, 0.985),
        ("0.29 (0.17-0.49)", 0.285, 0.295),
        ("(0.29)", 0.285, 0.295),
        ("threads@32: 0.29 (0.17–0.49)", 0.285, 0.295),
        ("threads@2 [3.13t] 1.57", 1.565, 1.575),
        ("threads:0.29", 0.285, 0.295),
        ("29 %", 0.285, 0.295),
        ("29%", 0.285, 0.295),
        ("29 % slower", 28.5, 29.5),
        ("69/24", 68.5 / 24.5, 69.5 / 23.5),
        ("69 MiB / 24 MiB = 2.9", 2.85, 2.95),
        ("2.9 = 69/24", 68.5 / 24.5, 69.5 / 23.5),
        ("13.3 ms ÷ 2.99 ms", 4.359, 4.537),
        ("1.33 s / 665 ms, so twice", 1.96, 2.04),
        ("32, I would give it 1000", 31.5, 32.5),
        ("32 (for 1000 waits: 100)", 31.5, 32.5),
        ("32. It could use 1 + 20/0.7 = 29.6", 31.5, 32.5),
        ("24 coroutines: 18.1", 18.05, 18.15),
        ("24 coroutines: 18.1, serial: 1.0", 18.05, 18.15),
        ("1", 0.9, 1.1),
        ("0", 0, 0),
        ("32\nI would give it 1000", 31.5, 32.5),
        ("celery:gevent@32", 31.5, 32.5),
        ("2 of 4", 1.8, 2.2),
        ("x3.3", 3.25, 3.35),
        ("24 coroutines were 18.4 times as fast", 18.35, 18.45),
        ("with 24 slots ×18.4, or 18.4x", 18.35, 18.45),
        ("the machine has 2", 1.8, 2.2),
    ],
)
def test_a_number_says_no_more_than_its_digits(text: str, low: float, high: float) -> None:
    written = read_number(text)
    assert written is not None
    assert written.low == pytest.approx(low, rel=1e-3)
    assert written.high == pytest.approx(high, rel=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        "fast",
        "",
        "3 to 4",
        "3-4",
        "3 – 4",
        "-3",
        "−3",
        "1,2,3",
        "1.2.3",
        "٣",
        "1/0",
        "a 3, b 4",
        "1.2.3/2",
    ],
)
def test_what_is_no_number_or_not_one_is_none(text: str) -> None:
    assert read_number(text) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("46 ms", 0.046),
        ("46", 0.046),
        ("1.2 s", 1.2),
        ("310 µs", 310e-6),
        ("2 min", 120),
        ("for up to 265 ms", 0.265),
        ("265ms, all others waited", 0.265),
        ("265 ms. In that time nobody of the other 15 had a turn", 0.265),
        ("asyncio stood still for 1.2 seconds", 1.2),
        ("1 h 0 min 55 s", 3655),
        ("1 hour, 0 minutes and 55 seconds", 3655),
        ("1h 55s", 3655),
        ("1:00:55", 3655),
        ("12:00", 43_200),
        ("1 s, 2 s", 1),
    ],
)
def test_a_time_has_its_units_or_that_of_the_question(text: str, seconds: float) -> None:
    written = read_time(text, 0.001)
    assert written is not None
    assert (written.low + written.high) / 2 == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "long", "46 to 50 ms", "46 ms – 50 ms", "a 3 ms, b 4 ms", "1.2.3 s", "1.2.3"]
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert read_time(text, 1.0) is None


@pytest.mark.parametrize(
    ("check", "answers"),
    [
        ("table-to-table", "1|1.0|1.00|1.015|1.016|1.02|1 hour|61 min|1 h 0 min 55 s|1:00:55"),
        ("in-turn", "12|12.0|12.001|12 hours|12 h 0 min 0 s|12:00:00|720 min|24*30*60 s = 12 h"),
    ],
)
def test_the_hours_of_the_exhibition_may_have_any_unit(check: str, answers: str) -> None:
    for answer in answers.split("|"):
        assert asked(f"hours {check}", answer).status == "supported", answer


def test_hours_are_not_the_seconds_that_the_program_takes_for_them() -> None:
    verdict = asked("hours table-to-table", "1.016 s")
    assert verdict.status == "not supported"
    assert verdict.text == "she takes 1.02 hours (61 min); simul judit plays an hour in a second"
    assert asked("hours table-to-table", "1.1").status == "not supported"


@given(
    st.floats(0.01, 9999),
    st.sampled_from(["{}", "× {}", "({})", "about {} times", "threads@8: {}", "{} (1–2)"]),
)
def test_a_number_is_found_whatever_stands_around_it(number: float, around: str) -> None:
    text = around.format(f"{number:.3f}")
    for written in (read_number(text), read_time(text, 1.0)):
        assert written is not None, text
        assert written.low <= number <= written.high


@given(st.text("0123456789.,:%/() hmsin-@x\n"))
def test_no_text_is_worse_than_none(text: str) -> None:
    read_number(text)
    read_time(text, 1.0)


def test_a_long_text_is_read_in_no_time() -> None:
    # Where it is a hundred times as long, a search that begins anew at each character would take minutes.
    for text in ("1" + "," * 50_000 + "1", "1" * 50_000, "about " * 50_000, "1 h " * 50_000, "(" * 50_000):
        read_number(text)
        read_time(text, 1.0)
        asked("fastest waits", text.replace("\n", " ") + " x")
