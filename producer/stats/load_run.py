"""Whether a contender held the rate in a run whose jobs arrived, and what bound it where it did not.

It holds a rate if its backlog does not grow by more than chance explains. How many jobs a Poisson process
brings varies by the square root of their number: in the second half of the time in which jobs arrive, what
waits beyond the slots may grow by twice that. With a burst it has to have recovered before the arrivals end:
the backlog is then no larger than it ever was before the burst, or than there are slots.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from producer.contender_name import ContenderName
from producer.results import Result, Run
from producer.stats.backlog import Backlog, backlog_of
from producer.stats.limit import A_GIL_EACH
from producer.stats.summary import usable_cores
from producer.words import counted, percent

#: From this share on, slots, a core or all cores were full.
FULL = 0.9
#: Times are kept in whole microseconds: what arrived at a moment may seem to have come so much before it.
ROUNDING_S = 2e-6
#: Ways whose jobs run in several processes, of which each can have a core.
SEVERAL_PROCESSES = A_GIL_EACH | {"rq"}


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen in one valid run whose jobs arrived. Times are in seconds since the arrivals began."""

    slots: int
    done: int
    #: Until the arrivals had ended, and the last job was done.
    took_s: float
    arrived_per_s: float
    done_per_s: float
    backlog_end: float
    backlog_peak: float
    #: Jobs a second by which the backlog grew in the second half of the arrivals.
    growth_per_s: float
    held: bool
    recovery_s: float | None
    #: The time that jobs were in slots, added up, and the CPU time of who did them and of the broker.
    busy_s: float
    cpu_s: float | None
    broker_cpu_s: float
    peak_memory_bytes: int | None


def see(run: Run) -> Seen:
    """Look at a valid run of a load."""
    assert run.offered
    offer, times = run.offered, run.times
    arrived_s, finished_s = times.enqueued_s + offer.first_s, times.finished_s + offer.first_s
    backlog = backlog_of(run)
    recovery_s = _recovery_s(run, backlog)
    at_half, at_end = backlog.at(offer.for_s / 2), backlog.at(offer.for_s)
    # What is in a slot is being done.
    growth = max(at_end, run.slots) - max(at_half, run.slots)
    most = 2 * math.sqrt(_between(arrived_s, offer.for_s))
    recovered = recovery_s is not None and offer.burst_at_s + recovery_s <= offer.for_s
    return Seen(
        slots=run.slots,
        done=len(finished_s),
        took_s=max(offer.for_s, float(finished_s.max(initial=0.0))),
        arrived_per_s=len(arrived_s) / offer.for_s,
        done_per_s=int((finished_s <= offer.for_s).sum()) / offer.for_s,
        backlog_end=at_end,
        backlog_peak=backlog.peak(),
        growth_per_s=max(0.0, at_end - at_half) / (offer.for_s / 2),
        held=recovered if offer.burst else growth <= most,
        recovery_s=recovery_s,
        busy_s=float(times.service_s.sum()),
        cpu_s=run.cpu_s,
        broker_cpu_s=run.broker_cpu_s or 0.0,
        peak_memory_bytes=run.peak_memory_bytes,
    )


def describe_bound(name: ContenderName, seen: Sequence[Seen], result: Result) -> str:
    """Say what was full in these runs, in a clause."""
    took_s, slots = sum(each.took_s for each in seen), seen[0].slots
    busy = sum(each.busy_s for each in seen) / (slots * took_s)
    if busy >= FULL:
        its_slots = "its only slot was" if slots == 1 else f"its {slots:,} slots were"
        return f"{its_slots} busy {percent(min(busy, 1.0))} of the time"
    known = [each.cpu_s for each in seen if each.cpu_s is not None]
    if len(known) < len(seen):
        return f"its slots were busy only {percent(busy)} of the time, and what CPU it used is not known"
    cores = sum(known) / took_s
    if name.way not in SEVERAL_PROCESSES and cores >= FULL * name.workers:
        its_process = "its process" if name.workers == 1 else f"each of its {name.workers} processes"
        return (
            f"{its_process} had a core of its own for {percent(min(cores / name.workers, 1.0))} of the time"
        )
    with_broker = cores + sum(each.broker_cpu_s for each in seen) / took_s
    all_cores = usable_cores(result)
    if with_broker >= FULL * all_cores:
        return f"the {counted(round(all_cores), 'core')} of the machine were full"
    return (
        f"neither its slots ({percent(busy)} of the time) nor a core ({percent(cores)}) were full: it "
        "fetches no faster, or others took the cores"
    )


def _recovery_s(run: Run, backlog: Backlog) -> float | None:
    assert run.offered
    offer = run.offered
    if not offer.burst:
        return None
    came_s = offer.burst_at_s - ROUNDING_S
    fell_s = backlog.falls_to(max(run.slots, backlog.peak(before_s=came_s)), came_s)
    return None if fell_s is None else max(0.0, fell_s - offer.burst_at_s)


def _between(moments_s: np.ndarray[tuple[int], np.dtype[np.float64]], for_s: float) -> int:
    """Count the moments in the second half of the arrivals."""
    return int(((moments_s > for_s / 2) & (moments_s <= for_s)).sum())
