"""Gives what each worker of a contender used, where others started several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from producer.contender_name import ContenderName
from producer.results import Result, Run, WorkloadResult
from producer.stats.summary import runs_by_contender
from producer.system.usage import WorkerUsage


@dataclass(frozen=True, slots=True)
class EachWorker:
    """The workers of one contender: the most memory of each over its valid runs, and its mean CPU time."""

    contender: ContenderName
    workers: tuple[WorkerUsage, ...]


def each_worker(result: Result, workload: WorkloadResult) -> list[EachWorker]:
    """List the contenders of several workers that say what they use, in the order of their first runs."""
    by_contender = runs_by_contender(result, workload.name)
    return [
        EachWorker(contender, workers)
        for contender, runs in by_contender.items()
        if len(workers := _join([run for run in runs if run.valid])) > 1
    ]


def _join(runs: Sequence[Run]) -> tuple[WorkerUsage, ...]:
    by_name: dict[str, list[WorkerUsage]] = {}
    for used in (used for run in runs for used in run.used):
        by_name.setdefault(used.name, []).append(used)
    return tuple(_join_one(name, by_name[name]) for name in sorted(by_name))


def _join_one(name: str, times: Sequence[WorkerUsage]) -> WorkerUsage:
    memory = [used.peak_memory_bytes for used in times if used.peak_memory_bytes is not None]
    cpu_s = [used.cpu_s for used in times if used.cpu_s is not None]
    return WorkerUsage(name, max(memory, default=None), sum(cpu_s) / len(cpu_s) if cpu_s else None)
