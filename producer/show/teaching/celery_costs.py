"""What Celery buys, and what it costs here: for each workload its fastest pool beside the fastest design."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from producer.show.charts.claims import compare
from producer.show.charts.entries import Entry, Field
from producer.show.teaching.kinds import Kind, kind_of, mean_alone_s
from producer.show.used import cpu_per_job_s
from producer.words import listed, seconds

#: Jobs are next to nothing beside their messages if they take less than this share of the time for each.
SMALL = 0.05

BUYS = (
    "It survives. A job waits in the broker, not in your program: if a worker dies, another does its job, "
    "and your program may end before its jobs do.",
    "It scales. Start more workers, also on other machines, while it runs: they take from the same queue.",
    "It schedules. Jobs can be done later, every night, again after a failure, or only so many in a minute.",
)


def describe_costs(fields: Sequence[Field]) -> list[str]:
    """Say for each workload what its way through Celery cost; what to measure where none went there."""
    lines = [line for field in fields for line in _costs(field)]
    return lines or ["Nothing went through Celery here; simul compare --with serial,celery:gevent does."]


def break_even_s(field: Field, celery: Entry, at_once: int) -> float | None:
    """Estimate how long a job must take for Celery to be as fast as serial, if so many are done at once.

    Serial takes n t for n jobs of time t; Celery n (t / at_once + m), where m is what it took for each of
    these jobs beyond its share of the work. None where it never is, and where the jobs are no small part of
    that time: then they hold each other up, too, and results with several sizes of job tell more.
    """
    if at_once < 2 or celery.summary.makespan_s is None:
        return None
    each_s = celery.summary.makespan_s / field.workload.jobs
    if mean_alone_s(field) > SMALL * each_s:
        return None
    beyond_s = each_s - mean_alone_s(field) / at_once
    return max(beyond_s, 0.0) * at_once / (at_once - 1)


def _costs(field: Field) -> Iterator[str]:
    celery = next((entry for entry in field.entries if entry.valid and entry.name.is_celery), None)
    design = next((entry for entry in field.entries if entry.valid and not entry.name.through_broker), None)
    if celery is None:
        return
    costs = [f"{field.workload.name}: {celery.name}, whose median is the shortest through Celery"]
    if design is None:
        costs.append("; nothing else was compared")
    elif (said := compare(celery, design)).startswith(was := f"{celery.name} was "):
        costs.append(f", was {said.removeprefix(was)}")
    else:
        costs.append(f"; {said}")
    if cpu := _cpu(celery, design):
        costs.append(f"; {cpu}")
    if startup_s := _startup_s(field, celery):
        costs.append(f". Before the jobs were sent its workers took {seconds(startup_s)} to start")
    yield f"{''.join(costs)}."
    if kind_of(field) is Kind.TINY and field.best("serial"):
        yield from _on_break_even(field)


def _cpu(celery: Entry, design: Entry | None) -> str:
    """What a job cost in CPU time; empty where it was too little to see."""
    each = [
        f"{entry.name} {seconds(cpu_s)}"
        for entry in (celery, design)
        if entry and (cpu_s := cpu_per_job_s(entry.summary, entry.typical.jobs))
    ]
    return f"CPU time for each job: {listed(each)}" if each else ""


def _startup_s(field: Field, celery: Entry) -> float | None:
    return next((each.startup_s for each in field.workload.contenders if each.name == celery.name), None)


def _on_break_even(field: Field) -> Iterator[str]:
    """How big jobs would have to be, by the pool that computes on every core and the fastest that waits."""
    told = []
    prefork = field.best("celery:prefork")
    if prefork and (needed_s := break_even_s(field, prefork, prefork.summary.slots)):
        told.append(f"compute for about {seconds(needed_s)} with {prefork.name}")
    light = next(
        (
            entry
            for entry in field.entries
            if entry.valid and entry.name.is_celery and entry.name.celery_pool not in ("prefork", "solo")
        ),
        None,
    )
    if light and (needed_s := break_even_s(field, light, light.summary.slots)):
        told.append(f"wait for about {seconds(needed_s)} with {light.name}")
    if told:
        yield (
            f"{field.workload.name}: before Celery catches serial, a job would have to {' or '.join(told)} "
            f"(estimated; here it takes {seconds(mean_alone_s(field))})."
        )
