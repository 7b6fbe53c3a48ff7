"""One sentence under each chart, in plain words, said only of what was measured.

The timeline's has a module of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from operator import itemgetter

from producer.show.charts.claims import claim
from producer.show.charts.data import Bar, Cost, Pace, Split, Spreads
from producer.show.charts.timeline_sentences import STRETCHED
from producer.stats.summary import Percentiles
from producer.words import counted, mebibytes, percent, seconds, times

#: From this share of the latency on, jobs mostly waited.
MOSTLY = 0.5
#: A tenth of a run that finishes no more than this share of the jobs belongs to an even pace.
EVEN = 0.15
#: Fewer jobs than this have no pace: chance alone makes bursts of them.
JOBS_OF_A_PACE = 40
NO_VALID_RUN = "No contender has a valid run, so there is nothing to show."


def on_makespans(bars: Sequence[Bar]) -> str:
    """Who was shortest, how sure that is, and how far from what physics allows."""
    if not bars:
        return NO_VALID_RUN
    best, last = bars[0], bars[-1]
    if len(bars) == 1:
        return f"{best.entry.name} took {seconds(best.value_s)}; {_limit(best)}."
    spread = (
        f"{best.entry.name} was the shortest with {seconds(best.value_s)}, {last.entry.name} the longest "
        f"with {seconds(last.value_s)}, {times(last.value_s / best.value_s)} as long"
    )
    return f"{spread}; {_how_sure(best, bars[1])}; {_limit(best)}."


def _how_sure(best: Bar, second: Bar) -> str:
    found = claim(best.entry, second.entry)
    if found is None or not found.claims:
        runs = found.runs if found else 0
        return f"{counted(runs, 'run')} of each {'is' if runs == 1 else 'are'} too few to claim a difference"
    if not found.shown:
        return f"between {best.entry.name} and {second.entry.name} no difference is shown"
    return f"that {best.entry.name} is faster than {second.entry.name} is shown"


def _limit(bar: Bar) -> str:
    share = bar.limit_s / bar.value_s
    if share <= 1:
        return f"{bar.entry.name} reached {percent(share)} of its physical limit"
    if bar.entry.name.python:
        return (
            f"{bar.entry.name} was faster than its limit, which was measured under the Python that simul "
            "itself runs on: this one does the same work faster, or the machine was slower then"
        )
    return (
        f"{bar.entry.name} was faster than its own limit, which nothing can be: the machine was slower "
        "while the limit was measured, so measure again when it is quiet"
    )


def on_latencies(spreads: Spreads | None) -> str:
    """Who answers soonest, and with whom the slowest jobs take longest."""
    if spreads is None:
        return NO_VALID_RUN
    soonest = min(spreads.rows, key=lambda one: one.latency_ms.p50)
    worst = max(spreads.rows, key=lambda one: _slow_ms(one.latency_ms))
    half, slow, slowest = (
        seconds(value / 1000)
        for value in (soonest.latency_ms.p50, _slow_ms(soonest.latency_ms), _slow_ms(worst.latency_ms))
    )
    name = soonest.entry.name
    if soonest.latency_ms.n == 1:
        first = f"With {name} the only job was done {half} after it was enqueued"
    else:
        most = f"{'99 of 100' if _many(soonest.latency_ms) else 'all'} within {slow}"
        first = f"With {name} half of the jobs were done within {half} of being enqueued, {most}"
    if worst is soonest:
        return f"{first}."
    if not _many(worst.latency_ms):
        return f"{first}; with {worst.entry.name} the slowest took {slowest}."
    return f"{first}; with {worst.entry.name} the slowest hundredth took {slowest} or longer."


def _many(latency_ms: Percentiles) -> bool:
    """Whether there are jobs enough to speak of one in a hundred."""
    return latency_ms.n >= 100


def _slow_ms(latency_ms: Percentiles) -> float:
    return latency_ms.p99 if _many(latency_ms) else latency_ms.max


def on_waits(splits: Sequence[Split]) -> str:
    """Whether jobs waited or were worked on, and where they were worked on longer than they need."""
    if not splits:
        return NO_VALID_RUN
    waited = [one for one in splits if one.wait_share > MOSTLY]
    worst = max(splits, key=lambda one: one.wait_share)
    most = f"with {worst.entry.name} {percent(worst.wait_share)}"
    if not waited:
        first = f"Nowhere did an average job spend most of its latency in the queue; {most} at most"
    elif len(waited) == len(splits):
        first = f"Everywhere an average job spent most of its latency in the queue; {most}"
    else:
        first = (
            f"With {len(waited)} of {len(splits)} contenders an average job spent most of its latency in the "
            f"queue; {most}"
        )
    longest = max(splits, key=lambda one: one.stretch)
    if longest.stretch < STRETCHED:
        # Rounded up: "at most" has to stay true.
        most_stretched = times(max(math.ceil(10 * longest.stretch) / 10, 1.0))
        return f"{first}. Doing a job took at most {most_stretched} what it takes alone."
    return (
        f"{first}. Doing a job took longest with {longest.entry.name}: {times(longest.stretch)} what it "
        "takes alone."
    )


def on_pace(paces: Sequence[Pace]) -> str:
    """Who finishes jobs evenly, and who in bursts."""
    if not paces:
        return NO_VALID_RUN
    fewest = min(sum(one.finished) for one in paces)
    if fewest < JOBS_OF_A_PACE:
        few = "1 job in a run is" if fewest == 1 else f"{fewest} jobs in a run are"
        return f"{few} too few to speak of a pace."
    evenest = min(paces, key=lambda one: one.busiest_tenth)
    burst = max(paces, key=lambda one: one.busiest_tenth)
    most, least = percent(burst.busiest_tenth), percent(evenest.busiest_tenth)
    if burst.busiest_tenth <= EVEN:
        return f"All kept an even pace: no tenth of a run finished more than {most} of its jobs."
    bursts = f"{burst.entry.name} worked in bursts: the busiest tenth of its run finished {most} of the jobs"
    if evenest is burst:
        return f"{bursts}."
    kind = "kept the evenest pace" if evenest.busiest_tenth <= EVEN else "came closest to an even pace"
    return f"{bursts}; {evenest.entry.name} {kind}, with {least} in its busiest."


def on_costs(costs: Sequence[Cost]) -> str:
    """What the fastest paid for its speed, and what the others paid."""
    if not costs:
        return NO_VALID_RUN
    memory = [(float(one.memory_bytes), one) for one in costs if one.memory_bytes]
    cpu = [(one.cpu_per_job_s, one) for one in costs if one.cpu_per_job_s]
    parts = []
    if memory:
        parts.append(_least("memory", costs[0], memory, mebibytes))
    if cpu:
        parts.append(_least("CPU time for a job", costs[0], cpu, seconds))
    return " ".join(parts) or "What the contenders used was out of sight."


def _least(
    what: str, fastest: Cost, found: Sequence[tuple[float, Cost]], said: Callable[[float], str]
) -> str:
    (low, least), (high, most) = min(found, key=itemgetter(0)), max(found, key=itemgetter(0))
    who = f"The fastest, {least.entry.name}," if least is fastest else least.entry.name
    if low == high:
        return f"{who} needed {said(low)} of {what}."
    return f"{who} needed the least {what}, {said(low)}; {most.entry.name} the most, {said(high)}."
