"""Which Celery pool, and how many slots: what follows from a comparison of one function, as plain data.

Only Celery contenders can be recommended, and only those whose every run is valid. The shortest median wins;
of those that are not shown to be slower, the one that takes the least memory. A function that leaks is given
to prefork, which alone can replace its processes, unless that is shown to be far slower.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from producer.contender_name import ContenderName
from producer.results import Result, WorkloadResult
from producer.stats.binding import Binding, find_binding
from producer.stats.candidates import Candidate, is_slower, list_candidates
from producer.stats.changes import list_changes
from producer.stats.ratios import RUNS_TO_CLAIM, Ratio
from producer.stats.ruled_out import RuledOut, rule_out_slower, rule_out_unfit
from producer.stats.summary import Summary, usable_cores
from producer.stats.worker_command import WorkerCommand, make_command
from producer.workloads.job_facts import JobFacts

#: Prefork is too dear a cure for a leak where it is shown to take more than this many times as long.
DEAR_CURE = 2.0
#: Bytes by which a process may grow before it is replaced, about.
GROWTH = 100 * 2**20
#: The option that has a process replaced.
REPLACED = "max-tasks-per-child"


class Certainty(StrEnum):
    """How sure the recommendation is."""

    #: Every other is shown to be slower.
    SHOWN = "shown"
    #: The interval does not separate it from others: it takes the least memory of them.
    ALIKE = "alike"
    #: It is not shown to be the fastest, but its processes can be replaced.
    FOR_LEAK = "for a leak"
    #: There were too few runs to claim anything.
    PROVISIONAL = "provisional"
    #: There is no other to compare it with.
    ALONE = "alone"


class Nothing(StrEnum):
    """Why nothing is recommended."""

    NO_CELERY = "no Celery pool was compared"
    NONE_FIT = "no Celery pool had only valid runs"


@dataclass(frozen=True, slots=True)
class Figures:
    """What a contender does and takes."""

    contender: ContenderName
    slots: int
    runs: int
    #: Jobs per second.
    throughput: float
    latency_p50_ms: float
    latency_p99_ms: float
    peak_memory_bytes: int | None


@dataclass(frozen=True, slots=True)
class Choice:
    """The contender that is recommended, and all that is said of it."""

    certainty: Certainty
    figures: Figures
    #: The next best, of another pool where one is left.
    runner_up: Figures | None
    #: The runner-up's time / that of the contender, round by round: above 1 the runner-up is slower.
    ratio: Ratio | None
    #: Those from which the interval does not separate it, the shortest median first.
    alike: tuple[ContenderName, ...]
    binding: Binding
    #: Jobs after which a process is to be replaced, as the function leaks; not yet in the contender's name.
    replace_after: int | None
    #: What would change the answer, a clause each, the weightiest first.
    changes: tuple[str, ...]
    command: WorkerCommand


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A choice, or why there is none, and who was ruled out."""

    choice: Choice | None
    nothing: Nothing | None
    ruled_out: tuple[RuledOut, ...]


def recommend(result: Result, workload: WorkloadResult, rows: Sequence[Summary]) -> Recommendation | None:
    """Recommend a contender of this workload, of which `rows` are the summaries; None without job facts."""
    facts = workload.facts
    if facts is None:
        return None
    unfit = rule_out_unfit(workload, facts, rows)
    candidates = [
        candidate
        for candidate in list_candidates(result, workload, rows, facts.gil)
        if candidate.name not in unfit
    ]
    if not candidates:
        nothing = Nothing.NONE_FIT if unfit else Nothing.NO_CELERY
        return Recommendation(None, nothing, tuple(unfit.values()))
    chosen, certainty = _choose(candidates, facts)
    slower = list(rule_out_slower(candidates, chosen, workload, facts))
    choice = _describe(chosen, certainty, candidates, result, workload, facts)
    return Recommendation(choice, None, (*slower, *unfit.values()))


