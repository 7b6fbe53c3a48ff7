"""What a result is: a comparison, its workloads and its runs, with a record of every job.

Classes of plain data, saved and loaded as they stand here; what is derived from them stands in `stats`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from producer.contender_name import Axis, ContenderName
from producer.contenders.designs.stalls import MAX_STALLS
from producer.ranges import MAX_COUNT, Bytes, Count, Integer, Load, Microseconds, Moment, Positive, Seconds
from producer.results.predictions import MOST, Prediction
from producer.results.records import Records
from producer.results.reference import Reference
from producer.system.machine import Machine
from producer.system.pythons import Python
from producer.system.usage import WorkerUsage
from producer.workloads.job_facts import JobFacts

if TYPE_CHECKING:
    from producer.results.times import Times

#: The version of the format: one higher whenever an older program would misread a newer file; see `older`.
SCHEMA = 3


@dataclass(slots=True)
class LoopStall:
    """A time in which an event loop stood still, so that no job on it could go on."""

    #: When it began, since the first job was enqueued.
    at_us: Microseconds
    length_us: Microseconds


@dataclass(slots=True)
class Offered:
    """How the jobs of a run arrived: at a rate, whether or not anybody was ready for them (open loop).

    Each counts as enqueued at the moment that was meant for it; what the sender was late is in its latency.
    """

    #: Jobs a second on average, without the burst, and for how long, in seconds.
    rate: Annotated[float, Meta(gt=0, le=MAX_COUNT)]
    for_s: Seconds
    #: When the first job arrived, since the arrivals began, in seconds.
    first_s: Seconds
    #: Jobs that arrived all at once besides, and when, since the arrivals began, in seconds.
    burst: Count = 0
    burst_at_s: Seconds = 0.0
    #: By how much the sender was late: for one job in a hundred at least so much, and at most so much.
    late_p99_s: Seconds = 0.0
    late_max_s: Seconds = 0.0


@dataclass
class Run:
    """One timed pass of one contender over the whole workload."""

    workload: str
    contender: ContenderName
    round: Positive
    #: Wall-clock time at which it began, in seconds since 1970.
    began: Moment
    slots: Positive
    #: Who did the jobs: "host/pid".
    workers: list[str]
    jobs: Positive
    records: Records
    #: Error text by the index of the job that failed.
    errors: dict[Count, str]
    #: Answers that are not those of serial. A job that failed gave none: it counts in `failed` alone.
    wrong: Count
    duplicates: Count
    #: Why the run is invalid; empty where it is valid.
    problems: list[str]
    #: Peak memory of the process trees that did the jobs; None where they are out of sight, and a worker that
    #: others started does not say it.
    peak_memory_bytes: Bytes | None
    cpu_s: Seconds | None
    #: CPU time of the broker, where there is one and it is in sight.
    broker_cpu_s: Seconds | None
    loop_stall_s: Seconds | None
    clocks_corrected: bool
    #: Whether the process that did the jobs had a GIL at the end; None where nobody could ask.
    gil: bool | None = None
    #: The class of the workers' event loop, as they name it ("uvloop.Loop"); None where there is none.
    event_loop: str | None = None
    #: The Celery worker, counted from 0, that each of `workers` belongs to; empty where nobody could tell.
    belongs: list[Count] = field(default_factory=list)
    #: What each worker that others started says it used; empty where none says anything.
    used: list[WorkerUsage] = field(default_factory=list)
    #: When its event loop stood still long enough to be worth mentioning; the longest of these times.
    loop_stalls: Annotated[list[LoopStall], Meta(max_length=MAX_STALLS)] = field(default_factory=list)
    #: How its jobs arrived; None where all were sent at once, as fast as could be.
    offered: Offered | None = None

    @property
    def times(self) -> Times:
        """When its jobs were enqueued, started and finished; decoded anew each time, and not kept."""
        from producer.results.times import decode_times  # not at the top: it loads numpy, and few need it

        return decode_times(self.records)

    @cached_property
    def makespan_s(self) -> float:
        """First enqueue to last finish, in seconds."""
        return self.times.makespan_s

    @property
    def valid(self) -> bool:
        """Whether every job was done, once or more, with the right answer: none failed, none is lost."""
        return not self.problems

    @property
    def failed(self) -> int:
        """Jobs whose record is an error."""
        return len(self.errors)

    @property
    def lost(self) -> int:
        """Jobs without a record."""
        return self.jobs - len(self.records.index)


@dataclass(slots=True)
class ContenderResult:
    """A contender that a workload was compared on: how long its start took, or why it is left out."""

    name: ContenderName
    #: Seconds from nothing to warm slots, while others started, too; None where they never were.
    startup_s: Seconds | None = None
    #: Why it has no run, or none any more; None where it took part to the end.
    left_out: str | None = None


@dataclass(slots=True)
class WorkloadResult:
    """One workload of a comparison: what it was, and what the work itself costs."""

    name: str
    seed: Integer
    jobs: Positive
    chunk: Positive
    bound: str
    description: str
    reference: Reference
    #: All that were asked for, in that order.
    contenders: list[ContenderResult]
    #: A hash of the jobs and of the files they read.
    data_hash: str = ""
    #: What the user's function that the jobs call is like alone; its name is the workload's. None where the
    #: workload is one of the lab's.
    facts: JobFacts | None = None
    #: Seconds that a call of that function may take; None for the lab's own jobs.
    job_limit_s: Seconds | None = None

    @property
    def left_out(self) -> dict[ContenderName, str]:
        """Who could not take part, or not to the end, and why."""
        return {
            contender.name: contender.left_out
            for contender in self.contenders
            if contender.left_out is not None
        }


@dataclass(slots=True)
class Result:
    """A whole comparison."""

    schema: int
    #: When it began, in local time with its offset.
    created: str
    rounds: Positive
    seed: Integer
    broker: str
    machine: Machine
    #: Processes waiting to run, averaged over a minute, after the last run. (Where the lab was killed: after
    #: the last run that was saved anew with all before it, see `ResultFile`.)
    load_after: Load
    #: What carried messages to the Celery workers; None where others started them.
    transport: str | None = None
    #: A sweep is a comparison of the same ways at several concurrencies, or values of another axis.
    #: A load has for each contender as many runs as rounds at each offered rate.
    kind: Literal["comparison", "sweep", "load"] = "comparison"
    #: What the contenders of a sweep differ in.
    axis: Axis = "slots"
    #: The Pythons that the contenders ran under; empty where it was the lab's own.
    pythons: list[Python] = field(default_factory=list)
    #: False where the comparison was ended before its last round.
    complete: bool = False
    #: "valkey 9.1.2".
    broker_version: str = ""
    #: Whether the lab's own Python had a GIL after the last run; `machine` says it of the beginning.
    gil_after: bool = True
    #: What somebody expected before it was measured, a prediction a workload; empty where nobody was asked.
    predictions: Annotated[list[Prediction], Meta(max_length=MOST)] = field(default_factory=list)
    workloads: list[WorkloadResult] = field(default_factory=list)
    #: The last field of all: `ResultFile` appends the runs one by one.
    runs: list[Run] = field(default_factory=list)


def begin(rounds: int, seed: int, broker: str, broker_version: str, machine: Machine) -> Result:
    """Make a result with nothing in it yet."""
    return Result(
        SCHEMA,
        time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        rounds,
        seed,
        broker,
        machine,
        load_after=machine.load,
        broker_version=broker_version,
        gil_after=machine.gil,
    )
