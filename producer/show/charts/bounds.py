"""What bound each contender, in words: what took the most of its slots' time, and what that is a sign of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from producer.results import Result, WorkloadResult
from producer.show.charts.entries import TINY_S, Entry, Field, derive_typical
from producer.show.charts.stretch import explain_stretch
from producer.stats.lanes import count_most_at_once
from producer.stats.limit import COOPERATIVE
from producer.stats.shares import BOUNDS, Part, Shares, divide
from producer.stats.summary import Summary, usable_cores
from producer.words import capital, counted, listed, percent

#: The most names in a row.
MOST_NAMES = 3
#: An event loop that stood still for more than this share of a run did one job at a time.
STOOD_STILL = 0.5
#: A second part that is at least this share of the largest one is named with it.
NEARLY = 0.8
#: Slots that had a job for less than this share of the time are not too few.
HALF = 0.5
#: What bound a contender, by its parts.
LONG = {bound: str(bound[0]) if len(bound) == 1 else "jobs sent, not started" for bound in BOUNDS}


@dataclass(frozen=True, slots=True)
class Divided:
    """A contender, and where the time of its typical run went."""

    entry: Entry
    shares: Shares


def describe_bounds(result: Result, workload: WorkloadResult, rows: Sequence[Summary]) -> Iterator[str]:
    """Say in one line, for a table of these rows, what bound each contender; nothing without a valid run."""
    entries = derive_typical(result, workload, rows)
    field = Field(workload, entries, gil=result.machine.gil, cores=usable_cores(result))
    if divided := derive(field):
        yield describe(divided, field)


def derive(field: Field) -> list[Divided]:
    """Divide the typical run of each contender with a valid one."""
    return [
        Divided(entry, divide(entry.typical, entry.alone_s, _threads(entry, field)))
        for entry in field.entries
        if entry.valid
    ]


def _threads(entry: Entry, field: Field) -> int | None:
    """How many threads do the jobs of all slots; None where the slots have their own, or jobs wait.

    A job that waits and lets nobody else have a turn is as one that computes: its event loop stands still.
    """
    if entry.name.way in COOPERATIVE and (_compute(entry, field) or _is_blocked(entry)):
        return len(entry.typical.workers)
    return None


def _is_blocked(entry: Entry) -> bool:
    """Whether its event loop is known to have stood still for most of the run."""
    stalled_s = sum(stall.length_us for stall in entry.typical.loop_stalls) / 1e6
    return stalled_s > STOOD_STILL * entry.typical.makespan_s


def _compute(entry: Entry, field: Field) -> bool:
    """Whether the jobs compute, and are large enough for that to be what counts."""
    return field.computes and float(entry.alone_s.mean()) >= TINY_S


def describe(rows: Sequence[Divided], field: Field) -> str:
    """Say what bound the fastest, and with whom each part was the largest."""
    first = describe_largest(rows[0], field)
    if len(rows) == 1:
        return first
    groups: dict[tuple[Part, ...], list[str]] = {}
    for row in rows:
        share = percent(row.shares.share(row.shares.bound))
        groups.setdefault(row.shares.bound, []).append(f"{row.entry.name} ({share})")
    parts = "; ".join(f"{LONG[bound]}: {_few(groups[bound])}" for bound in BOUNDS if bound in groups)
    return f"{first} What took the most of their slots' time. {capital(parts)}."


def _few(names: Sequence[str]) -> str:
    """Write names in a row; of many the first, and how many more there are."""
    if len(names) <= MOST_NAMES + 1:
        return listed(names)
    return listed([*names[:MOST_NAMES], f"{len(names) - MOST_NAMES} more"])


def describe_largest(row: Divided, field: Field) -> str:
    """Say what took the most of one contender's time, what that is a sign of, and what comes near it."""
    shares, bound = row.shares, row.shares.bound
    second = max((other for other in BOUNDS if other != bound), key=shares.share)
    near = ""
    if shares.share(second) >= NEARLY * shares.share(bound):
        near = f" Nearly as much, {percent(shares.share(second))}: {LONG[second]}."
    return f"{row.entry.name}: {percent(shares.share(bound))} of its slots' time {_say(row, field)}.{near}"


def _say(row: Divided, field: Field) -> str:
    name, slots, jobs = row.entry.name, row.shares.slots, row.entry.typical.jobs
    one_core = slots == 1 or row.entry.summary.one_core_limit_s is not None
    match row.shares.largest:
        case Part.JOB if jobs <= slots:
            return f"went into the jobs themselves: {counted(jobs, 'job')}, and a slot for each"
        case Part.JOB if field.waits and row.shares.share((Part.JOB, Part.STRETCHED)) < HALF:
            return (
                "went into the jobs themselves, which wait; for longer than that its slots stood free, so "
                "more of them would gain little"
            )
        case Part.JOB if field.waits:
            return "went into the jobs themselves, which wait: more slots would let more of them wait at once"
        case Part.JOB if _compute(row.entry, field) and one_core and field.cores > 1:
            return (
                "went into the jobs themselves, which compute, on one core: processes could use others, too"
            )
        case Part.JOB if _compute(row.entry, field) and slots >= field.cores:
            return (
                "went into the jobs themselves, which compute on all the cores there are: more cores, each "
                "with a slot, could do more"
            )
        case Part.JOB if _compute(row.entry, field):
            return "went into the jobs themselves, which compute: more slots, each on a core, could do more"
        case Part.JOB:
            return "went into the jobs themselves"
        case Part.STRETCHED if _threads(row.entry, field):
            stands = "one thread does all its jobs, and while one holds it nobody takes the next"
            return f"was spent held up: {stands}"
        case Part.STRETCHED:
            return f"was spent held up: {_why_held(row, field)}"
        case Part.SENDING:
            return "passed while slots were free and no further job had been sent: the sender bound it"
        case Part.QUEUE if name.through_broker:
            return (
                "passed while slots were free and jobs sent, most of them not at a worker yet: the messages "
                "bound it, in the broker or where workers fetch them"
            )
        case Part.QUEUE:
            return "passed while slots were free and jobs in the queue: handing them over bound it"
        case Part.HANDING:
            return (
                "passed while slots were free and jobs sent, most of them at a worker: what a worker does "
                "for each message, before and after the job, bound it"
            )
        case Part.LEFT:
            return f"passed while no job was left: {counted(jobs, 'job')} did not keep {slots:,} slots busy"


def _why_held(row: Divided, field: Field) -> str:
    times, shares = row.entry.typical.times, row.shares
    job_s, held_s = shares.seconds[Part.JOB], shares.seconds[Part.STRETCHED]
    stretch = (job_s + held_s) / job_s if job_s else float("inf")
    return explain_stretch(row.entry, field, stretch, count_most_at_once(times.started_s, times.finished_s))
