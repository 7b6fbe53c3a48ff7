"""What has changed between two results of the same work on the same machine. Pure functions.

Two results were measured at different times: their ratio is unpaired, and its interval covers how the
runs of each vary, not what else may have changed on the machine in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from producer.contender_name import ContenderName
from producer.results import Result, WorkloadResult
from producer.stats.ratios import Ratio, unpaired
from producer.stats.summary import makespan_s, runs_by_contender, summaries
from worker.errors import ResultError

#: What must be equal of two workloads, and of two machines, to be compared without force.
SAME_WORK = ("seed", "jobs", "chunk", "data_hash")
SAME_MACHINE = ("host", "cpu", "cores", "core_limit", "memory_bytes")
#: What the comparison may well be about: a difference in it is named, and no hindrance.
WORTH_NAMING = ("python", "gil", "kernel", "commit")


@dataclass(frozen=True, slots=True)
class Difference:
    """One contender on one workload: how long it took, then and now."""

    workload: str
    contender: ContenderName
    #: Medians; None without a valid run.
    old_s: float | None
    new_s: float | None
    #: New / old; above 1 is slower.
    ratio: Ratio | None

    @property
    def broken(self) -> bool:
        """Whether it ran then and has no valid run now."""
        return self.old_s is not None and self.new_s is None

    @property
    def verdict(self) -> str:
        """The comparison in words."""
        if self.ratio is None:
            return "no valid run any more" if self.broken else "no valid run before"
        if not self.ratio.claims:
            return "too few runs to tell"
        if not self.ratio.shown:
            return "no difference shown"
        return "slower" if self.ratio.value > 1 else "faster"

    def fails(self, above: float) -> bool:
        """Whether it is shown to be more than `above` times as slow, or does not work any more."""
        return self.broken or (self.ratio is not None and (self.ratio.low or 0.0) > above)


@dataclass(frozen=True, slots=True)
class Diff:
    """Everything between two results."""

    #: Why they should not be compared; empty unless the comparison was forced.
    forced: list[str]
    remarks: list[str]
    rows: list[Difference]
    only_in_one: list[str]


def compare(old: Result, new: Result, name: str, force: bool) -> Diff:
    """Compare two results, where they can be compared or somebody insists.

    Raises:
        ResultError: their machines or workloads differ, and nobody insists; or nothing is in both.
    """
    why = list_hindrances(old, new)
    if why and not force:
        raise ResultError(f"{name} is of something else (diff): {'; '.join(why)}. Insist with --force.")
    rows = list_differences(old, new)
    if not rows:
        raise ResultError(f"{name} has no contender with a valid run in common with the old result (diff)")
    return Diff(why, list_remarks(old, new), rows, list_only_in_one(old, new))


def list_hindrances(old: Result, new: Result) -> list[str]:
    """List why the two should not be compared: their machines or their workloads differ."""
    reasons = [f"machine: {text}" for text in _unequal(old.machine, new.machine, SAME_MACHINE)]
    for before, after in _common(old, new):
        reasons += [f"workload {before.name}: {text}" for text in _unequal(before, after, SAME_WORK)]
    if not _common(old, new):
        reasons.append("they have no workload in common")
    return reasons


def list_remarks(old: Result, new: Result) -> list[str]:
    """List what else differs, and may be the reason for a difference."""
    changes = list(_unequal(old.machine, new.machine, WORTH_NAMING))
    changes += _unequal(old, new, ("broker_version", "transport"))
    before, after = old.machine.packages, new.machine.packages
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            changes.append(f"{name} {before.get(name, 'absent')}, now {after.get(name, 'absent')}")
    return changes


def list_differences(old: Result, new: Result) -> list[Difference]:
    """Compare every contender that both have, in the order of the new table, then those that broke."""
    rows = []
    for before, after in _common(old, new):
        then, now = _makespans(old, before.name), _makespans(new, after.name)
        broken = [name for name in then if name in after.left_out and name not in now]
        for name in [*(row.contender for row in summaries(new, after)), *broken]:
            old_s, new_s = then.get(name, []), now.get(name, [])
            if old_s or (new_s and name in then):
                ratio = unpaired(new_s, old_s)
                rows.append(Difference(before.name, name, _median(old_s), _median(new_s), ratio))
    return rows


def _makespans(result: Result, workload: str) -> dict[ContenderName, list[float]]:
    by_contender = runs_by_contender(result, workload)
    return {name: [makespan_s(run) for run in runs if run.valid] for name, runs in by_contender.items()}


def _median(times_s: Sequence[float]) -> float | None:
    return float(np.median(times_s)) if times_s else None


def list_only_in_one(old: Result, new: Result) -> list[str]:
    """List contenders that cannot be compared, because only one of the two was asked for them."""
    alone = []
    for before, after in _common(old, new):
        then, now = (_list_contenders(result, workload) for result, workload in ((old, before), (new, after)))
        alone += [f"{before.name}: {name} (only old)" for name in then if name not in now]
        alone += [f"{before.name}: {name} (only new)" for name in now if name not in then]
    return alone


def _list_contenders(result: Result, workload: WorkloadResult) -> list[ContenderName]:
    return [*runs_by_contender(result, workload.name), *workload.left_out]


def _common(old: Result, new: Result) -> list[tuple[WorkloadResult, WorkloadResult]]:
    after = {workload.name: workload for workload in new.workloads}
    return [(before, after[before.name]) for before in old.workloads if before.name in after]


def _unequal(before: object, after: object, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        then, now = getattr(before, name), getattr(after, name)
        if then != now:
            yield f"{name.replace('_', ' ')} {_short(then)}, now {_short(now)}"


def _short(value: object) -> str:
    """Write the value in words; of a hash only the beginning, which tells it from another."""
    text = str(value)
    return f"{text[:19]}…" if text.startswith("sha256:") else text
