"""What kind of jobs a workload has, as measured: the one thing that decides which way suits them."""

from __future__ import annotations

from enum import StrEnum

from producer.show.charts.entries import Entry, Field

#: Jobs are tiny if the fastest way beside serial takes more than so many times what a job takes alone.
DEAR = 2.0
#: What takes so long alone, in seconds, is not tiny, however long a busy machine takes to hand it out.
LARGE_S = 0.005


class Kind(StrEnum):
    """What a workload's jobs do."""

    WAIT = "wait"
    COMPUTE = "compute"
    TINY = "tiny"
    #: Both wait and compute, or read files for longer than they compute.
    MIXED = "mixed"


def kind_of(field: Field) -> Kind:
    """Tell what kind of jobs these are; tiny ones are those that cost more to hand out than to do."""
    fastest = fastest_beside_serial(field)
    alone_s = mean_alone_s(field)
    each_s = (fastest.summary.makespan_s or 0.0) / field.workload.jobs if fastest else 0.0
    if alone_s < LARGE_S and each_s > DEAR * alone_s:
        return Kind.TINY
    if field.waits:
        return Kind.WAIT
    return Kind.COMPUTE if field.computes else Kind.MIXED


def fastest_beside_serial(field: Field) -> Entry | None:
    """Find the fastest contender that is not serial, which hands no job to anybody."""
    return next((entry for entry in field.entries if entry.valid and entry.name.way != "serial"), None)


def mean_alone_s(field: Field) -> float:
    """Return what a job takes with nothing around it, in the mean, in seconds."""
    return float(field.entries[0].alone_s.mean()) if field.entries and field.workload.jobs else 0.0
