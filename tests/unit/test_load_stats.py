"""Runs whose jobs arrive are placed by hand: what piled up, which rate is held, and why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.results import Run
from producer.results.model import Offered
from producer.stats.backlog import backlog_of
from producer.stats.load import Capacity, Step, capacities, steps
from tests.charted import Span, compared, placed

FOR_S = 10.0


def offered_run(
    spans: Sequence[Span],
    rate: float = 10.0,
    *,
    contender: str = "threads@2",
    round_: int = 1,
    burst: int = 0,
    burst_at_s: float = 0.0,
    first_s: float = 0.0,
    cpu_s: float = 0.02,
    problems: Sequence[str] = (),
) -> Run:
    """A run of these jobs, which arrived at that rate for ten seconds."""
    run = placed(spans, contender, round_, cpu_s=cpu_s, problems=problems)
    return replace(run, offered=Offered(rate, FOR_S, first_s, burst, burst_at_s))


def steady(rate: float, wait_s: float = 0.0, takes_s: float = 0.01, growth: float = 0.0) -> list[Span]:
    """Jobs at even distances; each waits longer than the one before it by `growth` seconds."""
    return [
        (
            1,
            place / rate,
            place / rate + wait_s + place * growth,
            place / rate + wait_s + place * growth + takes_s,
        )
        for place in range(round(rate * FOR_S))
    ]


def only_step(*runs: Run) -> Step:
    [step] = _steps(*runs)
    return step


def only_capacity(*runs: Run) -> Capacity:
    result, _ = compared(*runs)
    [capacity] = capacities(result, result.workloads[0])
    return capacity


def _steps(*runs: Run) -> list[Step]:
    result, _ = compared(*runs)
    return steps(result, result.workloads[0])


def test_a_rate_is_held_where_nothing_piles_up() -> None:
    step = only_step(offered_run(steady(10)))
    assert step.held
    assert step.backlog_end == 0
    assert step.backlog_peak == 1
    assert step.done_per_s == pytest.approx(10)
    assert step.latency_ms
    assert step.latency_ms.p50 == pytest.approx(10)


def test_latency_counts_from_the_intended_moment() -> None:
    step = only_step(offered_run(steady(10, wait_s=0.5)))
    assert step.latency_ms
    assert step.latency_ms.max == pytest.approx(510)


def test_busy_slots_are_the_reason() -> None:
    spans = [(1, place / 40, place / 20, place / 20 + 0.1) for place in range(400)]
    step = only_step(offered_run(spans, 40))
    assert step.held is False
    assert "2 slots were busy" in step.why


def test_a_full_core_is_the_reason() -> None:
    step = only_step(offered_run(steady(40, growth=0.025), 40, cpu_s=20.0))
    assert step.held is False
    assert "core of its own" in step.why


def test_slow_fetching_is_the_reason_where_nothing_was_full() -> None:
    step = only_step(offered_run(steady(40, growth=0.025), 40))
    assert step.held is False
    assert "fetches no faster" in step.why


def test_a_burst_is_recovered_from() -> None:
    step = only_step(offered_run(_with_burst(takes_s=0.01), burst=100, burst_at_s=5.0))
    assert step.recovery_s == pytest.approx(0.98, abs=0.05)
    assert step.held


def test_a_burst_is_not_recovered_from_before_the_arrivals_end() -> None:
    step = only_step(offered_run(_with_burst(takes_s=0.1), burst=100, burst_at_s=5.0))
    assert step.held is False
    assert "recovered from the burst" in step.why


def test_a_burst_that_comes_late_by_rounding_is_no_recovery() -> None:
    late = offered_run(_with_burst(takes_s=0.01), burst=100, burst_at_s=5.0, first_s=3e-6)
    assert only_step(late).recovery_s == pytest.approx(0.98, abs=0.05)


def test_a_burst_that_comes_early_by_rounding_is_no_recovery() -> None:
    early = offered_run(_with_burst(takes_s=0.01), burst=100, burst_at_s=5.0, first_s=-1e-6)
    assert only_step(early).recovery_s == pytest.approx(0.98, abs=0.05)
    slow = offered_run(_with_burst(takes_s=0.1), burst=100, burst_at_s=5.0, first_s=-1e-6)
    assert not only_step(slow).held


def test_many_slots_hide_no_growth() -> None:
    # All slots are full at half-time: what comes on top waits.
    run = replace(offered_run(steady(50, growth=0.0123), 50), slots=100)
    step = only_step(run)
    assert step.backlog_end == pytest.approx(190, abs=5)
    assert not step.held


def test_an_invalid_run_is_not_counted() -> None:
    bad = offered_run(steady(10, wait_s=5), round_=2, problems=["it lied"])
    step = only_step(offered_run(steady(10)), bad)
    assert (step.runs, step.valid_runs) == (2, 1)
    assert step.held
    assert step.problems == ("round 2: it lied",)


def test_no_valid_run_is_no_verdict() -> None:
    run = offered_run(steady(10), problems=["it lied"])
    assert only_step(run).held is None
    assert only_capacity(run).why == "no valid run: round 1: it lied"


def test_a_lost_job_is_in_the_backlog_to_the_end() -> None:
    run = offered_run(steady(10))
    run = replace(run, jobs=run.jobs + 1)
    assert backlog_of(run).at(FOR_S) == 1
    assert backlog_of(run).peak() == 2


def test_a_single_job_is_enough() -> None:
    step = only_step(offered_run([(1, 0.0, 0.0, 0.5)], 0.1))
    assert step.held
    assert step.latency_ms
    assert step.latency_ms.n == 1


def test_the_highest_rate_below_the_first_failure_holds() -> None:
    fails = offered_run(steady(40, growth=0.025), 40)
    capacity = only_capacity(offered_run(steady(80), 80), fails, offered_run(steady(10)))
    assert (capacity.holds, capacity.fails_at) == (10, 40)
    assert "80.0/s was held again" in capacity.why


def test_the_lowest_rate_may_fail() -> None:
    capacity = only_capacity(offered_run(steady(40, growth=0.025), 40))
    assert (capacity.holds, capacity.fails_at) == (None, 40)


def test_rates_ascend() -> None:
    rows = _steps(offered_run(steady(20), 20), offered_run(steady(10)))
    assert [row.rate for row in rows] == [10, 20]


moments = st.integers(0, 20_000).map(lambda milliseconds: milliseconds / 1000)


@given(st.lists(st.tuples(moments, moments), min_size=1, max_size=60))
def test_a_backlog_is_never_negative_nor_above_its_peak(jobs: list[tuple[float, float]]) -> None:
    first = min(came for came, _ in jobs)
    spans = [(1, came - first, came - first, came - first + took + 0.001) for came, took in jobs]
    backlog = backlog_of(offered_run(spans))
    assert backlog.jobs.min() >= 0
    assert backlog.peak() >= backlog.at(FOR_S)
    assert backlog.thinned(10).peak() == backlog.peak()


def _with_burst(takes_s: float) -> list[Span]:
    """Ten jobs a second, and 100 more in the fifth second that are done one after the other."""
    burst = [(1, 5.0, 5.0 + place * takes_s, 5.0 + (place + 1) * takes_s) for place in range(100)]
    return [*steady(10), *burst]
