"""Shortens and cleans a worker's log, because Celery's lines and tracebacks quote what anybody has sent."""

from __future__ import annotations

import logging
import re
from typing import Any

from celery.signals import after_setup_logger, after_setup_task_logger

from worker.records import escape_unprintable

#: The longest line, and the longest entry of many lines, in characters.
LINE, ENTRY = 1000, 20_000
#: The unprintable characters that an entry may hold.
_KEPT = "\n\t"
#: An entry as Celery's formatter colours it for a terminal.
_COLOURED = re.compile(r"((?:\x1b\[[0-9;]{1,9}m)?)(.*?)((?:\x1b\[0m)?)", re.DOTALL)
_PLAIN = "\x1b[0m"


class Cut(logging.Formatter):
    """Formats as another formatter does, and cuts lines and entries that are too long.

    Control characters are spelled out, except for the colour that Celery gives a whole entry.
    """

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self._formatter = formatter

    def format(self, record: logging.LogRecord) -> str:
        """Format an entry."""
        text = self._formatter.format(record)
        if len(text) <= LINE:
            return _clean(text)
        return _clean(_cut("\n".join(_cut(line, LINE) for line in text.split("\n")), ENTRY))


def _clean(text: str) -> str:
    if text.isprintable():
        return text
    before, inside, after = _COLOURED.fullmatch(text).groups()  # type: ignore[union-attr]  # all is optional
    return f"{before}{escape_unprintable(inside, keep=_KEPT)}{before and (after or _PLAIN)}"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]} ... ({len(text):,} characters)"


@after_setup_logger.connect
@after_setup_task_logger.connect
def cut_lines(logger: logging.Logger, **_: Any) -> None:
    """Make Celery's handlers cut what they write."""
    for handler in logger.handlers:
        if handler.formatter and not isinstance(handler.formatter, Cut):
            handler.setFormatter(Cut(handler.formatter))
