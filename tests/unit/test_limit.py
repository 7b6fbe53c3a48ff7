"""The limit is estimated from the fastest that was measured; how sure it is, and what beats it, is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from producer.contender_name import ContenderName
from producer.results import Run, WorkloadResult
from producer.show.columns import write_share_of_limit
from producer.show.limit import describe_limits
from producer.stats.limit import Estimate, Estimates
from producer.stats.summary import Summary, summaries
from tests.advised import SLEEPS
from tests.made import MACHINE, reference, result, run, workload


@pytest.mark.parametrize(
    ("slots", "cores", "limit_s"),
    [
        (1, 2, 8.0),  # one slot: all the service times
        (2, 2, 4.0),  # two slots: half of them
        (4, 2, 3.0),  # the longest job takes its three seconds
        (100, 0.5, 6.0),  # the CPU time on half a core
        (100, 64, 3.0),
    ],
)
def test_the_limit_is_the_slots_the_longest_job_or_the_cores(
    slots: int, cores: float, limit_s: float
) -> None:
    # Services of 3, 2, 2 and 1 s, in which a CPU is busy for 3 s.
    work = reference([2.0, 1.0, 2.0, 0.5], [1.0, 1.0, 0.0, 0.5], cpu_s=3.0)
    estimate = Estimates(workload(jobs=4, reference=work), {}).of(ContenderName("threads", slots))
    assert estimate.limit_s(slots, cores) == pytest.approx(limit_s)


#: Two jobs of 50 ms of work each, as a machine measured them that was busy.
SLOW = workload(reference=reference([0.0] * 2, [0.05] * 2, cpu_s=0.1))


def estimated(work: WorkloadResult, *serial: Run, name: str = "threads@2") -> Estimate:
    """The estimate for a contender, beside these runs of serial."""
    by_contender: dict[ContenderName, list[Run]] = {}
    for each in serial:
        by_contender.setdefault(each.contender, []).append(each)
    return Estimates(work, by_contender).of(ContenderName.parse(name))


def test_of_each_job_the_fastest_counts_whoever_measured_it() -> None:
    # Serial does both in 40 ms each.
    estimate = estimated(SLOW, run(makespan_ms=80))
    assert list(estimate.alone_s) == pytest.approx([0.04, 0.04])
    assert estimate.cpu_s == pytest.approx(0.08)
    assert list(estimated(SLOW, run(makespan_ms=200)).alone_s) == pytest.approx([0.05, 0.05])


@pytest.mark.parametrize("changes", [{"problems": ["died"]}, {"clocks_corrected": True}])
def test_runs_that_cannot_be_trusted_do_not_count(changes: dict[str, Any]) -> None:
    assert list(estimated(SLOW, run(makespan_ms=80, **changes)).alone_s) == pytest.approx([0.05, 0.05])


def test_a_wait_takes_as_long_as_it_is_whatever_was_measured() -> None:
    waits = workload(reference=reference([0.04] * 2, [0.01] * 2, cpu_s=0.02))
    estimate = estimated(waits, run(makespan_ms=84))
    assert list(estimate.alone_s) == pytest.approx([0.042, 0.042])
    assert estimate.cpu_s == pytest.approx(0.004)
    assert list(estimated(waits, run(makespan_ms=10)).alone_s) == pytest.approx([0.04, 0.04])
    # A function's waits are measured with its work, and may be shorter next time.
    own = replace(waits, facts=SLEEPS)
    assert list(estimated(own, run(makespan_ms=10)).alone_s) == pytest.approx([0.005, 0.005])


def test_work_that_took_longer_than_its_cpu_time_was_held_up_by_others() -> None:
    busy = replace(SLOW, reference=reference([0.0] * 2, [0.05] * 2, cpu_s=0.06))
    assert list(estimated(busy).alone_s) == pytest.approx([0.03, 0.03])
    assert estimated(busy).cpu_s == pytest.approx(0.06)
    # What serial did in less still counts.
    assert list(estimated(busy, run(makespan_ms=50)).alone_s) == pytest.approx([0.025, 0.025])
    assert estimated(busy, run(makespan_ms=50)).cpu_s == pytest.approx(0.05)
    # Where jobs read files, the rest may have been the disk.
    disk = replace(busy, bound="disk")
    assert list(estimated(disk).alone_s) == pytest.approx([0.05, 0.05])
    assert estimated(disk, run(makespan_ms=80)).cpu_s == pytest.approx(0.048)


def test_another_python_has_a_limit_of_its_own_where_its_serial_was_measured() -> None:
    slower = run("serial [3.14]", makespan_ms=160)
    assert list(estimated(SLOW, slower, name="threads@2 [3.14]").alone_s) == pytest.approx([0.08, 0.08])
    assert estimated(SLOW, slower, name="threads@2 [3.14]").own
    assert list(estimated(SLOW, slower).alone_s) == pytest.approx([0.05, 0.05])
    assert not estimated(SLOW, slower, name="threads@2 [3.13]").own


def test_how_much_it_may_be_too_high_is_what_half_of_the_measurements_find_more() -> None:
    assert estimated(SLOW).doubt is None
    # All find 40 ms a job, the reference and the second round 50, the others 40: in the mean 12.5 % more.
    runs = [run(makespan_ms=ms, round=round_) for round_, ms in enumerate((80, 120, 90), 1)]
    assert estimated(SLOW, *runs).doubt == pytest.approx(0.125)


def row(*runs: Run, work: WorkloadResult = SLOW, gil: bool = True) -> Summary:
    """The summary of the first of these runs' contender."""
    rows = summaries(result(runs, [work], machine=replace(MACHINE, gil=gil)), work)
    return next(each for each in rows if each.contender == runs[0].contender)


