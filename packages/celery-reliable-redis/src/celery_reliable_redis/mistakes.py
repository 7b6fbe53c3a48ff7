"""Errors that somebody has to mend outside of the code: each says what is wrong, and what to do.

Celery's worker ends with any error of its connection that a new one would not mend, and logs it with a
traceback through kombu and this package. That helps nobody who has given a wrong option: of these it logs
the sentence alone.
"""

from __future__ import annotations

import logging

#: What logs the error with which a worker ends (Celery 5.5 to 5.7).
WORKER = "celery.worker"


class UnsupportedServerError(Exception):
    """A server that this transport cannot work with; the text says why, and what to do."""


class SettingError(ValueError):
    """A setting that this transport cannot work with; the text says which, and what would do."""


def _show_sentence(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, (UnsupportedServerError, SettingError)):
        said = {"msg": f"{type(error).__name__}: {error}", "args": (), "exc_info": None, "exc_text": None}
        vars(record).update(said)
    return True


logging.getLogger(WORKER).addFilter(_show_sentence)
