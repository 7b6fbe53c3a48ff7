"""Ctrl-C, `docker stop` and a closed terminal: each stops what was started and keeps what is done."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

#: As a shell reports a process that Ctrl-C has ended.
EXIT_CODE = 130
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Seconds after which a lost interrupt is raised again.
AGAIN_S = 0.01


def handle_signals() -> None:
    """Have the first of these signals raise KeyboardInterrupt, and the later ones do nothing.

    A signal may come while Python runs a finaliser, out of which nothing can be raised. Then it comes again.
    """
    # What is ignored, as SIGHUP under nohup, stays ignored.
    answered = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    _listen(answered)
    report = sys.unraisablehook

    def report_or_repeat(lost: UnraisableHookArgs) -> None:
        is_interrupt = lost.exc_type is KeyboardInterrupt
        if answered and is_interrupt and threading.current_thread() is threading.main_thread():
            _listen(answered)
            # By a timer, because nothing can be raised in this hook, either.
            signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(answered[0]))
            signal.setitimer(signal.ITIMER_REAL, AGAIN_S)
        else:
            report(lost)

    sys.unraisablehook = report_or_repeat


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Hold an interrupt back until this context ends, so that nothing in it is left half done.

    The processes started meanwhile get their signals as ever. Only the main thread is interrupted at all;
    in others this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        arrived.append(number)

    # What has no handler of Python's interrupts nothing here: it ends the process, or is ignored.
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    handlers = {number: handler for number, handler in handlers.items() if callable(handler)}
    try:
        for number in handlers:
            signal.signal(number, note)
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if arrived:
            signal.raise_signal(arrived[0])


def _listen(numbers: Sequence[int]) -> None:
    for number in numbers:
        signal.signal(number, _interrupt)


def _interrupt(*_: object) -> None:
    # Once is enough: a second one would break off the stopping of what was started.
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
