"""Logs a warning of each kind once a minute: nobody who sends messages can fill a log with them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

EVERY_S = 60.0
#: The most characters of a text that are logged, for it may quote a message.
LINE = 1000


class Seldom:
    """Logs the first warning of each kind at once, then one a minute, with the number of the others."""

    def __init__(self, logger: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._logger = logger
        self._clock = clock
        #: For each kind: when it was last logged, and how often it was left out since.
        self._logged: dict[str, tuple[float, int]] = {}

    def warn(self, kind: str, text: str) -> None:
        """Log the text, unless one of its kind was logged within the last minute. There are few kinds."""
        now = self._clock()
        logged_at, left_out = self._logged.get(kind, (now - EVERY_S, 0))
        if now - logged_at < EVERY_S:
            self._logged[kind] = logged_at, left_out + 1
            return
        self._logged[kind] = now, 0
        more = f" (and {left_out} more of the kind since the last time this was said)" if left_out else ""
        self._logger.warning("%s%s", text[:LINE], more)
