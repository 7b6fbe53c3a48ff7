"""The process in which a function of a user's is measured alone (see `job_probe`).

It runs under the Python of the contenders, which may have none of the lab's packages: it needs `worker` and
the standard library. Arguments come as JSON by stdin. Out of stdout come signs of life, each a line with what
is being done, and at the end one line with the facts, or with the error. The function sees neither: it reads
nothing, and what it writes is counted.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import signal
import sys
from _thread import start_new_thread  # not as gevent or eventlet may have replaced it
from time import monotonic, perf_counter
from typing import Any

from producer.measure.call_times import CallTimes
from producer.measure.fork_test import ForkTest
from producer.measure.gil_watch import watch
from producer.measure.holdings import Room
from producer.measure.repeated_calls import RepeatedCalls, watch_growth
from producer.system.gil import is_on
from worker.call import read_arguments
from worker.errors import SimulError, TargetError
from worker.jobs import Call
from worker.records import escape_unprintable
from worker.settings import Settings
from worker.target import Function, function

#: Calls that are timed, and for how long, in seconds.
LEAST_TIMED, MOST_TIMED, TIMED_S = 3, 100, 2.0
#: Calls beside which a thread watches the GIL, and for how long, in seconds.
MOST_WATCHED, WATCHED_S = 5000, 1.0
#: The shortest time between two signs of life, in seconds.
BEAT_S = 0.25
#: The most that is kept of what a function prints, in bytes.
MOST_PRINTED = 2**20
#: The most characters of a function's signature that are quoted.
SHOWN = 200


class _Lab:
    """Who waits for the facts."""

    def __init__(self) -> None:
        self.phase = "start"
        self._beaten = 0.0
        self._let_go = self._kept = 0
        self._arguments, self._listens = os.dup(0), os.dup(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr] # the last words are heard

    def lines(self) -> list[str]:
        """Read the arguments; from then on this process ends with the lab."""
        text = b""
        while not text.endswith(b"\n"):
            text += os.read(self._arguments, 2**20) or b"[]\n"
        start_new_thread(self._end_with_it, ())
        return list(json.loads(text))

    def _end_with_it(self) -> None:
        os.read(self._arguments, 1)
        os.killpg(0, signal.SIGKILL)

    def begins(self, phase: str) -> None:
        self.phase, self._beaten = phase, 0.0
        self.beat()

    def beat(self) -> None:
        if monotonic() - self._beaten > BEAT_S:
            self._beaten = monotonic()
            self.printed()
            os.write(self._listens, f"{self.phase}\n".encode())

    def printed(self) -> int:
        """Count the bytes that were printed until now; most of them are let go of where they are many."""
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # who knows what the function has put there
                stream.flush()
        with contextlib.suppress(OSError):
            self._kept = os.fstat(2).st_size
            if self._kept > MOST_PRINTED:
                self._let_go += self._kept
                os.lseek(2, 0, os.SEEK_SET)
                os.ftruncate(2, 0)
                self._kept = 0
        return self._let_go + self._kept

    def answer(self, **answer: Any) -> None:
        text = json.dumps(answer).encode() + b"\n"
        while text:
            text = text[os.write(self._listens, text) :]


def main() -> None:
    """Measure the function that the environment names, and end as soon as nobody waits for that."""
    lab = _Lab()
    try:
        lab.answer(facts=_measure(lab))
    except SimulError as error:
        lab.answer(error=str(error))


def _measure(lab: _Lab) -> dict[str, Any]:
    arguments = lab.lines()
    lab.begins("its import")
    began = perf_counter()
    found = function()
    import_s = perf_counter() - began
    if found is None:
        raise TargetError("no function was named (--job)")
    jobs = [Call(found.name, text) for text in arguments]
    _require_fit(found, jobs[0])
    calls = RepeatedCalls(jobs, lab.beat)
    fork_test = ForkTest(calls)
    lab.begins("its first call")
    began = perf_counter()
    first = calls()
    took_s = perf_counter() - began
    lab.begins("a call after a fork")
    fork_test.run(first, took_s, Settings.read().job_limit_s, lab.beat)
    lab.begins("its calls")
    room = Room()
    times = CallTimes(lab.printed)
    calls.repeat(lambda: times.add(calls), LEAST_TIMED, MOST_TIMED, TIMED_S, room)
    growth = watch_growth(calls, times.mean_s, room)
    return {
        **times.facts(),
        **growth,
        **_watch_gil(calls, growth),
        "fork_trouble": fork_test.trouble({first.kind, *times.kinds}),
        "is_async": found.is_async,
        "has_async": found.on_loop is not None,
        "is_task": found.is_task,
        "json": first.json and times.json,
        "import_s": import_s,
    }


def _require_fit(found: Function, job: Call) -> None:
    """Raise an error where the first line's arguments are none of the function's; nothing is called."""
    args, kwargs = read_arguments(job)
    for called in (found.plain, found.on_loop or found.plain):
        try:
            signature = inspect.signature(called)
        except (TypeError, ValueError):  # some of those that are written in C
            continue
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            name = found.name if called is found.plain else f"its twin {os.environ['SIMUL_ASYNC_JOB']}"
            shown = escape_unprintable(str(signature))
            shown = shown if len(shown) <= SHOWN else f"{shown[: SHOWN - 1]}…"
            which = "line 1 of --args, or no arguments"
            raise TargetError(f"the first call does not fit {name}{shown} ({which}): {error}") from None


def _watch_gil(calls: RepeatedCalls, growth: dict[str, int]) -> dict[str, Any]:
    if not is_on():
        return {"gil": False, "gil_held": None, "gil_longest_s": None}
    # No look at the room meanwhile, which lets go of the GIL: a function that leaves things behind is called
    # no more often than it was before.
    leaves = (
        growth["growth_late_bytes"] + growth["sockets_left"] + growth["files_left"] + growth["threads_left"]
    )
    most = max(growth["growth_runs"], 1) if leaves else MOST_WATCHED
    held, longest_s = watch(lambda: calls.repeat(calls, 1, most, WATCHED_S))
    return {"gil": True, "gil_held": held, "gil_longest_s": longest_s}


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):  # the lab has gone
        main()
