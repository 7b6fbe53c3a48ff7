"""Why jobs take longer in a contender than alone, as far as the result shows it."""

from __future__ import annotations

from producer.show.charts.entries import STRETCHED, TINY_S, Entry, Field
from producer.show.used import cpu_per_job_s
from producer.stats.limit import COOPERATIVE
from producer.words import seconds

#: Taking turns is not all that stretched jobs if they took more than this many times what it explains.
BEYOND = 1.03
#: What surrounds the jobs stretches them if the contender's CPU time is more than this many times theirs.
AROUND = 2.0
#: Jobs ran, and were not held up, if they ran for more than this share of their time.
RAN = 0.8


def explain_stretch(entry: Entry, field: Field, stretch: float, at_once: int) -> str:
    """Say why the jobs of a contender took `stretch` times as long as alone, up to `at_once` at a time."""
    if is_beyond_turns(stretch, at_once):
        return _what_besides(entry)
    turns = _why_turns(entry, field)
    if stretch <= BEYOND * at_once:
        return turns
    return (
        f"{turns}. But {at_once} that take turns take {at_once} times as long at most: the rest is "
        "something else, such as changing from one to another"
    )


def is_beyond_turns(stretch: float, at_once: int) -> bool:
    """Tell whether taking turns, which stretches a job by no more than their number, is not what did it."""
    return at_once == 1 or stretch > STRETCHED * at_once


def _why_turns(entry: Entry, field: Field) -> str:
    processes = len(set(entry.typical.times.worker.tolist()))
    if field.waits:
        return "what each waited for was over before it had its turn again"
    if processes == 1 and field.computes and entry.name.way in COOPERATIVE:
        return "one thread does them all, and while one computes the others stand still"
    gil = entry.typical.gil
    if processes == 1 and field.computes and (field.gil if gil is None else gil):
        return (
            "the GIL lets one of them run Python at a time, and meanwhile the others are open but stand still"
        )
    return "open at the same time is not running at the same time"


def _what_besides(entry: Entry) -> str:
    """Say what else than taking turns makes jobs take longer."""
    alone_s, ran_s = float(entry.alone_s.mean()), _ran_s(entry)
    cpu_s = cpu_per_job_s(entry.summary, entry.typical.jobs)
    if alone_s < TINY_S and ran_s is not None and ran_s > alone_s:
        return (
            f"a job that takes {seconds(alone_s)} alone, where the fastest of up to three times counts, "
            f"computed for {seconds(ran_s)} here, where each is done once"
        )
    if alone_s < TINY_S and cpu_s and cpu_s > AROUND * alone_s:
        return (
            f"on a job of {seconds(alone_s)}, {entry.name} spent {seconds(cpu_s)} of CPU time, to take the "
            "jobs in and their answers out included: what surrounds a job outweighs it"
        )
    if alone_s < TINY_S:
        return (
            f"of a job of {seconds(alone_s)}, the records cannot tell what it was: in so short a time "
            "reading the clock counts, too"
        )
    return "something besides these jobs kept the machine busy: the contender itself, or other programs"


def _ran_s(entry: Entry) -> float | None:
    """Seconds for which a job really ran, where it ran for nearly all of its time; None elsewhere."""
    times = entry.typical.times
    if times.cpu_s is None or not times.cpu_s.sum() > RAN * times.service_s.sum():
        return None
    return float(times.cpu_s.mean())
