"""What would change, in words: ten times the jobs or the wait, more cores, no GIL; `stats` estimates it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from producer.results import Result
from producer.show.charts.entries import Entry, Field
from producer.stats.gil_gain import gil_gains
from producer.stats.summary import usable_cores
from producer.stats.what_if import Conditions, Measured, estimate_s
from producer.words import capital, counted, digits, listed, seconds, times

#: How many times as many jobs, and as long a wait, are asked about.
MORE = 10
#: The cores that are asked about where there are fewer; elsewhere twice those there are.
CORES = 4
#: A difference of less than this share is none: the estimates are no better.
SAME = 0.1
#: Of more names than these the number is told.
MOST_NAMES = 4


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a contender took, and what it would take; in seconds."""

    entry: Entry
    measured: Measured
    after_s: float

    @property
    def before_s(self) -> float:
        """The median makespan as measured."""
        return self.measured.makespan_s

    @property
    def factor(self) -> float:
        """After / before."""
        return self.after_s / self.before_s

    @property
    def changed(self) -> bool:
        """Whether it would take longer or shorter by more than such an estimate can be wrong."""
        return abs(self.factor - 1) > SAME


@dataclass(frozen=True, slots=True)
class Case:
    """One change, with an estimate for each contender in the order of the table."""

    #: "10 times the jobs".
    title: str
    estimates: tuple[Estimate, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What would change something, and a sentence on each change that would not, or that was measured."""

    cases: tuple[Case, ...]
    unchanged: tuple[str, ...]


#: Tells what a case shows, from the estimates and the workload they are of.
Say: TypeAlias = Callable[[Sequence[Estimate], Field], Iterator[str]]


def ask_what_if(result: Result, field: Field) -> WhatIf | None:
    """Estimate what each way would take under other conditions; None where fewer than two were measured."""
    cores = usable_cores(result)
    measured = [(entry, _measure(entry, field, cores)) for entry in _best_of_each_way(field)]
    if len(measured) < 2:
        return None
    cases, unchanged = [], []
    tried = next(gil_gains(result, field.workload), None)
    for title, change, say, why_not in _questions(cores):
        if change == {"gil": False}:
            if tried:  # an estimate beside it could only contradict it
                unchanged.append(
                    f"What no GIL changes was measured, {tried.free} beside {tried.ordinary}: it stands near "
                    "the top of the page."
                )
            if tried or not any(each.conditions.gil for _, each in measured):
                continue
        estimates = tuple(_estimate(entry, each, field, **change) for entry, each in measured)
        if any(estimate.changed for estimate in estimates):
            cases.append(Case(title, estimates, " ".join(say(estimates, field))))
        else:
            unchanged.append(f"{capital(title)} would change next to nothing: {why_not}.")
    return WhatIf(tuple(cases), tuple(unchanged))


def _questions(cores: float) -> Iterator[tuple[str, dict[str, Any], Say, str]]:
    more = CORES if cores < CORES else 2 * int(cores)
    yield f"{MORE} times the jobs", {"jobs": MORE}, _on_jobs, "every way here has a slot for each of them"
    yield f"{MORE} times the wait", {"wait": MORE}, _on_wait, "these jobs hardly wait, or not at all"
    yield (
        counted(more, "core"),
        {"cores": more},
        _on_cores,
        "no way here spends its time computing on all of them",
    )
    yield "no GIL", {"gil": False}, _on_gil, "no way here loses much time to it"


def _best_of_each_way(field: Field) -> Iterator[Entry]:
    """The fastest of each way, under the Python of the fastest of all; a field is sorted by makespan."""
    seen = set()
    for entry in field.entries:
        if entry.valid and entry.summary.makespan_s and entry.name.python == field.entries[0].name.python:
            if entry.name.way not in seen:
                yield entry
            seen.add(entry.name.way)


def _measure(entry: Entry, field: Field, cores: float) -> Measured:
    gil = field.gil if entry.typical.gil is None else entry.typical.gil
    processes = max(len(entry.typical.workers), 1)
    return Measured(
        entry.summary, entry.summary.makespan_s or 0.0, processes, Conditions(cores=cores, gil=gil)
    )


def _estimate(entry: Entry, measured: Measured, field: Field, **change: Any) -> Estimate:
    after_s = estimate_s(measured, field.workload, replace(measured.conditions, **change))
    return Estimate(entry, measured, after_s)


def _on_jobs(estimates: Sequence[Estimate], _: Field) -> Iterator[str]:
    low, high = min(each.factor for each in estimates), max(each.factor for each in estimates)
    if digits(low) == digits(high):
        yield f"Every way would take {times(high)} as long, if what it costs, it costs for each job."
    else:
        yield (
            f"The ways would take {digits(low)} to {times(high)} as long, if what a way costs, it costs for "
            "each job."
        )
    if low < 0.9 * MORE:
        fullest = min(estimates, key=lambda each: each.factor)
        yield (
            f"{fullest.entry.name} would take the fewest times as long: its slots would be full for longer "
            "before the last jobs end."
        )
    yield _on_first(estimates)


def _on_wait(estimates: Sequence[Estimate], field: Field) -> Iterator[str]:
    most = max(estimates, key=lambda each: each.after_s)
    yield (
        f"{most.entry.name}, then the slowest, would take {seconds(most.after_s)} instead of "
        f"{seconds(most.before_s)}."
    )
    yield _on_first(estimates)
    first = min(estimates, key=lambda each: each.after_s)
    if first.measured.row.slots < field.workload.jobs and first.entry.name.slots:
        slots = min(MORE * first.measured.row.slots, field.workload.jobs)
        wider = _estimate(first.entry, first.measured, field, wait=MORE, slots=MORE)
        many = f"{slots:,} slots" if slots < field.workload.jobs else "a slot for each job"
        yield (
            f"With {many} instead of {first.measured.row.slots:,} it would take about "
            f"{seconds(wider.after_s)}: the longer jobs wait, the more of them should wait at the same time."
        )


def _on_cores(estimates: Sequence[Estimate], field: Field) -> Iterator[str]:
    changed = [each for each in estimates if each.changed]
    yield f"With a slot for each core {_and_times(changed)}."
    if len(changed) < len(estimates):
        why = (
            "these jobs wait, and nobody else would have more slots to wait in"
            if field.waits
            else "the jobs of each share one process, in which one thread at a time computes"
        )
        yield f"The others would take as long as now: {why}."


def _on_gil(estimates: Sequence[Estimate], _: Field) -> Iterator[str]:
    changed = [each for each in estimates if each.changed]
    yield (
        f"{_and_times(changed)}, if Python without a GIL were as fast as this one in each thread; it is "
        "slower, and simul compare --python 3.14t measures by how much. What is one thread anyway, or has a "
        "process for each slot, would not be faster."
    )


def _on_first(estimates: Sequence[Estimate]) -> str:
    first = min(estimates, key=lambda each: each.after_s)
    stays = first.before_s == min(each.before_s for each in estimates)
    still = "still " if stays else ""
    return f"{first.entry.name} would {still}be the fastest, with about {seconds(first.after_s)}."


def _and_times(changed: Sequence[Estimate]) -> str:
    told = [
        f"{each.entry.name} would take about {seconds(each.after_s)} instead of {seconds(each.before_s)}"
        for each in changed
    ]
    more = f", and so on for {len(told) - MOST_NAMES} more" if len(told) > MOST_NAMES else ""
    return listed(told[:MOST_NAMES]) + more