@pytest.mark.parametrize(
    ("contender", "gil", "limit_s"),
    [
        ("threads@2", True, 0.1),
        ("threads@2", False, None),
        ("asyncio@2", False, 0.1),  # one thread does them all
        ("celery:gevent@2", True, 0.1),
        ("processes@2", True, None),
        ("celery:prefork@2", True, None),
        ("celery:threads@1x2", True, None),  # each worker has a GIL
    ],
)
def test_what_the_gil_holds_to_one_core_has_a_second_limit(
    contender: str, gil: bool, limit_s: float | None
) -> None:
    summary = row(run(contender, 300, slots=2, gil=gil))
    assert summary.limit_s == pytest.approx(0.05)
    assert summary.one_core_limit_s == (limit_s and pytest.approx(limit_s))


def test_where_jobs_read_files_nobody_knows_how_long_they_hold_the_gil() -> None:
    work = replace(SLOW, bound="disk")
    assert row(run("threads@2", 300, slots=2, gil=True), work=work).one_core_limit_s is None


def test_jobs_that_wait_have_no_second_limit() -> None:
    assert row(run("threads@2", 300, slots=2, gil=True), work=workload()).one_core_limit_s is None


def test_a_function_holds_the_gil_for_as_long_as_was_measured() -> None:
    half = replace(SLOW, facts=replace(SLEEPS, gil_held=0.75))
    summary = row(run("threads@2", 300, slots=2, gil=True), work=half)
    assert summary.one_core_limit_s == pytest.approx(0.075)
    unknown = replace(SLOW, facts=replace(SLEEPS, gil_held=None))
    assert row(run("threads@2", 300, slots=2, gil=True), work=unknown).one_core_limit_s is None


def test_a_limit_that_is_beaten_is_known_for_too_high() -> None:
    assert row(run("threads@2", 40, slots=2)).beats_limit
    assert not row(run("threads@2", 60, slots=2)).beats_limit


@pytest.mark.parametrize(
    ("makespan_s", "written"),
    [
        (1.0, "50\u00a0%"),
        (0.5, "100\u00a0%"),
        (0.49, "≈\u00a0100\u00a0%"),  # within the doubt of 5 %
        (0.37, "beaten"),  # and never 135 %
    ],
)
def test_of_a_limit_that_is_beaten_no_share_is_written(makespan_s: float, written: str) -> None:
    efficiency = 0.5 / makespan_s
    row = Summary(ContenderName("threads"), 2, 5, 5, makespan_s, efficiency=efficiency, limit_doubt=0.05)
    assert write_share_of_limit(row) == written


def test_of_several_estimates_the_least_sure_is_told() -> None:
    rows = [
        Summary(ContenderName("serial", python=python), 1, 5, 5, 1.0, limit_s=0.5, limit_doubt=doubt)
        for python, doubt in (("3.13", 0.01), ("3.13t", 0.2))
    ]
    assert "(it may be 20\u00a0% too high)" in describe_limits(rows)
