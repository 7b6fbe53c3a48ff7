"""The numbers behind the charts are those of the runs."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from producer.show.charts import costs, latencies, makespans, pace, waits
from producer.show.report.figures import make_charts
from tests.charted import compared, entry, one_after_the_other, placed

INVALID = placed([(1, 0, 0, 1)], "processes@2", problems=["1 of 2 jobs was lost"])


def bar_of(*makespans_s: float) -> makespans.Bar:
    runs = [placed([(1, 0, 0, length)], round_=round_) for round_, length in enumerate(makespans_s, 1)]
    [bar] = makespans.derive([entry(*runs)])
    return bar


def test_from_fewer_than_five_runs_a_bar_has_their_range_and_no_interval() -> None:
    bar = bar_of(1, 2, 4, 8)
    assert (bar.value_s, bar.ends_s, bar.limit_s) == (3, (1, 8), 1)
    assert not bar.mean_s.claims
    assert bar_of(2).ends_s == (2, 2)


def test_from_five_runs_on_a_bar_has_the_interval_of_their_mean() -> None:
    bar = bar_of(1, 2, 4, 8, 16)
    error = math.log(2) * math.sqrt(2.5) / math.sqrt(5)
    assert (bar.value_s, bar.shortest_s, bar.longest_s) == (4, 1, 16)
    assert bar.ends_s == pytest.approx((4 / math.exp(2.7764451 * error), 4 * math.exp(2.7764451 * error)))


def test_who_has_no_valid_run_is_in_no_chart() -> None:
    _, field = compared(INVALID)
    assert makespans.derive(field.entries) == []
    assert latencies.derive(field.entries) is None
    assert waits.derive(field.entries) == []
    assert pace.derive(field.entries) == []
    assert costs.derive(field.entries) == []
    assert [chart.title for chart in make_charts(field)] == ["Who did what, and when"]


def test_every_job_is_somewhere_in_the_hill_of_its_contender() -> None:
    _, field = compared(*one_after_the_other("serial", 4.0), *one_after_the_other("threads@2", 0.01))
    spreads = latencies.derive(field.entries)
    assert spreads is not None
    assert [sum(spread.shares) for spread in spreads.rows] == pytest.approx([1.0, 1.0])
    assert list(spreads.edges_s) == sorted(spreads.edges_s)


def test_jobs_of_no_latency_have_a_place_too() -> None:
    spreads = latencies.derive([entry(placed([(1, 0, 0, 0), (1, 0, 0, 1)]))])
    assert spreads is not None
    assert sum(spreads.rows[0].shares) == pytest.approx(1.0)


def test_wait_and_service_add_up_to_the_latency() -> None:
    [split] = waits.derive([entry(placed([(1, 0, 1, 2), (1, 0, 2, 6)]), wait_s=0.5)])
    assert (split.wait_s, split.service_s, split.alone_s) == (1.5, 2.5, 0.5)
    assert split.wait_share == 1.5 / 4
    assert split.stretch == 5


def test_an_even_pace_finishes_a_tenth_in_every_tenth() -> None:
    jobs = [(1, 0.0, place * 0.01, (place + 1) * 0.01) for place in range(1000)]
    [even] = pace.derive([entry(placed(jobs))])
    assert sum(even.finished) == 1000
    assert even.busiest_tenth == pytest.approx(0.1, abs=0.002)
    assert max(even.rates) == pytest.approx(100, rel=0.05)


def test_a_burst_finishes_everything_in_one_tenth() -> None:
    [burst] = pace.derive([entry(placed([(1, 0, 0, 1.0), (1, 0, 0, 1.0), (2, 0, 0, 0.99)]))])
    assert burst.busiest_tenth == 1


def test_costs_are_of_a_job_and_unknown_where_nobody_could_see() -> None:
    [seen] = costs.derive([entry(placed([(1, 0, 0, 1), (1, 0, 1, 2)], cpu_s=0.5))])
    assert (seen.jobs_per_s, seen.memory_bytes, seen.cpu_per_job_s) == (1, 20 * 2**20, 0.25)
    [unseen] = costs.derive([entry(placed([(1, 0, 0, 1)], memory_bytes=None))])
    assert (unseen.memory_bytes, unseen.cpu_per_job_s) == (None, None)


def test_the_best_of_a_way_is_the_fastest_whatever_its_slots() -> None:
    _, field = compared(*one_after_the_other("threads@2", 2.0), *one_after_the_other("threads@9", 1.0))
    best = field.best("threads")
    assert best is not None
    assert str(best.name) == "threads@9"
    assert field.best("processes") is None


def test_interpreters_are_told_apart() -> None:
    _, field = compared(
        *one_after_the_other("serial [3.13]", 2.0), *one_after_the_other("serial [3.14t]", 1.0)
    )
    assert [[str(contender.name) for contender in part.entries] for part in field.by_python()] == [
        ["serial [3.14t]"],
        ["serial [3.13]"],
    ]


@pytest.mark.parametrize(("bound", "busy"), [("cores", 1.0), ("disk", 0.25), ("waiting", 1.0)])
def test_only_who_reads_files_waits_for_something_that_no_job_says(bound: str, busy: float) -> None:
    # A job that needs a second of CPU time and takes four: a busy machine, or a slow disk.
    _, field = compared(placed([(1, 0, 0, 4)]), wait_s=0, work_s=4)
    reference = replace(field.workload.reference, cpu_s=1.0)
    assert replace(field, workload=replace(field.workload, bound=bound, reference=reference)).busy == busy
