"""Where the time of each contender's typical run went: one bar of parts that add up to its makespan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from producer.results import Result, WorkloadResult
from producer.show.charts.chart import ALONE, Chart, Picture, Shared
from producer.show.charts.entries import TINY_S, Entry, Field, derive_typical
from producer.show.charts.stretch import explain_stretch
from producer.show.svg.axis import Axis
from producer.show.svg.drawing import Drawing
from producer.show.svg.rows import Band, Frame, Key, Row, draw_rows
from producer.stats.lanes import count_most_at_once
from producer.stats.limit import COOPERATIVE
from producer.stats.shares import BOUNDS, Part, Shares, divide
from producer.stats.summary import Summary, usable_cores
from producer.words import capital, counted, listed, percent, seconds

#: The most names in a row.
MOST_NAMES = 3
#: An event loop that stood still for more than this share of a run did one job at a time.
STOOD_STILL = 0.5
#: A second part that is at least this share of the largest one is named with it.
NEARLY = 0.8
#: Slots that had a job for less than this share of the time are not too few.
HALF = 0.5
#: The colour of each part.
COLOURS = {
    Part.JOB: "part-job",
    Part.STRETCHED: "part-held",
    Part.SENDING: "part-sending",
    Part.QUEUE: "wait",
    Part.HANDING: "part-handing",
    Part.LEFT: "part-left",
}
#: What bound a contender, in a few words.
SHORT: Mapping[tuple[Part, ...], str] = {
    (Part.JOB,): "doing jobs",
    (Part.STRETCHED,): "held up",
    (Part.SENDING,): "not sent yet",
    (Part.QUEUE, Part.HANDING): "not started yet",
    (Part.LEFT,): "none left",
}
LONG = {bound: str(bound[0]) if len(bound) == 1 else "jobs sent, not started" for bound in BOUNDS}


@dataclass(frozen=True, slots=True)
class Divided:
    """A contender, and where the time of its typical run went."""

    entry: Entry
    shares: Shares


def chart(field: Field, _shared: Shared = ALONE) -> Chart | None:
    """Show where the time went; None without a valid run."""
    rows = derive(field)
    if not rows:
        return None
    return Chart(
        "Where the time went",
        "What an average slot did in the typical run. It has a job, and does it (as long as that takes "
        "alone: measured one job after the other, up to three times, of which the fastest counts), or it is "
        "held up: by the turns of others, by what surrounds a small job, or since the only thread of all "
        "slots is at another job, whether this slot has one or could begin one. Or it is free, and waits for "
        "the nearest job: one that a worker has received or one in the queue (both are not started yet), one "
        "that is not sent yet, or none any more. The parts add up to the makespan; what took the most of it "
        "bound the contender.",
        describe_largest(rows[0], field),  # the drawing says it of each
        (Picture("shares", "where the time went", partial(draw, rows, field)),),
    )


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
    if entry.name.way in COOPERATIVE and (_compute(entry, field) or _stood_still(entry)):
        return len(entry.typical.workers)
    return None


def _stood_still(entry: Entry) -> bool:
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
        case Part.QUEUE if name.is_celery:
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


def draw(rows: Sequence[Divided], field: Field, frame: Frame) -> Drawing:
    """Draw a bar of parts for each contender, as shares of its own makespan."""
    of = (
        "share of the makespan"
        if frame.above
        else "time of an average slot, in % of the contender's makespan"
    )
    axis = Axis(of, 0, 1, 100)
    texts = [Row(str(row.entry.name), _value(row.shares), _tip(row, field)) for row in rows]

    def paint(drawing: Drawing, place: int, band: Band) -> None:
        shares, done = rows[place].shares, 0.0
        for part in Part:
            start, end = band.x(done), band.x(min(done + shares.share([part]), 1.0))
            if shares.seconds[part] > 0:
                drawing.rect(start, band.top, end - start, band.height, COLOURS[part])
            done += shares.share([part])

    there = [part for part in Part if any(row.shares.seconds[part] > 0 for row in rows)]
    return draw_rows(frame, axis, texts, [Key(part, COLOURS[part]) for part in there], paint)


def _value(shares: Shares) -> str:
    return f"{percent(shares.share(shares.bound))} {SHORT[shares.bound]}"


def _tip(row: Divided, field: Field) -> str:
    shares = row.shares
    lines = [f"{row.entry.name}, one run of {seconds(shares.makespan_s)}"]
    lines += [
        f"{part}: {seconds(shares.seconds[part])}, {percent(shares.share([part]))}"
        for part in Part
        if shares.seconds[part] > 0
    ]
    return "\n".join([*lines, describe_largest(row, field)])
