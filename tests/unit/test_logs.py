"""No line of a worker's log is longer than a line, whoever made it."""

from __future__ import annotations

import io
import logging

import pytest
from celery.utils.log import ColorFormatter

from worker import logs


def logged(text: str, error: Exception | None = None) -> str:
    """What a handler of Celery's writes."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    logger = logging.Logger("test")
    logger.addHandler(handler)
    for _ in range(2):  # Celery may tell of a logger more than once
        logs.cut_lines(logger=logger)
    logger.error("%s", text, exc_info=error)
    return out.getvalue()


def test_a_short_line_is_left_alone() -> None:
    assert logged("short") == "ERROR: short\n"


def test_a_long_line_is_cut_and_says_how_long_it_was() -> None:
    [line] = logged("x" * 1_000_000).splitlines()
    assert line == f"ERROR: {'x' * (logs.LINE - 7)} ... (1,000,007 characters)"


def test_so_is_a_line_of_a_traceback_and_no_other() -> None:
    lines = logged("failed", ValueError("y" * 5000)).splitlines()
    assert lines[0] == "ERROR: failed"
    assert max(map(len, lines)) < logs.LINE + 100


def test_an_entry_of_many_lines_is_cut() -> None:
    assert len(logged("a\n" * 100_000)) < logs.ENTRY + 100


def test_what_a_terminal_would_obey_is_spelled_out() -> None:
    assert logged("\x1b[8mhidden\x07\u202e") == "ERROR: \\x1b[8mhidden\\x07\\u202e\n"


@pytest.mark.parametrize("length", [10, 5000])
def test_an_entry_keeps_the_colour_that_celery_gives_it_and_no_other(length: int) -> None:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(ColorFormatter("%(message)s", use_color=True))
    logger = logging.Logger("test")
    logger.addHandler(handler)
    logs.cut_lines(logger=logger)
    logger.error("\x1b[8m%s", "x" * length)
    assert out.getvalue().startswith("\x1b[1;31m\\x1b[8mxx")
    assert out.getvalue().endswith("\x1b[0m\n")
    assert out.getvalue().count("\x1b") == 2
