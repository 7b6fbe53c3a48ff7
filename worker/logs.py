"""Cuts the lines of a worker's log: Celery's own, and tracebacks, hold what anybody may have sent."""

from __future__ import annotations

import logging
from typing import Any

from celery.signals import after_setup_logger, after_setup_task_logger

#: The longest line, and the longest entry of many lines, in characters.
LINE, ENTRY = 1000, 20_000


class Cut(logging.Formatter):
    """Formats as another formatter does, and cuts what is longer than a line, or an entry, should be."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self._formatter = formatter

    def format(self, record: logging.LogRecord) -> str:
        """The entry."""
        text = self._formatter.format(record)
        if len(text) <= LINE:
            return text
        return _cut("\n".join(_cut(line, LINE) for line in text.split("\n")), ENTRY)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]} ... ({len(text):,} characters)"


@after_setup_logger.connect
@after_setup_task_logger.connect
def cut_lines(logger: logging.Logger, **_: Any) -> None:
    """Have all that Celery's handlers write cut."""
    for handler in logger.handlers:
        if handler.formatter and not isinstance(handler.formatter, Cut):
            handler.setFormatter(Cut(handler.formatter))
