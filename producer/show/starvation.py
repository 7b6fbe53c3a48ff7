"""What is said of short jobs behind long ones, in the terminal and the page alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from producer.show.columns import write_interval
from producer.show.slots import behind_comma
from producer.stats.ratios import RUNS_TO_CLAIM, paired
from producer.stats.starvation import LONG, Starvation
from producer.words import counted, seconds


def describe_starvation(starved: Sequence[Starvation]) -> Iterator[str]:
    """Say with whom the short jobs took longest and least, and what lay reserved meanwhile."""
    if not starved:
        return
    ordered = sorted(starved, key=lambda each: each.p99_ms)
    best, worst = ordered[0], ordered[-1]
    among = " longest" if worst is not best else ""
    short = f"Short jobs (up to {LONG:g} times the median, alone)"
    yield f"{short} took{among} with {_times(worst)}.{_held(worst)}"
    if worst is not best:
        yield f"They took least with {_times(best)}: {_difference(worst, best)}.{_held(best)}"


def _times(each: Starvation) -> str:
    p50, p99 = seconds(each.p50_ms / 1000), seconds(each.p99_ms / 1000)
    return f"{each.contender}: half were done within {p50} of being handed over, 99 in 100 within {p99}"


def _difference(worst: Starvation, best: Starvation) -> str:
    ratio = paired(worst.p99_by_round_ms, best.p99_by_round_ms)
    if ratio is None or not ratio.claims:
        return f"from fewer than {RUNS_TO_CLAIM} runs nothing is claimed"
    if not ratio.shown:
        return "no difference is shown (≈)"
    slots = behind_comma(worst.slots, best.slots)
    return f"with the other, 99 in 100 took {write_interval(ratio)} times as long{slots}"


def _held(each: Starvation) -> str:
    if each.held_s is None or each.held_jobs is None:
        return ""
    if not each.held_jobs:
        return " None lay reserved by a full worker while another had a free slot and nothing reserved."
    return (
        f" For {seconds(each.held_s)} of {seconds(each.makespan_s)}, jobs lay reserved by a worker whose "
        "slots were all busy, while another had a free slot and nothing reserved: "
        f"{counted(round(each.held_jobs), 'job')} in all (medians of the runs)."
    )
