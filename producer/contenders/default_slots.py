"""The contenders, and the slots of each, that suit a workload where nobody says which."""

from __future__ import annotations

import math

from producer.contender_name import CELERY
from producer.contenders.spec import Spec
from producer.contenders.ways import executor_of, own_ways
from producer.system.machine import cores
from producer.workloads import Workload
from producer.workloads.job_facts import JobFacts

#: The default slots of a contender with light slots, on work that waits.
LIGHT_SLOTS = 32
#: The most of them on a function of the user's, however much of its time it waits.
MOST_LIGHT_SLOTS = 100
#: The numbers of slots to choose from, and how many jobs each slot is to have at least.
ROUND_NUMBERS, JOBS_A_SLOT = (2, 5, 10, 20, 50, MOST_LIGHT_SLOTS), 4
#: The slots of a second prefork worker on a function that waits: as who has no other pool would give it.
PREFORK_SLOTS = 16
#: The kinds of slots that can use a core each: one for each core is what makes sense.
_HEAVY = ("process", "interpreter")


def default_slots(way: str, workload: Workload) -> int:
    """Return as many slots as a sensible person would give this contender for this workload."""
    executor = executor_of(way)
    if not executor.scales:
        return 1
    if executor.slot in _HEAVY or workload.bound == "cores":
        return cores()
    return LIGHT_SLOTS if workload.facts is None else _slots_to_keep_busy(workload.facts, len(workload.jobs))


def _slots_to_keep_busy(facts: JobFacts, jobs: int) -> int:
    """As many slots as keep every core busy with jobs that wait, of which each has some: a round number."""
    wanted = math.ceil(cores() / max(1 - facts.waiting, 0.001))
    most = min(MOST_LIGHT_SLOTS, jobs // JOBS_A_SLOT)
    return max((number for number in ROUND_NUMBERS if number <= most and number < 2 * wanted), default=2)


def sensible(workload: Workload) -> list[Spec]:
    """List the contenders of a comparison that names none."""
    left_out = set() if workload.bound == "cores" else {"asyncio+threads"}
    if workload.facts and not workload.facts.has_async:
        left_out.add("asyncio+threads")  # there is nothing that asyncio itself could await
    chosen = [Spec(way, default_slots(way, workload)) for way in own_ways() if way not in left_out]
    if workload.bound == "waiting":
        if workload.facts:
            chosen.append(Spec(f"{CELERY}prefork", PREFORK_SLOTS))
        else:
            # Many threads beside few processes say nothing of threads and processes: these are as many.
            chosen.append(Spec("threads", cores()))
    return list(dict.fromkeys(chosen))
