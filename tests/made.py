"""Makes results by hand, so that every number in a test is known beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from producer.contender_name import ContenderName
from producer.results import SCHEMA, ContenderResult, Records, Result, ResultFile, Run, WorkloadResult
from producer.results.reference import Reference
from producer.system.machine import Machine

MACHINE = Machine(
    host="lab",
    cpu="A processor",
    cores=2,
    core_limit=None,
    memory_bytes=4 * 2**30,
    kernel="Linux 6.1",
    python="CPython 3.11.7",
    free_threaded_build=False,
    gil=True,
    packages={"celery": "5.7.0"},
    commit=None,
    load=0.5,
)


def run(contender: str = "serial", makespan_ms: float = 100, *, jobs: int = 2, **changes: Any) -> Run:
    """A run whose jobs are enqueued together and done one after the other in equal times.

    Each is received at once, and waits until the one before has finished.
    """
    each_us = round(makespan_ms * 1000 / jobs)
    values: dict[str, Any] = {
        "workload": "waits",
        "contender": ContenderName.parse(contender),
        "round": 1,
        "began": 1_800_000_000.0,
        "slots": 1,
        "workers": ["lab/1"],
        "jobs": jobs,
        "records": Records(
            index=list(range(jobs)),
            worker=[0] * jobs,
            enqueued_us=[0] * jobs,
            received_us=[0] * jobs,
            started_us=[place * each_us for place in range(jobs)],
            finished_us=[each_us] * jobs,
        ),
        "errors": {},
        "wrong": 0,
        "duplicates": 0,
        "problems": [],
        "peak_memory_bytes": 50 * 2**20,
        "cpu_s": 0.03,
        "broker_cpu_s": None,
        "loop_stall_s": None,
        "clocks_corrected": False,
    }
    return Run(**{**values, **changes})


def reference(waits_s: Sequence[float], work_s: Sequence[float], cpu_s: float, **more: Any) -> Reference:
    """What jobs cost; their answers do not matter here."""
    return Reference(tuple("0" * 16 for _ in waits_s), tuple(waits_s), tuple(work_s), cpu_s, **more)


def workload(jobs: int = 2, **changes: Any) -> WorkloadResult:
    """A workload of jobs that each wait 40 ms and work 10 ms."""
    values: dict[str, Any] = {
        "name": "waits",
        "seed": 2026,
        "jobs": jobs,
        "chunk": 1,
        "bound": "waiting",
        "description": "chess opponents who think, then move",
        "reference": reference([0.04] * jobs, [0.01] * jobs, 0.01 * jobs),
        "contenders": started(["serial"]),
    }
    return WorkloadResult(**{**values, **changes})


def started(contenders: Iterable[str]) -> list[ContenderResult]:
    """Contenders that took 0.1 s each to start."""
    return [ContenderResult(ContenderName.parse(text), 0.1) for text in contenders]


def left_out(contender: str, why: str) -> ContenderResult:
    """A contender that could not start."""
    return ContenderResult(ContenderName.parse(contender), left_out=why)


def result(runs: Sequence[Run], workloads: Sequence[WorkloadResult] = (), **changes: Any) -> Result:
    """A complete comparison of these runs."""
    values: dict[str, Any] = {
        "schema": SCHEMA,
        "created": "2026-11-23T14:00:00+0000",
        "rounds": 1,
        "seed": 2026,
        "broker": "valkey 9.1.2 (embedded)",
        "machine": MACHINE,
        "load_after": 0.6,
        "complete": True,
        "workloads": list(workloads) or [workload()],
        "runs": list(runs),
    }
    return Result(**{**values, **changes})


def a_run(
    contender: str = "serial",
    round_: int = 1,
    makespan_s: float = 1.0,
    jobs: int = 4,
    workload: str = "waits",
    problems: Sequence[str] = (),
) -> Run:
    """A run of a few equal jobs that takes exactly so long."""
    return run(
        contender,
        makespan_s * 1000,
        jobs=jobs,
        workload=workload,
        round=round_,
        problems=list(problems),
        peak_memory_bytes=None,
        cpu_s=None,
    )


def a_result(makespans_s: Mapping[str, Sequence[float]], workload: str = "waits", jobs: int = 4) -> Result:
    """A complete comparison: the makespans of each contender, round by round."""
    runs = [
        a_run(contender, round_, makespan_s, jobs, workload)
        for contender, rounds in makespans_s.items()
        for round_, makespan_s in enumerate(rounds, 1)
    ]
    return result(
        runs,
        [a_workload(workload, makespans_s, jobs)],
        rounds=max([1, *map(len, makespans_s.values())]),
        seed=1,
        created="2026-11-23T12:00:00+0000",
        load_after=0.2,
    )


def a_workload(name: str, contenders: Mapping[str, object], jobs: int = 4) -> WorkloadResult:
    """A workload of jobs that wait for 10 ms each."""
    return workload(
        jobs,
        name=name,
        seed=1,
        description="made by hand",
        reference=reference([0.01] * jobs, [0.0] * jobs, 0.0),
        contenders=started(contenders),
    )


def saved(path: Path, result: Result) -> Path:
    """The path of the file that the lab would have written of this result."""
    file = ResultFile(path)
    for run in result.runs:
        file.add(run)
    file.save(result)
    return path


def on(result: Result, **machine: Any) -> Result:
    """The same result, on a machine that differs."""
    return replace(result, machine=replace(result.machine, **machine))
