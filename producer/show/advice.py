"""The recommendation in words: one paragraph, whose first words are the answer, and one command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from producer.contender_name import ContenderName
from producer.results import Result, WorkloadResult
from producer.show.columns import write_interval
from producer.show.slots import behind_comma
from producer.stats.ratios import RUNS_TO_CLAIM, Ratio
from producer.stats.recommendation import Certainty, Choice, Figures, Nothing, Recommendation, recommend
from producer.stats.ruled_out import RuledOut, Why, describe_leak
from producer.stats.summary import Summary
from producer.words import counted, digits, listed, memory, seconds, times
from producer.workloads.job_facts import JobFacts

#: Of more contenders than these that were ruled out alike, the number is told.
MOST_ALIKE = 4
#: What is asked for where nothing can be recommended.
EVERY_POOL = "celery:prefork,celery:threads,celery:gevent,celery:eventlet,celery:asyncio"


@dataclass(frozen=True, slots=True)
class Advice:
    """A recommendation, its paragraph, the command that it ends with, and what belongs to the command."""

    recommendation: Recommendation
    text: str
    command: str
    note: str


def give_advice(result: Result, workload: WorkloadResult, rows: Sequence[Summary]) -> Advice | None:
    """Write the recommendation of a workload; None of those that call no function of the user's."""
    recommendation, facts = recommend(result, workload, rows), workload.facts
    if recommendation is None or facts is None:
        return None
    choice = recommendation.choice
    if choice is None:
        return Advice(recommendation, " ".join(_without_choice(recommendation, facts)), "", "")
    text = " ".join(_with_choice(choice, recommendation.ruled_out, facts))
    return Advice(recommendation, text, choice.command.text, _note(choice))


def _without_choice(recommendation: Recommendation, facts: JobFacts) -> Iterator[str]:
    if recommendation.nothing is Nothing.NO_CELERY:
        yield f"No pool can be recommended: none was compared. Ask for some: --with {EVERY_POOL}."
        return
    yield "No pool can be recommended: none did all the jobs in every run."
    yield from _ruled_out(recommendation.ruled_out)
    if facts.failed:
        failed = f"{facts.failed:,} of {counted(facts.runs, 'call')}"
        yield f"The function failed alone, too, in {failed}: {facts.failure or 'it does not say why'}."
    yield "Mend that, or compare other pools, and compare again."


def _with_choice(choice: Choice, ruled_out: Sequence[RuledOut], facts: JobFacts) -> Iterator[str]:
    use = "Provisionally use" if choice.certainty is Certainty.PROVISIONAL else "Use"
    yield f"{use} {choice.figures.contender}: {_figures(choice.figures)}."
    if choice.certainty is Certainty.PROVISIONAL:
        few = f"From fewer than {RUNS_TO_CLAIM} runs nothing is claimed"
        yield f"{few}: --rounds {RUNS_TO_CLAIM} makes it firm."
    yield _on_runner_up(choice, ruled_out)
    yield from _on_leak(choice, facts)
    yield f"{choice.binding.text}."
    rest = [each for each in ruled_out if not _is_of(each, choice.runner_up)]
    yield from _ruled_out(rest)
    if choice.changes:
        yield f"What would change this: {'; '.join(choice.changes)}."


def _on_runner_up(choice: Choice, ruled_out: Sequence[RuledOut]) -> str:
    runner_up, ratio = choice.runner_up, choice.ratio
    if runner_up is None or ratio is None:
        return "There is no other to compare it with: name more pools (--with)."
    name, figures = runner_up.contender, _figures(runner_up)
    slots = behind_comma(runner_up.slots, choice.figures.slots)
    if not ratio.claims:
        if ratio.value < 1:
            return f"The fastest, {name} ({figures}), took {write_interval(ratio)} of its time{slots}."
        return f"The runner-up, {name} ({figures}), took {times(ratio.value)} as long{slots}."
    if not ratio.shown:
        return _on_alike(choice, runner_up, ratio)
    if ratio.value < 1:
        return f"The fastest, {name} ({figures}), takes {write_interval(ratio)} of its time{slots}."
    reasons = (each.reason for each in ruled_out if _is_of(each, runner_up) and each.reason)
    reason = next((f": {reason}" for reason in reasons), "")
    return f"The runner-up, {name} ({figures}), is {_slower(ratio)}{slots}{reason}."


