"""What is said of how contenders call a user's function, and of what a time limit can end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from producer.contender_name import ContenderName
from producer.results import ContenderResult, Result, WorkloadResult
from producer.show.calls import describe_calls
from tests.advised import SLEEPS, TARGET
from tests.made import result, run, workload
from worker.settings import JOB_LIMIT_S

NAMES = ("serial", "threads@2", "asyncio@2", "processes@2", "celery:gevent@2", "celery:asyncio@2")


def shown(
    limit_s: float = JOB_LIMIT_S, errors: dict[int, str] | None = None, wrong: int = 0, **facts: Any
) -> list[str]:
    """The sentences on a function that these contenders have called."""
    contenders = [ContenderResult(ContenderName.parse(name), 1.0) for name in NAMES]
    contenders.append(ContenderResult(ContenderName("interpreters", 2), left_out="none here"))
    called: WorkloadResult = workload(
        name=TARGET, facts=replace(SLEEPS, **facts), job_limit_s=limit_s, contenders=contenders
    )
    problems = ["1 job failed"] if errors or wrong else []
    of: Result = result([run(workload=TARGET, errors=errors or {}, wrong=wrong, problems=problems)], [called])
    return list(describe_calls(of, called))


def test_event_loops_that_call_in_threads_are_named() -> None:
    [line] = shown()
    assert line == (
        "Called in threads of an event loop: by asyncio@2 and celery:asyncio@2, for it is no `async def`; "
        "--async-job names its twin."
    )


def test_a_twin_is_no_news() -> None:
    assert shown(has_async=True) == []


def test_who_runs_a_loop_for_each_job_is_named() -> None:
    loops, greenlets = shown(has_async=True, is_async=True)
    assert loops == (
        "Run by asyncio.run in each job, with a new event loop each time: by serial, threads@2, processes@2 "
        "and celery:gevent@2."
    )
    assert "celery:gevent@2 can do only one such job at a time" in greenlets


def test_answers_that_differ_are_asked_for_less() -> None:
    assert shown(wrong=1, has_async=True)[-1].endswith("--check type, or for nothing: --check none.")


def test_nothing_follows_from_the_runs_of_another_workload() -> None:
    called: WorkloadResult = workload(
        name=TARGET, facts=replace(SLEEPS, has_async=True), job_limit_s=JOB_LIMIT_S
    )
    late = {0: "TimeLimitError: not done within 25 s"}
    other = run(workload="files", errors=late, wrong=1, problems=["1 job failed"])
    assert list(describe_calls(result([other], [called, workload(name="files")]), called)) == []


@pytest.mark.parametrize(
    "changed",
    [{"limit_s": 2.0}, {"errors": {0: "TimeLimitError: not done within 25 s"}}],
    ids=["limit", "late"],
)
def test_who_cannot_end_a_job_is_named_where_it_may_matter(changed: dict[str, Any]) -> None:
    line = shown(**changed, has_async=True)[-1]
    assert line.endswith(
        "has failed (--time-limit); it cannot be ended, and holds its slot until it ends by itself, in "
        "threads@2; it can be ended only where it waits for what lets others run, in asyncio@2, "
        "celery:gevent@2 and celery:asyncio@2."
    )
    assert "threads@2, asyncio@2 and celery:asyncio@2" in shown(**changed)[-1]


def test_another_failure_is_none_of_time() -> None:
    assert shown(errors={0: "KeyError: 1"}, has_async=True) == []


def test_nothing_is_said_of_the_lab_s_own_jobs() -> None:
    assert list(describe_calls(result([run()]), workload())) == []
