"""Ends a user's function when its time is up, by whatever can do that here.

That is a signal in the main thread of a process, and gevent or eventlet at their next switch. In any other
thread nothing can.
"""

from __future__ import annotations

import contextlib
import functools
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

#: The shortest time after which something can be ended, in seconds: 0 would be never.
SOONEST_S = 0.001
#: How often a function that goes on after its time is told again, in seconds.
AGAIN_S = 1.0


class OverdueError(BaseException):
    """The time is up. No Exception: a function that catches all of those and tries again is ended, too."""


def ended_in(seconds: float) -> contextlib.AbstractContextManager[object]:
    """End what runs in this context after so many seconds, by whatever can do that here."""
    if seconds > threading.TIMEOUT_MAX:
        return contextlib.nullcontext()
    if timeout := green_timeout():
        return timeout(max(seconds, SOONEST_S), OverdueError)
    if threading.current_thread() is threading.main_thread() and _has_signals():
        return _by_alarm(seconds)
    return contextlib.nullcontext()


def green_timeout() -> Callable[..., contextlib.AbstractContextManager[object]] | None:
    """The timeout of the greenlets that stand in for threads here; None where threads are threads."""
    gevent, eventlet = sys.modules.get("gevent.monkey"), sys.modules.get("eventlet.patcher")
    if gevent and gevent.is_module_patched("threading"):
        return sys.modules["gevent"].Timeout  # type: ignore[no-any-return]
    if eventlet and eventlet.is_monkey_patched("thread"):
        return sys.modules["eventlet"].Timeout  # type: ignore[no-any-return]
    return None


@contextlib.contextmanager
def _by_alarm(seconds: float) -> Iterator[None]:
    armed = True

    def end(_number: int, _frame: FrameType | None) -> None:
        if armed:
            raise OverdueError

    before = signal.signal(signal.SIGALRM, end)
    try:
        signal.setitimer(signal.ITIMER_REAL, max(seconds, SOONEST_S), AGAIN_S)
        yield
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@functools.cache
def _has_signals() -> bool:
    """Tell whether the main thread of this interpreter is that of the process, which signals reach."""
    try:
        signal.setitimer(signal.ITIMER_REAL, *signal.getitimer(signal.ITIMER_REAL))
        signal.signal(signal.SIGALRM, signal.getsignal(signal.SIGALRM) or signal.SIG_DFL)
    except (ValueError, AttributeError):  # a subinterpreter, whose main thread is no main thread
        return False
    return True
