"""Comparisons of a user's function, made by hand: what the function is like, how each contender did it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from producer.contender_name import ContenderName
from producer.results import ContenderResult, Records, Result, Run, WorkloadResult
from producer.show.advice import Advice, give_advice
from producer.stats.recommendation import Choice
from producer.stats.summary import summaries
from producer.words import SPACE
from producer.workloads.job_facts import JobFacts
from tests.made import reference, result, run, workload

TARGET = "shop.tasks:send_mail"
JOBS = 64
#: How long each of the five rounds is, beside the first number given: not all alike, as in life.
ROUNDS = (1.0, 1.01, 0.99, 1.005, 0.995)
#: What a function is like that sleeps for 50 ms: found in a task, plain.
SLEEPS = JobFacts(
    runs=20,
    service_s=0.05,
    longest_s=0.051,
    cpu_s=0.0001,
    waiting=0.99,
    gil=True,
    gil_held=0.01,
    gil_longest_s=0.0001,
    growth_runs=200,
    growth_bytes=0,
    growth_late_bytes=0,
    sockets_left=0,
    files_left=0,
    threads_left=0,
    fork_trouble=None,
    printed_bytes=0,
    failed=0,
    failure=None,
    is_async=False,
    has_async=False,
    is_task=True,
    json=True,
    import_s=0.1,
)
#: One that computes for 20 ms in pure Python, holding the GIL, and one whose C code does without it.
COMPUTES = replace(SLEEPS, service_s=0.02, cpu_s=0.02, waiting=0.0, gil_held=0.97, gil_longest_s=0.006)
RELEASES = replace(COMPUTES, gil_held=0.05, gil_longest_s=0.0005)
#: One that leaves a megabyte behind with each call.
LEAKS = replace(SLEEPS, growth_bytes=200 * 2**20, growth_late_bytes=100 * 2**20)


def ran(
    contender: str | ContenderName,
    makespan_s: float,
    at_once: int,
    slots: int = 0,
    *,
    rounds: Sequence[float] = ROUNDS,
    memory_mib: int | None = 60,
    cpu_ms: float = 1.0,
    **changes: Any,
) -> list[Run]:
    """The runs of a contender that has so many jobs under way all the time, and spends `cpu_ms` on each."""
    name = ContenderName.parse(contender) if isinstance(contender, str) else contender
    slots = slots or (name.slots or 1) * name.workers
    each_us = [round(makespan_s * part * 1e6 * at_once / JOBS) for part in rounds]
    return [
        replace(
            run(
                jobs=JOBS,
                workload=TARGET,
                round=round_,
                slots=slots,
                records=_at_once(at_once, us),
                **changes,
            ),
            contender=name,
            peak_memory_bytes=memory_mib * 2**20 if memory_mib else None,
            cpu_s=cpu_ms * JOBS / 1000,
        )
        for round_, us in enumerate(each_us, 1)
    ]


def _at_once(at_once: int, each_us: int) -> Records:
    return Records(
        index=list(range(JOBS)),
        worker=[0] * JOBS,
        enqueued_us=[0] * JOBS,
        received_us=[0] * JOBS,
        started_us=[place // at_once * each_us for place in range(JOBS)],
        finished_us=[each_us] * JOBS,
    )


def compared(facts: JobFacts | None, *contenders: Sequence[Run], **changes: Any) -> Result:
    """A comparison of a function that is like that, with what else is to be changed of its workload."""
    runs = [each for of_contender in contenders for each in of_contender]
    alone_s = facts.service_s if facts else 0.05
    work: WorkloadResult = workload(
        JOBS,
        **{
            "name": TARGET,
            "reference": reference([0.0] * JOBS, [alone_s] * JOBS, facts.cpu_s * JOBS if facts else 0.0),
            "contenders": [
                ContenderResult(name, 0.1) for name in dict.fromkeys(each.contender for each in runs)
            ],
            "facts": facts,
            **changes,
        },
    )
    rounds = max((each.round for each in runs), default=1)
    return result(runs, [work], rounds=rounds, transport="reliable")


def advice(what: Result) -> Advice:
    """The advice on the only workload."""
    [work] = what.workloads
    given = give_advice(what, work, summaries(what, work))
    assert given is not None
    return given


def choice(what: Result) -> Choice:
    """What is recommended."""
    chosen = advice(what).recommendation.choice
    assert chosen is not None
    return chosen


def text(what: Result) -> str:
    """The paragraph, with ordinary spaces."""
    return advice(what).text.replace(SPACE, " ")
