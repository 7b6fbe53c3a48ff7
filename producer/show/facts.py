"""What is said of a result wherever it is shown: each sentence once, for the terminal and the page alike."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from producer.contenders.designs.stalls import STALL_S
from producer.words import NOTHING, counted, digits, gibibytes, listed, seconds, times

if TYPE_CHECKING:  # `simul machine` says what a machine is, and has no use for numpy
    from producer.results import Result, WorkloadResult
    from producer.stats.summary import Summary
    from producer.system.machine import Machine
    from producer.system.pythons import Python

#: The logarithm from which on a ratio and that of the medians are told apart: a twentieth.
APART = 0.05
NOBODY_RAN = "No contender ran."


def describe_workload(result: Result, workload: WorkloadResult) -> str:
    """Say what was done, how often, and in which order."""
    chunk = f" of {workload.chunk} files each" if workload.chunk > 1 else ""
    transport = f", {result.transport} transport{_but_for(workload)}" if result.transport else ""
    return (
        f"{counted(workload.jobs, 'job')}{chunk}: {workload.description}; "
        f"{counted(result.rounds, 'round')}, seed {workload.seed}{transport}"
    )


def _but_for(workload: WorkloadResult) -> str:
    """Tell that some contenders name a transport of their own, which goes before that of the comparison."""
    named = any("transport" in dict(contender.name.options) for contender in workload.contenders)
    return " (where a name has no other)" if named else ""


def describe_answers(workload: WorkloadResult) -> Iterator[str]:
    """Say what the answers were, where the workload sums them up."""
    if workload.reference.summary:
        yield f"The answers: {workload.reference.summary}."


def describe_left_out(workload: WorkloadResult) -> Iterator[str]:
    """Name who could not take part, a line for each reason."""
    names_by_reason: dict[str, list[str]] = {}
    for name, why in workload.left_out.items():
        names_by_reason.setdefault(why, []).append(str(name))
    return (f"left out: {listed(names)}: {why}" for why, names in names_by_reason.items())


def describe_problems(result: Result, workload: WorkloadResult) -> Iterator[str]:
    """Say why runs are invalid, a line for each reason: whose runs, and in which rounds."""
    rounds: dict[str, dict[str, list[str]]] = {}
    runs = (run for run in result.runs if run.workload == workload.name)
    for run in sorted(runs, key=lambda run: (str(run.contender), run.round)):
        for why in run.problems:
            rounds.setdefault(why, {}).setdefault(str(run.contender), []).append(str(run.round))
    for why, by_contender in rounds.items():
        whose = (
            f"{name}, {'round' if len(numbers) == 1 else 'rounds'} {listed(numbers)}"
            for name, numbers in by_contender.items()
        )
        yield f"{'; '.join(whose)}: {why}"


def describe_means(rows: Sequence[Summary]) -> Iterator[str]:
    """Say why ratios are not those of the makespans beside them, with the row where that is seen most."""
    best = next((row for row in rows if row.makespan_s), None)
    others = [(row, row.to_winner, row.makespan_s) for row in rows if row.to_winner and row.makespan_s]
    if best is None or not best.makespan_s or best.valid_runs < 2 or not others:
        return
    line = "A makespan is the median of the runs, a ratio the geometric mean of the ratios in each round"
    row, ratio, apart = max(
        ((row, ratio.value, makespan_s / best.makespan_s) for row, ratio, makespan_s in others),
        key=lambda each: abs(math.log(each[1] / each[2])),
    )
    if not _is_apart(ratio, apart):
        yield f"{line}."
    else:
        yield (
            f"{line}: that of {row.contender} to the winner is {digits(ratio)}, and their medians are "
            f"{times(apart)} apart."
        )


def which_mean(ratio: float, of_medians: float) -> str:
    """Say what a ratio is that differs from that of the medians beside it; nothing where it hardly does."""
    return " (mean of the rounds)" if _is_apart(ratio, of_medians) else ""


def _is_apart(ratio: float, of_medians: float) -> bool:
    return abs(math.log(ratio / of_medians)) > APART


def describe_stalls(rows: Sequence[Summary]) -> Iterator[str]:
    """Name the event loops that stood still."""
    stalls = [(row.contender, row.loop_stall_s) for row in rows if (row.loop_stall_s or 0) > STALL_S]
    if stalls:
        which = listed([f"that of {name} for up to {seconds(stall)}" for name, stall in stalls])
        of_celery = any(row.contender.is_celery for row in rows)
        of_peers = any(row.contender.is_peer for row in rows)
        whose = listed([text for text, there in (("Celery", of_celery), ("peers", of_peers)) if there])
        unseen = f" Those of {whose} are not watched." if whose else ""
        yield f"Event loops stood still, and meanwhile no job had its turn: {which}.{unseen}"


def describe_python(python: Python) -> Iterator[str]:
    """Say what a Python is, its GIL before and after the imports, whose packages it has, what it lacks."""
    alike = set(python.gil.values())
    for kind, gil in list(python.gil.items())[: 1 if len(alike) == 1 else None]:
        whose = "" if len(alike) == 1 else f" of {kind}"
        culprit = f" (turned on by {gil.turned_on_by})" if gil.turned_on_by else ""
        states = f"{_on(gil.before)} before the imports{whose}, {_on(gil.after)} after them{culprit}"
        yield f"{python.python}, {_build(python)}; GIL {states}"
    if python.project:
        versions = ", ".join(f"{name} {version}" for name, version in python.packages.items())
        yield f"the packages of {python.project}{': ' * bool(versions)}{versions}"
    yield from python.missing.values()


def describe_machine(machine: Machine) -> Iterator[tuple[str, str]]:
    """Give what the numbers of a machine depend on, as names and values."""
    limit = f", limited to {machine.core_limit:g} by the control group" if machine.core_limit else ""
    yield "host", machine.host
    yield "processor", machine.cpu
    yield "cores", f"{machine.cores}{limit}"
    yield "memory", gibibytes(machine.memory_bytes)
    yield "kernel", machine.kernel
    yield "Python", f"{machine.python}, {_build(machine)}, GIL {_on(machine.gil)}"
    yield "packages", ", ".join(f"{name} {version}" for name, version in machine.packages.items())
    yield "commit", machine.commit or NOTHING


def _build(python: Python | Machine) -> str:
    return "free-threaded build" if python.free_threaded_build else "ordinary build"


def _on(gil: bool) -> str:
    return "on" if gil else "off"
