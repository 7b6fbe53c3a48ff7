"""Results made by hand: exact numbers, no clock, no contender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from producer.contender_name import ContenderName
from producer.contenders.protocol import Outcome
from producer.results import SCHEMA, Result, Run, WorkloadResult, run_from
from producer.results.reference import Reference
from producer.system.machine import Machine
from worker.records import JobRecord

MACHINE = Machine(
    host="lab",
    cpu="a processor",
    cores=2,
    core_limit=None,
    memory_bytes=2**33,
    kernel="Linux 6.1",
    python="CPython 3.11.7",
    free_threaded_build=False,
    gil=True,
    packages={"celery": "5.7.0"},
    commit=None,
    load=0.1,
)


def a_run(
    contender: str = "serial",
    round_: int = 1,
    makespan_s: float = 1.0,
    jobs: int = 4,
    workload: str = "waits",
    problems: Sequence[str] = (),
) -> Run:
    """A run of equal jobs, one after the other on one slot, that ends after exactly so long."""
    each = round(makespan_s * 1e9 / jobs)
    records = [
        JobRecord(index, "lab/1", 0, index * each, index * each, (index + 1) * each, {"move": "e2e4"})
        for index in range(jobs)
    ]
    outcome = Outcome(records, slots=1, problems=list(problems))
    name = ContenderName.parse(contender)
    return run_from(
        workload,
        name,
        round_,
        1.0,
        outcome,
        jobs=jobs,
        wrong=0,
        used=None,
        broker_cpu_s=None,
    )


def a_result(makespans_s: Mapping[str, Sequence[float]], workload: str = "waits", jobs: int = 4) -> Result:
    """A complete comparison: the makespans of each contender, round by round."""
    runs = [
        a_run(contender, round_, makespan, jobs, workload)
        for contender, its in makespans_s.items()
        for round_, makespan in enumerate(its, 1)
    ]
    rounds = max([1, *map(len, makespans_s.values())])
    return Result(
        schema=SCHEMA,
        created="2026-11-23T12:00:00+0000",
        rounds=rounds,
        seed=1,
        broker="valkey 9.1.2 (embedded)",
        machine=MACHINE,
        load_after=0.2,
        complete=True,
        workloads=[a_workload(workload, makespans_s, jobs)],
        runs=runs,
    )


def a_workload(name: str, contenders: Mapping[str, object], jobs: int = 4) -> WorkloadResult:
    """A workload of jobs that wait for 10 ms each."""
    return WorkloadResult(
        name=name,
        seed=1,
        jobs=jobs,
        chunk=1,
        bound="waiting",
        description="made by hand",
        reference=Reference(("",) * jobs, (0.01,) * jobs, (0.0,) * jobs, 0.0),
        startups_s=dict.fromkeys(contenders, 0.1),
        left_out={},
    )


def on(result: Result, **machine: object) -> Result:
    """The same result, on a machine that differs."""
    return replace(result, machine=replace(result.machine, **machine))  # type: ignore[arg-type]
