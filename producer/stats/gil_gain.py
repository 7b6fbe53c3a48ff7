"""What a Python without a GIL buys and what it costs, beside one with it: over the same jobs, round by round.

Each way is held against the serial under its own Python. So what threads gain is not mixed up with what all
of Python loses without a GIL. Of fewer rounds than it takes to claim anything nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from producer.contender_name import ContenderName
from producer.results import Result, WorkloadResult
from producer.stats.ratios import Ratio, paired
from producer.stats.summary import makespan_s, runs_by_contender
from producer.system.pythons import Python

#: The makespan of each round, in seconds.
Times = Mapping[int, float]

SERIAL = ContenderName("serial")


@dataclass(frozen=True, slots=True)
class Gain:
    """One way under both Pythons."""

    #: "threads@2", whatever the Python.
    way: ContenderName
    #: Its speed beside that of serial under the same Python, without the GIL and with it.
    free: Ratio
    ordinary: Ratio
    #: The one divided by the other.
    gain: Ratio
    #: Its speed without the GIL beside that of serial with it.
    in_all: Ratio


@dataclass(frozen=True, slots=True)
class GilGain:
    """A Python without a GIL beside one with it, by their labels."""

    free: str
    ordinary: str
    #: How many times as long serial takes without the GIL.
    cost: Ratio
    #: Every other way that ran under both, that which gains most first.
    gains: tuple[Gain, ...]
    #: The one with the shortest median under each, and the time of the first divided by that of the second.
    fastest: tuple[ContenderName, ContenderName]
    fastest_ratio: Ratio


def gil_gains(result: Result, workload: WorkloadResult) -> Iterator[GilGain]:
    """Yield one for each Python without a GIL under which serial ran, and ran under one with a GIL."""
    for free in result.pythons:
        ordinary = _partner(free, result.pythons)
        if ordinary and not _has_gil(free, SERIAL.way):
            made = _compare(free, ordinary, result, workload)
            if made and made.cost.claims:
                yield made


def _partner(free: Python, pythons: Sequence[Python]) -> Python | None:
    """Find the Python with a GIL that differs least: with its packages, of its version, or the first."""
    others = [python for python in pythons if not python.free_threaded_build]
    return min(
        others,
        key=lambda python: (python.project != free.project, python.version != free.version),
        default=None,
    )


def _has_gil(python: Python, way: str) -> bool:
    """Tell whether such a contender has a GIL: an import turns it on where an extension needs it."""
    gil = python.gil_of(way)
    return gil.after if gil else not python.free_threaded_build


def _compare(free: Python, ordinary: Python, result: Result, workload: WorkloadResult) -> GilGain | None:
    without = _times(free, result, workload, has_gil=False)
    with_gil = _times(ordinary, result, workload, has_gil=True)
    cost = paired(without.get(SERIAL, {}), with_gil.get(SERIAL, {}))
    if cost is None:
        return None
    fastest = _fastest(without), _fastest(with_gil)
    fastest_ratio = paired(without[fastest[0]], with_gil[fastest[1]])
    both = [way for way in without if way in with_gil and way != SERIAL]
    gains = [gain for way in both if (gain := _gain(way, without, with_gil))]
    gains.sort(key=lambda gain: -gain.gain.value)
    if fastest_ratio is None:
        return None
    return GilGain(free.label, ordinary.label, cost, tuple(gains), fastest, fastest_ratio)


def _times(
    python: Python, result: Result, workload: WorkloadResult, has_gil: bool
) -> dict[ContenderName, Times]:
    """Gather the times of what ran under a Python, with a GIL or without one, by its name there."""
    times: dict[ContenderName, Times] = {}
    for name, runs in runs_by_contender(result, workload.name).items():
        valid = [run for run in runs if run.valid]
        # Only the designs are asked at the end of a run.
        as_wanted = _has_gil(python, name.way) == has_gil and all(run.gil in (None, has_gil) for run in valid)
        if name.python == python.label and valid and as_wanted:
            times[replace(name, python="")] = {run.round: makespan_s(run) for run in valid}
    return times


def _fastest(times: Mapping[ContenderName, Times]) -> ContenderName:
    return min(times, key=lambda name: (float(np.median([*times[name].values()])), str(name)))


def _gain(
    way: ContenderName, without: Mapping[ContenderName, Times], with_gil: Mapping[ContenderName, Times]
) -> Gain | None:
    free = paired(without[SERIAL], without[way])
    ordinary = paired(with_gil[SERIAL], with_gil[way])
    gain = paired(_speeds(without[SERIAL], without[way]), _speeds(with_gil[SERIAL], with_gil[way]))
    in_all = paired(with_gil[SERIAL], without[way])
    if free and ordinary and gain and in_all:
        return Gain(way, free, ordinary, gain, in_all)
    return None


def _speeds(serial: Times, times: Times) -> Times:
    return {number: serial[number] / times[number] for number in serial.keys() & times.keys()}
