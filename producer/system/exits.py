"""Describes an unexpected exit of a process, in words for people."""

from __future__ import annotations

import signal
from typing import IO

#: How many of the last lines that a process wrote are quoted.
LAST_LINES = 3


def how_it_ended(code: int, log: IO[bytes]) -> str:
    """Say how a process ended, with its last lines: "ended with exit code 3: ModuleNotFoundError: ..."."""
    if code == -signal.SIGKILL:  # no process says anything about that: its last lines are about other things
        return _what_became(code)
    return f"{_what_became(code)}: {last_words(log)}"


def last_words(log: IO[bytes]) -> str:
    """Join the last lines that a process wrote into one."""
    log.seek(0)
    lines = [line.strip() for line in log.read().decode(errors="replace").splitlines()]
    return " / ".join([line for line in lines if line.strip("^~")][-LAST_LINES:]) or "it said nothing"


def _what_became(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
