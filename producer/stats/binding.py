"""What binds the recommended contender: what would have to be more for its jobs to be done sooner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from producer.results import WorkloadResult
from producer.stats.bound import DEAR
from producer.stats.candidates import Candidate
from producer.stats.ruled_out import GIL_BUSY, STRETCHED, describe_gil, gil_busy, job_s
from producer.stats.shares import Part
from producer.words import counted, digits, percent, seconds
from producer.workloads.job_facts import WAITS, JobFacts

#: Slots, or cores, are what binds if more than this share of them is busy in the mean.
BUSY = 0.75


class Bound(StrEnum):
    """All that can bind a contender."""

    SENDING = "sending"
    MESSAGES = "messages"
    JOBS = "jobs"
    GIL = "GIL"
    CORES = "cores"
    WAITING = "waiting"
    SLOTS = "slots"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Binding:
    """What binds a contender, in one word and in one sentence."""

    bound: Bound
    #: A sentence without its full stop, with the number that shows it.
    text: str


def find_binding(candidate: Candidate, workload: WorkloadResult, facts: JobFacts, cores: float) -> Binding:
    """Find what binds a contender in its records, and in what its job is like alone: the first that holds.

    None contradicts the largest of the parts that its makespan is divided into (see `shares`).
    """
    alone_s, slots = job_s(workload, facts), candidate.row.slots
    outside = _how_jobs_come(candidate, workload, facts, alone_s)
    inside = _how_jobs_are_done(candidate, facts, alone_s, cores)
    busy = f"{digits(candidate.under_way)} of {counted(slots, 'slot')} were busy"
    largest = candidate.shares.largest
    most = f"the largest part of their time, {percent(candidate.shares.share([largest]))}, was: {largest}"
    unknown = Binding(Bound.UNKNOWN, f"What bounds it is not shown: {busy}, and {most}")
    return next(chain(outside, inside), unknown)


def _how_jobs_come(
    candidate: Candidate, workload: WorkloadResult, facts: JobFacts, alone_s: float
) -> Iterator[Binding]:
    jobs, slots, cpu_s = workload.jobs, candidate.row.slots, candidate.cpu_per_job_s
    largest = candidate.shares.largest
    if largest is Part.SENDING:
        share = percent(candidate.sent_for or candidate.shares.share([Part.SENDING]))
        yield Binding(
            Bound.SENDING,
            f"Bound by the sending: for {share} of its time jobs were still being sent, and found slots free",
        )
    if largest is not Part.JOB and cpu_s is not None and cpu_s - facts.cpu_s > DEAR * alone_s:
        who = "the pool and the broker spend" if candidate.row.cpu_has_broker else "the pool spends"
        yield Binding(
            Bound.MESSAGES,
            f"Bound by the cost of each message: the job takes {seconds(alone_s)}, and {who} "
            f"{seconds(cpu_s - facts.cpu_s)} of CPU time more on it",
        )
    if jobs <= slots and largest in (Part.JOB, Part.LEFT):
        yield Binding(
            Bound.JOBS,
            f"Bound by its longest job: it has {counted(jobs, 'job')} for {counted(slots, 'slot')}",
        )


def _how_jobs_are_done(
    candidate: Candidate, facts: JobFacts, alone_s: float, cores: float
) -> Iterator[Binding]:
    slots, cpu_s, service_s = candidate.row.slots, candidate.cpu_per_job_s, candidate.service_s
    if gil_busy(candidate, alone_s, facts) > GIL_BUSY:
        yield Binding(Bound.GIL, f"Bound by the GIL: {describe_gil(facts)}, and a process has one")
    if cpu_s is not None and (busy := cpu_s * candidate.throughput) > BUSY * cores:
        yield Binding(Bound.CORES, f"Bound by the cores: {digits(busy)} of {cores:g} were busy")
    if alone_s and service_s > STRETCHED * alone_s:
        yield Binding(
            Bound.UNKNOWN,
            f"What bounds it is not shown: a job takes {seconds(service_s)} in it, and {seconds(alone_s)} "
            "alone",
        )
    if candidate.shares.largest is Part.JOB and candidate.under_way > BUSY * slots:
        busy_slots = f"{digits(candidate.under_way)} of {counted(slots, 'slot')} were busy"
        waits = facts.waiting > WAITS
        job = f"a job waits for {percent(facts.waiting)} of its {seconds(facts.service_s)}, and "
        yield Binding(
            Bound.WAITING if waits else Bound.SLOTS,
            f"Bound by waiting: {job}{busy_slots}" if waits else f"Bound by its slots: {busy_slots}",
        )
