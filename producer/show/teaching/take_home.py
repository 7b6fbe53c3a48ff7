"""What to take home: one line for each workload, and at the end the three rules with what shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from producer.show.charts.claims import measure_ratio
from producer.show.charts.entries import Entry, Field
from producer.show.facts import which_mean
from producer.show.teaching.kinds import Kind, fastest_beside_serial, kind_of, mean_alone_s
from producer.words import NOTHING, counted, seconds, times

#: What is true of all jobs of a kind.
TRUTHS = {
    Kind.WAIT: "Jobs that wait want many slots, not many cores",
    Kind.COMPUTE: "Jobs that compute want cores",
    Kind.TINY: "Tiny jobs want a plain loop, or to be made bigger",
    Kind.MIXED: "Jobs that wait and compute want slots and cores",
}
#: What to do about the kinds that every class meets, and a workload that shows it.
RULES = {
    Kind.WAIT: ("Wait: asyncio, threads or gevent, with as many slots as jobs that wait at once.", "waits"),
    Kind.COMPUTE: ("Compute: processes (with Celery, prefork), as many as there are cores.", "search"),
    Kind.TINY: ("Tiny: a loop, or bigger jobs.", "files"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One of the three rules, and what shows it here."""

    text: str
    evidence: tuple[str, ...]


def take_home(field: Field) -> str:
    """Say the one thing that the back row should remember of a workload; empty where nothing shows it."""
    shown = _evidence(field)
    return f"{TRUTHS[kind_of(field)]}: {shown}." if shown else ""


def list_rules(fields: Sequence[Field]) -> list[Rule]:
    """List the three rules; each with what the workloads of its kind show, or what to measure to see it."""
    shown = [(kind_of(field), field.workload.name, text) for field in fields if (text := _evidence(field))]
    return [
        Rule(
            text,
            tuple(f"{name}: {evidence}." for its, name, evidence in shown if its is kind)
            or (f"Not measured here; simul compare {to_see} shows it.",),
        )
        for kind, (text, to_see) in RULES.items()
    ]


def _evidence(field: Field) -> str:
    """What shows it, if anything: the fastest beside serial; of jobs that compute, what threads came to."""
    serial, fastest = field.best("serial"), fastest_beside_serial(field)
    if serial is None or fastest is None:
        return ""
    kind = kind_of(field)
    ratio = measure_ratio(fastest, serial)
    if ratio and ratio.claims and not ratio.shown:
        return f"no difference between {_told(fastest)}, the fastest other way, and serial is shown here"
    if kind is Kind.TINY:
        return (
            f"one takes {seconds(mean_alone_s(field))} alone; serial did all "
            f"{counted(field.workload.jobs, 'job')} in {seconds(serial.summary.makespan_s)}, and the fastest "
            f"other way, {fastest.name}, took {_ratio(fastest, serial)} as long"
        )
    said = f"{_told(fastest)} was {_ratio(serial, fastest)} as fast as serial"
    threads = field.best("threads")
    if kind is Kind.COMPUTE and threads and threads is not fastest:
        said += f", {_told(threads)} {_ratio(serial, threads)}"
    return said


def _told(entry: Entry) -> str:
    processes = len(entry.typical.workers)
    slots = counted(entry.summary.slots, "slot")
    return f"{entry.name} ({slots} in {counted(processes, 'process', 'processes')})"


def _ratio(entry: Entry, other: Entry) -> str:
    """How many times as long the first took, and which mean that is where the medians say otherwise."""
    ratio = measure_ratio(entry, other)
    if ratio is None:
        return NOTHING
    of_medians = (entry.summary.makespan_s or 1.0) / (other.summary.makespan_s or 1.0)
    return f"{times(ratio.value)}{which_mean(ratio.value, of_medians)}"
