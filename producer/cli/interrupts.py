"""Ctrl-C, `docker stop` and a closed terminal: each stops what was started and keeps what is done."""

from __future__ import annotations

import signal

#: As a shell reports a process that Ctrl-C has ended.
EXIT_CODE = 130
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def answer() -> None:
    """From now on each of these signals raises KeyboardInterrupt, once."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _interrupt)


def _interrupt(*_: object) -> None:
    # Once is enough: a second one would break off the stopping of what was started.
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
