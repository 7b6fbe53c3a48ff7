"""What nothing can beat, estimated: the jobs with nothing around them, on so many slots and so many cores.

Of each job the fastest time counts that was measured with nothing beside it: by the reference, which does the
jobs up to three times, and by serial in each of its valid rounds. A machine that was busy makes the limit too
high, and never too low; the more measurements there are, the less. By how much it may still be too high is
told from the measurements themselves: it is what half of them find more than all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from producer.contender_name import ContenderName
from producer.results import Run, WorkloadResult
from producer.results.times import SecondsColumn

#: Workloads whose jobs may wait for the disk.
READS_FILES = ("disk", "mixed")
#: Ways whose slots take turns on one thread of their own accord, GIL or not.
COOPERATIVE = frozenset({"asyncio", "celery:asyncio", "celery:gevent", "celery:eventlet"})
#: Ways whose slots have a GIL each.
A_GIL_EACH = frozenset({"processes", "interpreters", "celery:prefork"})


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the jobs of a workload take with nothing around them, under one Python."""

    #: Seconds of each job, by its index.
    alone_s: SecondsColumn
    #: CPU time of all of them.
    cpu_s: float
    #: The part of the CPU time that needs the GIL where there is one; None where that is not known.
    held_s: float | None
    #: The share by which the work may be estimated too high; None from a single measurement.
    doubt: float | None
    #: Whether it was measured under the Python that it is said of.
    own: bool

    def limit_s(self, slots: int, cores: float) -> float:
        """Compute the makespan, in seconds, that `slots` slots on `cores` cores cannot beat.

        Jobs x service time / slots, the longest job, or the CPU time on all cores, whichever binds.
        """
        longest = float(self.alone_s.max(initial=0.0))
        return max(float(self.alone_s.sum()) / slots, longest, self.cpu_s / cores)

    def one_core_limit_s(self, name: ContenderName, runs: Sequence[Run], gil: bool) -> float | None:
        """Compute the same where each process does Python on one core at a time; None where that is not so.

        `gil` says whether there is one where a run does not.
        """
        if self.held_s is None or name.way in A_GIL_EACH or not runs:
            return None
        if name.way not in COOPERATIVE and not any(gil if run.gil is None else run.gil for run in runs):
            return None
        return self.held_s / max(name.workers, *(len(run.workers) for run in runs))


class Estimates:
    """The estimates of one workload of a result, one for each Python; each is made once."""

    def __init__(self, workload: WorkloadResult, runs: Mapping[ContenderName, Sequence[Run]]) -> None:
        """`runs` are those of the workload, by contender."""
        self._workload = workload
        self._serial = {
            name.python: [run for run in of_contender if run.valid and not run.clocks_corrected]
            for name, of_contender in runs.items()
            if name.way == "serial"
        }
        self._made: dict[str, Estimate] = {}

    def of(self, name: ContenderName) -> Estimate:
        """Return what the jobs take under the Python of a contender."""
        python = name.python
        if python not in self._made:
            self._made[python] = _estimate(self._workload, self._serial.get(python, []), python)
        return self._made[python]


def _estimate(workload: WorkloadResult, serial: Sequence[Run], python: str) -> Estimate:
    reference = workload.reference
    waits_s, work_s = np.array(reference.waits_s), np.array(reference.work_s)
    measured = [_service_s(run, len(waits_s)) for run in serial]
    of_lab = not python or not measured  # the reference is of the lab's own Python
    if of_lab:
        measured.insert(0, waits_s + work_s)
    # The lab's own waits are known; those of a user's function are measured with its work.
    least_s = waits_s if workload.facts is None else np.zeros_like(waits_s)
    alone_s = _fastest(measured, least_s)
    before_s, after_s = float((waits_s + work_s - least_s).sum()), float((alone_s - least_s).sum())
    if of_lab and workload.facts is None and workload.bound not in READS_FILES:
        # These jobs wait for nothing else: more time than CPU time was a machine with other work.
        before_s = min(before_s, reference.cpu_s)
        if after_s > reference.cpu_s:
            alone_s = least_s + (alone_s - least_s) * reference.cpu_s / after_s
            after_s = reference.cpu_s
    cpu_s = reference.cpu_s * (after_s / before_s if before_s else 1.0)
    held_s = _held_s(workload, float(alone_s.sum()), cpu_s)
    return Estimate(alone_s, cpu_s, held_s, _doubt(measured, least_s), not python or not of_lab)


def _service_s(run: Run, jobs: int) -> SecondsColumn:
    times = run.times
    service_s = np.full(jobs, np.inf)
    known = times.index < jobs
    service_s[times.index[known]] = times.service_s[known]
    return service_s


def _fastest(measured: Sequence[SecondsColumn], least_s: SecondsColumn) -> SecondsColumn:
    fastest: SecondsColumn = np.maximum(np.min(measured, axis=0), least_s)
    return fastest


def _held_s(workload: WorkloadResult, alone_s: float, cpu_s: float) -> float | None:
    """Estimate for how long the jobs hold a GIL together."""
    if workload.facts:
        held = workload.facts.gil_held
        return None if held is None else held * alone_s
    # What reads files lets go of the GIL meanwhile, nobody knows for how long; all else is plain Python.
    return None if workload.bound in READS_FILES else cpu_s


def _doubt(measured: Sequence[SecondsColumn], least_s: SecondsColumn) -> float | None:
    """Tell by how much half of the measurements find more than all of them."""
    if len(measured) < 2:
        return None
    every = float(_fastest(measured, least_s).sum())
    halves = [float(_fastest(measured[first::2], least_s).sum()) for first in (0, 1)]
    return sum(halves) / 2 / every - 1 if every else 0.0
