"""Whether a function can be called in a process that was forked after its module was imported, as in prefork.

The children are forked before the parent makes any call, and make theirs one after the other when it has made
its first: two calls never meet. A child that hangs or crashes is told from one that fails as any call may.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import warnings
from collections.abc import Callable
from os import fork, waitpid  # not as gevent may have replaced them
from time import monotonic

from producer.measure.outcomes import Outcome

#: Children that may try: a function may fail now and then wherever it is called.
TRIES = 3
#: The least time that a child is waited for, in seconds, and how many times as long as its parent took.
LEAST_S, TIMES_LONGER = 5.0, 20
#: How often a child that says nothing is looked at, in seconds.
LOOK_S = 0.02


class Child:
    """A forked process that makes one call when it is told to."""

    def __init__(self, call: Callable[[], Outcome]) -> None:
        waiting, self._go = os.pipe()
        self._says, saying = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "fork() may lead to deadlocks": that is what is to be seen
            self._pid = fork()
        if not self._pid:
            _make_one_call(call, waiting, saying)
        os.close(waiting)
        os.close(saying)

    def make_call(self, within_s: float, beat: Callable[[], object]) -> Outcome | str:
        """Have it make its call; return the outcome, or why there is none: "it was ended by SIGSEGV"."""
        os.write(self._go, b".")
        until = monotonic() + within_s
        while monotonic() < until:
            beat()
            how = self._ended()  # before it is listened to: what it said last is heard
            if select.select([self._says], [], [], LOOK_S)[0] and (said := os.read(self._says, 2**16)):
                return Outcome(*json.loads(said))
            if how:
                return how
        return f"it had not ended after {within_s:.3g} s"

    def _ended(self) -> str | None:
        try:
            pid, status = waitpid(self._pid, os.WNOHANG)
        except ChildProcessError:  # the function ignores SIGCHLD: nobody is told how a child ended
            self._pid = 0
            return "it ended"
        if not pid:
            return None
        self._pid = 0
        code = os.waitstatus_to_exitcode(status)
        if code >= 0:
            return f"it ended with exit code {code}"
        return f"it was ended by {signal.Signals(-code).name}"

    def close(self) -> None:
        """End it, whatever it does."""
        if self._pid:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):  # it ignores SIGCHLD
                os.kill(self._pid, signal.SIGKILL)
                waitpid(self._pid, 0)
            self._pid = 0
        os.close(self._go)
        os.close(self._says)


def _make_one_call(call: Callable[[], Outcome], waiting: int, saying: int) -> None:
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os.read(waiting, 1)
        os.write(saying, json.dumps(call()).encode())
    finally:
        # At once: what was to be done at the parent's end is not for this process.
        os.kill(os.getpid(), signal.SIGKILL)


class ForkTest:
    """The children that try, from before the parent's first call until after its last."""

    def __init__(self, call: Callable[[], Outcome]) -> None:
        #: Why a child had no outcome; None while each had one.
        self.broken: str | None = None
        self._strange: list[Outcome] = []
        self._children = [Child(call) for _ in range(TRIES)] if hasattr(os, "fork") else []
        self._can_fork = bool(self._children)

    def run(self, first: Outcome, took_s: float, limit_s: float, beat: Callable[[], object]) -> None:
        """Have children make their calls, until one has an outcome like the parent's first, or none."""
        within_s = min(max(LEAST_S, TIMES_LONGER * took_s), limit_s + LEAST_S)
        with contextlib.ExitStack() as stack:
            for child in self._children:
                stack.callback(child.close)
            for child in self._children:
                outcome = child.make_call(within_s, beat)
                if isinstance(outcome, str):
                    self.broken = outcome
                    return
                if outcome.kind == first.kind:
                    self._strange.clear()
                    return
                self._strange.append(outcome)

    def trouble(self, seen: set[tuple[bool, str]]) -> str | None:
        """Say what is wrong with a forked child, where the parent's own calls had outcomes of these kinds.

        Empty where nothing is; None where no process can be forked.
        """
        if not self._can_fork:
            return None
        if self.broken:
            return self.broken
        if not self._strange or any(outcome.kind in seen for outcome in self._strange):
            return ""
        strange = self._strange[0]
        if strange.failure:
            return f"it failed: {strange.failure}"
        succeeded = [name for failed, name in sorted(seen) if not failed]
        return f"it returned {strange.name}, not {succeeded[0]}" if succeeded else ""