def _on_alike(choice: Choice, runner_up: Figures, ratio: Ratio) -> str:
    first, *others = choice.alike
    names = f", nor from {_some(others)}" if others else ""
    slots = behind_comma(runner_up.slots, choice.figures.slots)
    told = (
        f"The interval does not separate it from {first} ({_figures(runner_up)}; "
        f"{write_interval(ratio)} of its time{slots}){names}"
    )
    mine, theirs = choice.figures.peak_memory_bytes, runner_up.peak_memory_bytes
    if choice.certainty is not Certainty.ALIKE or not mine or not theirs:
        return f"{told}."
    if mine > theirs:  # it is the least of those that the fastest is alike with
        return f"{told}; it takes {memory(mine)}."
    return f"{told}: it is the cheaper in memory, {memory(mine)} and not {memory(theirs)}."


def _on_leak(choice: Choice, facts: JobFacts) -> Iterator[str]:
    if not facts.growth_per_run_bytes:
        return
    leak = f"The function leaks: {describe_leak(facts)}"
    if choice.figures.contender.celery_pool != "prefork":
        yield f"{leak}, in a process that nothing replaces: restart the worker in time."
    elif choice.replace_after:
        yield (
            f"{leak}; only prefork can replace its processes, here after "
            f"{counted(choice.replace_after, 'job')} each, which this comparison did not measure."
        )
    else:
        yield f"{leak}; its processes are replaced."


def _ruled_out(ruled_out: Sequence[RuledOut]) -> Iterator[str]:
    """Tell of all in one sentence: of those with one reason the first in full, of the others the names."""
    groups: dict[tuple[Why, str], list[RuledOut]] = {}
    for each in ruled_out:
        # What others wrote is repeated for nobody but those of whom it was written.
        groups.setdefault((each.why, each.reason if each.ratio is None else ""), []).append(each)
    if groups:
        yield f"Ruled out: {'; '.join(map(_group, groups.values()))}."


def _group(group: Sequence[RuledOut]) -> str:
    first, *others = group
    slower = f" is {_slower(first.ratio)}" if first.ratio else ""
    reason = f": {first.reason}" if first.reason else ""
    likewise = [
        f"{each.contender} ({times(each.ratio.value)})" if each.ratio else str(each.contender)
        for each in others
    ]
    return f"{first.contender}{slower}{reason}" + (f" (likewise {_some(likewise)})" if likewise else "")


def _some(names: Sequence[str | ContenderName]) -> str:
    told = [str(name) for name in names[:MOST_ALIKE]]
    more = len(names) - len(told)
    return listed([*told, f"{more:,} more"] if more else told)


def _slower(ratio: Ratio) -> str:
    if ratio.low is None or ratio.high is None:
        return f"{times(ratio.value)} slower"
    return f"{times(ratio.value)} slower ({digits(ratio.low)}–{digits(ratio.high)})"


def _figures(figures: Figures) -> str:
    middle, late = seconds(figures.latency_p50_ms / 1000), seconds(figures.latency_p99_ms / 1000)
    return f"{digits(figures.throughput)} jobs/s, latency p50 {middle}, p99 {late}"


def _is_of(each: RuledOut, figures: Figures | None) -> bool:
    return figures is not None and each.contender == figures.contender


def _note(choice: Choice) -> str:
    """Say what belongs to the command: the settings that it was measured with, what is to be filled in."""
    settings = listed(choice.command.settings)
    remarks = [f"measured with {settings}"] if settings else []
    return "; ".join([*choice.command.remarks, *remarks])
