"""What a reader should beware of in a result: a closed list, each with the facts and what to do.

The limits are those of pyperf and hyperfine where they have one. Nothing here changes a number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from producer.contender_name import ContenderName
from producer.results import Result, Run, WorkloadResult
from producer.stats.limit import Estimates
from producer.stats.ratios import RUNS_TO_CLAIM
from producer.stats.sending import is_bound_by_sending, sending_share
from producer.stats.spread import find_outliers, measure_drift
from producer.stats.summary import makespan_s, runs_by_contender, usable_cores
from producer.words import are, counted, digits, listed, percent, seconds, times

#: Runs whose standard deviation is more than this share of their mean are unstable, as in pyperf.
UNSTABLE = 0.10
#: The machine drifted if the last runs of all contenders are this much slower or faster than their first.
DRIFT = 0.10
#: Below this makespan, in seconds, starting and ending the run weighs.
SHORT_S = 0.02
#: Processes waiting to run before anything was started, for each core.
BUSY = 0.5


class Kind(StrEnum):
    """All that can be warned of."""

    FEW_RUNS = "few runs"
    INVALID_RUNS = "invalid runs"
    SLOW_FIRST = "slow first run"
    OUTLIER = "outlier"
    UNSTABLE = "unstable"
    DRIFT = "drift"
    SHORT = "short"
    SENDING = "sending"
    LIMIT = "limit"
    BUSY_MACHINE = "busy machine"
    CLOCKS = "clocks"
    INCOMPLETE = "incomplete"
    GIL_TURNED_ON = "GIL turned on"
    OLD_KOMBU = "old kombu"


@dataclass(frozen=True, slots=True)
class Caution:
    """One warning; `contender` is None where it is of the whole comparison."""

    kind: Kind
    contender: ContenderName | None
    text: str
    #: The number that shows it, in words ("1.36 times"), and how bad it is beside others of its kind.
    number: str = ""
    weight: float = 0.0


def cautions(result: Result, workload: WorkloadResult) -> list[Caution]:
    """List everything to beware of in this workload of the result."""
    by_contender = runs_by_contender(result, workload.name)
    warnings = list(_of_comparison(result, by_contender))
    warnings += _of_gil(result, by_contender)
    warnings += _of_kombu(result, by_contender)
    warnings += _of_limit(result, workload, by_contender)
    for name, runs in by_contender.items():
        warnings += [replace(caution, contender=name) for caution in _of_contender(runs, workload)]
    return warnings


def caution_lines(warnings: Iterable[Caution]) -> Iterator[str]:
    """Write the cautions as the terminal shows them, a line for each kind."""
    return (f"Beware ({kind}): {text}" for kind, text in by_kind(warnings))


def by_kind(warnings: Iterable[Caution]) -> Iterator[tuple[Kind, str]]:
    """Write a text for each kind: the worst case in full, of the others the names, each with its number."""
    kinds: dict[Kind, list[Caution]] = {}
    for caution in warnings:
        kinds.setdefault(caution.kind, []).append(caution)
    for kind, cases in kinds.items():
        worst, *others = sorted(cases, key=lambda caution: -caution.weight)
        whose = f"{worst.contender}: " if worst.contender else ""
        names = ", ".join(map(_name_with_number, others))
        yield kind, f"{whose}{worst.text}." + (f" Likewise: {names}." if names else "")


def _name_with_number(caution: Caution) -> str:
    return f"{caution.contender or ''}" + (f" ({caution.number})" if caution.number else "")


def _of_comparison(result: Result, by_contender: Mapping[ContenderName, Sequence[Run]]) -> Iterator[Caution]:
    runs = [run for of_contender in by_contender.values() for run in of_contender]
    if not result.complete:
        text = "ended before the last round: only the finished runs are here; start it anew for the rest"
        yield Caution(Kind.INCOMPLETE, None, text)
    most = max((sum(run.valid for run in of_contender) for of_contender in by_contender.values()), default=0)
    if 0 < most < RUNS_TO_CLAIM:
        few = f"{counted(most, 'run')} of each: too few to claim anything"
        text = f"{few}; ask for --rounds {RUNS_TO_CLAIM} or more"
        yield Caution(Kind.FEW_RUNS, None, text)
    if result.machine.load > BUSY * result.machine.cores:
        cores = counted(result.machine.cores, "core")
        text = (
            f"the load of the machine was {digits(result.machine.load)} on {cores} before anything was "
            "started: close what else runs and compare again"
        )
        yield Caution(Kind.BUSY_MACHINE, None, text)
    if (factor := measure_drift(by_contender.values())) and abs(math.log(factor)) > math.log(1 + DRIFT):
        text = (
            f"the last runs took {times(factor)} as long as the first, in all contenders together: the "
            "machine drifted. Trust the ratios, which are taken round by round, more than the seconds"
        )
        yield Caution(Kind.DRIFT, None, text)
    if any(run.clocks_corrected for run in runs):
        text = (
            "some workers ran on hosts with clocks of their own; their times are corrected by the broker's, "
            "to half a round trip: read nothing into differences of a millisecond"
        )
        yield Caution(Kind.CLOCKS, None, text)


def _of_limit(
    result: Result, workload: WorkloadResult, by_contender: Mapping[ContenderName, Sequence[Run]]
) -> Iterator[Caution]:
    estimates = Estimates(workload, by_contender)
    for name, runs in by_contender.items():
        makespans = [makespan_s(run) for run in runs if run.valid]
        estimate = estimates.of(name)
        limit_s = estimate.limit_s(runs[0].slots, usable_cores(result))
        if beyond := [each for each in makespans if each < limit_s]:
            why = (
                "the machine was slower whenever that was measured: compare again when it is quiet"
                if estimate.own
                else "it was measured under another Python: compare serial under this one, too"
            )
            shortest = min(beyond)
            text = (
                f"{len(beyond)} of {counted(len(makespans), 'run')} took less time than its limit "
                f"({seconds(shortest)} where {seconds(limit_s)} is the least), which nothing can; {why}"
            )
            yield Caution(Kind.LIMIT, name, text, times(shortest / limit_s), limit_s / (shortest or limit_s))


def _of_gil(result: Result, contenders: Iterable[ContenderName]) -> Iterator[Caution]:
    for name in contenders:
        for python in result.pythons:
            gil = python.gil_of(name.way)
            if name.python == python.label and gil and gil.turned_on_by:
                text = (
                    f"{gil.turned_on_by} turned the GIL on, so this is no free-threaded run: do without that "
                    "extension, or find a version of it that declares that it needs no GIL"
                )
                yield Caution(Kind.GIL_TURNED_ON, name, text)


def _of_kombu(result: Result, contenders: Iterable[ContenderName]) -> Iterator[Caution]:
    asleep = {python.label: python for python in result.pythons if not python.wakes_for_threads()}
    for name in contenders:
        if name.celery_pool == "threads" and name.python in asleep:
            text = (
                f"the loop of kombu {asleep[name.python].packages['kombu']} does not look up when a thread "
                "has done its job, so a worker that has done all it had prefetched may stand still for ten "
                "seconds (with late acknowledgement): upgrade to kombu 5.7, or take another pool"
            )
            yield Caution(Kind.OLD_KOMBU, name, text)


def _of_contender(runs: Sequence[Run], workload: WorkloadResult) -> Iterator[Caution]:
    """List what is to be said of one contender; its name is not in it yet."""
    valid = [run for run in runs if run.valid]
    if len(valid) < len(runs):
        text = (
            f"{len(runs) - len(valid)} of {counted(len(runs), 'run')} invalid and in none of its times: the "
            "reasons are below; mend them before you compare"
        )
        number = f"{len(runs) - len(valid)} of {len(runs)}"
        yield Caution(Kind.INVALID_RUNS, None, text, number, 1 - len(valid) / len(runs))
    if not valid:
        return
    makespans = np.array([makespan_s(run) for run in valid])
    median = float(np.median(makespans))
    if median < SHORT_S:
        jobs = workload.jobs * math.ceil(10 * SHORT_S / median)
        text = f"a run takes only {seconds(median)}, of which its start and end are part: try --jobs {jobs}"
        yield Caution(Kind.SHORT, None, text, seconds(median), 1 / median)
    if sender_bound := [run for run in valid if is_bound_by_sending(run)]:
        share = float(np.median([sending_share(run) for run in sender_bound]))
        text = (
            f"in {len(sender_bound)} of {counted(len(valid), 'run')} it waited for its jobs: they were being "
            f"sent for {percent(share)} of the makespan, and most found a slot free when they came. It may "
            "be faster than it looks: give it larger jobs"
        )
        yield Caution(Kind.SENDING, None, text, percent(share), share)
    strange = find_outliers(makespans, median)
    if strange == [0] and makespans[0] > median and valid[0].round == 1:
        factor = float(makespans[0] / median)
        text = (
            f"its first run took {times(factor)} the median: caches were cold, or other programs still busy; "
            "compare again, or with more --rounds"
        )
        yield Caution(Kind.SLOW_FIRST, None, text, times(factor), factor)
    elif strange:
        rounds = listed([str(valid[place].round) for place in strange])
        which = f"{'round' if len(strange) == 1 else 'rounds'} {rounds} {are(len(strange))}"
        factors = [float(makespans[place] / median) for place in strange]
        factor = max(factors, key=lambda each: abs(math.log(each)))
        text = (
            f"{which} far from the others (the farthest took {times(factor)} the median): see what else ran "
            "at that time, and compare again"
        )
        yield Caution(Kind.OUTLIER, None, text, times(factor), abs(math.log(factor)))
    elif len(valid) > 1 and (share := np.std(makespans, ddof=1) / np.mean(makespans)) > UNSTABLE:
        text = (
            f"its runs spread by {percent(share)} (standard deviation): close what else runs, or ask for "
            "more --rounds or more --jobs"
        )
        yield Caution(Kind.UNSTABLE, None, text, percent(float(share)), float(share))
