"""What calls cost that are made one after the other: time, CPU, and what they print."""

from __future__ import annotations

import resource
import statistics
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from producer.measure.outcomes import Outcome


class CallTimes:
    """The times of some calls, and how they ended. `printed` counts the bytes printed until it is called."""

    def __init__(self, printed: Callable[[], int]) -> None:
        self._printed = printed
        self.kinds: set[tuple[bool, str]] = set()
        self.json = True
        self._wall_s: list[float] = []
        self._cpu_s = self._delay_s = 0.0
        self._printed_bytes = self._failed = 0
        self._failure: str | None = None

    def add(self, call: Callable[[], Outcome]) -> None:
        """Make a call, and take its times."""
        printed, delay_s, cpu_s = self._printed(), _delay_s(), _cpu_s()
        began = perf_counter()
        outcome = call()
        self._wall_s.append(perf_counter() - began)
        self._cpu_s += _cpu_s() - cpu_s
        self._delay_s += _delay_s() - delay_s
        self._printed_bytes += self._printed() - printed
        self.kinds.add(outcome.kind)
        self.json &= outcome.json
        self._failed += outcome.failure is not None
        self._failure = self._failure or outcome.failure

    @property
    def mean_s(self) -> float:
        """Seconds of a call, on the average."""
        return statistics.fmean(self._wall_s)

    def facts(self) -> dict[str, Any]:
        """Return what `JobFacts` says of them."""
        runs, all_s = len(self._wall_s), sum(self._wall_s)
        # Where the thread could run and had no core, it was the machine that was busy.
        own_s = max(all_s - self._delay_s, self._cpu_s)
        return {
            "runs": runs,
            "service_s": statistics.median(self._wall_s),
            "longest_s": max(self._wall_s),
            "cpu_s": self._cpu_s / runs,
            "waiting": 1 - self._cpu_s / own_s if own_s else 0.0,
            "printed_bytes": self._printed_bytes,
            "failed": self._failed,
            "failure": self._failure,
        }


def _cpu_s() -> float:
    """The CPU time of this process, and of the processes that it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return process_time() + children.ru_utime + children.ru_stime


def _delay_s() -> float:
    """Seconds for which the main thread was ready to run, and had no core; 0 where nobody tells."""
    try:
        return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0