def _choose(candidates: Sequence[Candidate], facts: JobFacts) -> tuple[Candidate, Certainty]:
    fastest = candidates[0]
    cure = _cure_of_leak(candidates) if facts.growth_per_run_bytes else None
    if not _are_enough(candidates, cure or fastest):
        return cure or fastest, Certainty.PROVISIONAL
    if len(candidates) == 1:
        return fastest, Certainty.ALONE
    alike = [each for each in candidates if each is fastest or not fastest.time_of(each).shown]
    if alike == [cure or fastest]:
        return fastest, Certainty.SHOWN
    if cure:
        return cure, Certainty.FOR_LEAK
    return min(alike, key=lambda candidate: candidate.memory_bytes), Certainty.ALIKE


def _cure_of_leak(candidates: Sequence[Candidate]) -> Candidate | None:
    """Return the fastest of those that can replace their processes; None where it is too slow."""
    prefork = next((candidate for candidate in candidates if candidate.pool == "prefork"), None)
    if prefork is None:
        return None
    ratio = candidates[0].time_of(prefork)
    # From few runs nothing is shown, and the ratio is all there is.
    return prefork if (ratio.low or ratio.value) <= DEAR_CURE else None


def _are_enough(candidates: Sequence[Candidate], chosen: Candidate) -> bool:
    """Tell whether there were rounds enough to compare the chosen with every other."""
    others = [candidate for candidate in candidates if candidate is not chosen]
    return chosen.row.valid_runs >= RUNS_TO_CLAIM and all(chosen.time_of(other).claims for other in others)


def _describe(
    chosen: Candidate,
    certainty: Certainty,
    candidates: Sequence[Candidate],
    result: Result,
    workload: WorkloadResult,
    facts: JobFacts,
) -> Choice:
    others = [candidate for candidate in candidates if candidate is not chosen]
    alike = [other for other in others if (ratio := chosen.time_of(other)).claims and not ratio.shown]
    runner_up = next(_runners_up(chosen, others, alike), None)
    binding = find_binding(chosen, workload, facts, usable_cores(result))
    after = _replace_after(chosen, facts)
    name = chosen.name
    options = (*name.options, *([(REPLACED, str(after))] if after else []))
    command = make_command(
        ContenderName(name.way, name.slots, name.workers, options, name.python),
        *(chosen.row.slots, workload.name, facts.is_task, result.transport),
    )
    return Choice(
        certainty,
        _figures(chosen),
        _figures(runner_up) if runner_up else None,
        chosen.time_of(runner_up) if runner_up else None,
        tuple(other.name for other in alike),
        binding,
        after,
        tuple(list_changes(chosen, others, binding, workload, facts)),
        command,
    )


def _runners_up(
    chosen: Candidate, others: Sequence[Candidate], alike: Sequence[Candidate]
) -> Iterator[Candidate]:
    """List who may be the runner-up: one that is faster, one as fast, one of another pool, any other."""
    yield from (other for other in others if is_slower(other.time_of(chosen)))
    yield from alike
    yield from (other for other in others if other.name.way != chosen.name.way)
    yield from others


def _replace_after(chosen: Candidate, facts: JobFacts) -> int | None:
    each = facts.growth_per_run_bytes
    if not each or chosen.pool != "prefork" or REPLACED in dict(chosen.name.options):
        return None
    jobs = max(1, math.floor(GROWTH / each))
    unit: int = 10 ** max(0, len(str(jobs)) - 2)  # two digits: it is a rule of thumb
    return jobs // unit * unit


def _figures(candidate: Candidate) -> Figures:
    row, latency = candidate.row, candidate.row.latency_ms
    return Figures(
        candidate.name,
        row.slots,
        row.valid_runs,
        candidate.throughput,
        latency.p50 if latency else 0.0,
        latency.p99 if latency else 0.0,
        row.peak_memory_bytes,
    )
