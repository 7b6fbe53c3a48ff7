"""Every number of a summary, worked out by hand from results made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from producer.contender_name import ContenderName
from producer.contenders.protocol import Outcome
from producer.results import Records, Run, run_from
from producer.results.reference import fingerprint
from producer.show.columns import TROUBLE
from producer.stats import summary as stats
from producer.stats.summary import Summary, summaries
from tests.made import MACHINE, reference, result, run, workload
from worker.records import JobRecord


def only(*runs_: Run, **changes: Any) -> Summary:
    """The one row that these runs make."""
    [row] = summaries(result(runs_, **changes), workload())
    return row


def test_makespan_is_from_the_first_enqueuing_to_the_last_finish() -> None:
    # The job enqueued first finishes last: 5 + 1 + 2 + 90 = 98 ms after it was enqueued.
    records = Records(
        index=[1, 0],
        worker=[0, 0],
        enqueued_us=[0, 7_000],
        received_us=[5_000, 1_000],
        started_us=[1_000, 1_000],
        finished_us=[92_000, 10_000],
    )
    made = run(records=records)
    assert stats.makespan_s(made) == pytest.approx(0.098)
    assert list(1000 * made.times.latency_s) == pytest.approx([98.0, 12.0])
    assert list(1000 * made.times.wait_s) == pytest.approx([6.0, 2.0])
    assert list(1000 * made.times.service_s) == pytest.approx([92.0, 10.0])


def test_a_run_without_records_has_no_makespan() -> None:
    assert stats.makespan_s(run(records=Records())) == 0


def test_medians_are_over_runs_and_percentiles_over_all_their_jobs() -> None:
    row = only(*(run(makespan_ms=ms, round=round_) for round_, ms in enumerate((100, 300, 200), 1)))
    assert (str(row.contender), row.slots, row.runs, row.valid_runs) == ("serial", 1, 3, 3)
    assert (row.makespan_s, row.makespan_min_s, row.makespan_max_s) == pytest.approx((0.2, 0.1, 0.3))
    assert row.throughput == pytest.approx(10)  # 2 jobs in 0.2 s
    assert row.latency_ms is not None
    assert row.wait_ms is not None
    assert row.service_ms is not None
    # Finished after 50 and 100, 150 and 300, 100 and 200 ms.
    assert row.latency_ms.n == 6
    assert row.latency_ms.p50 == pytest.approx(125)
    assert row.latency_ms.max == pytest.approx(300)
    assert row.latency_ms.p95 == pytest.approx(275)
    assert row.wait_ms.p50 == pytest.approx(25)  # 0, 0, 0, 50, 100, 150
    assert row.service_ms.p50 == pytest.approx(100)  # 50, 50, 100, 100, 150, 150


def test_the_mean_of_an_even_number_of_runs_is_between_the_middle_two() -> None:
    assert only(run(makespan_ms=100), run(makespan_ms=300)).makespan_s == pytest.approx(0.2)


def test_speed_up_is_over_serial_and_nothing_without_it() -> None:
    rows = summaries(result([run(makespan_ms=300), run("threads@2", 100)]), workload())
    assert [str(row.contender) for row in rows] == ["threads@2", "serial"]
    assert [row.speed_up.value for row in rows if row.speed_up] == pytest.approx([3.0, 1.0])
    assert only(run("threads@2")).speed_up is None
    invalid = run(makespan_ms=300, problems=["died"])
    assert summaries(result([invalid, run("threads@2")]), workload())[0].speed_up is None


def test_efficiency_is_the_limit_of_the_slots_over_the_makespan() -> None:
    # Two jobs of 50 ms: 100 ms on one slot, 50 ms on two.
    assert only(run(makespan_ms=200)).efficiency == pytest.approx(0.5)
    two = only(run("threads@2", 200, slots=2))
    assert (two.limit_s, two.efficiency) == pytest.approx((0.05, 0.25))


@pytest.mark.parametrize(("core_limit", "limit_s"), [(None, 4.0), (1.0, 8.0), (0.5, 16.0), (64.0, 4.0)])
def test_the_cores_are_those_that_the_control_group_leaves(core_limit: float | None, limit_s: float) -> None:
    work = workload(reference=reference([0.0] * 2, [4.0] * 2, cpu_s=8.0))
    machine = replace(MACHINE, core_limit=core_limit)
    [row] = summaries(result([run("threads@8", slots=8)], machine=machine), work)
    assert row.limit_s == pytest.approx(limit_s)


def test_invalid_runs_are_counted_and_told_of_but_not_averaged_in() -> None:
    spoilt = run(
        makespan_ms=9000,
        round=2,
        problems=["its worker died"],
        wrong=1,
        duplicates=2,
        errors={0: "Oh"},
        jobs=2,
    )
    lost = run(round=3, records=Records(), problems=["2 of 2 jobs are lost: 0, 1"])
    row = only(run(makespan_ms=100, duplicates=1), spoilt, lost)
    assert (row.runs, row.valid_runs) == (3, 1)
    assert row.makespan_max_s == pytest.approx(0.1)
    assert (row.failed, row.duplicates, row.lost, row.wrong) == (1, 3, 2, 1)
    assert row.problems == ("round 2: its worker died", "round 3: 2 of 2 jobs are lost: 0, 1")


def test_without_a_valid_run_there_are_no_numbers_and_the_row_comes_last() -> None:
    rows = summaries(result([run("asyncio@2", problems=["died"]), run(makespan_ms=9000)]), workload())
    assert [str(row.contender) for row in rows] == ["serial", "asyncio@2"]
    assert rows[1] == Summary(ContenderName("asyncio", 2), 1, 1, 0, problems=("round 1: died",))


def test_rows_are_sorted_by_their_median_and_ties_by_name() -> None:
    runs = [run("threads@2", 200), run("asyncio@2", 200), run("serial", 300), run("processes@2", 100)]
    names = [str(row.contender) for row in summaries(result(runs), workload())]
    assert names == ["processes@2", "asyncio@2", "threads@2", "serial"]


def test_runs_of_other_workloads_are_left_out() -> None:
    rows = summaries(result([run(), run("threads@2", workload="files")]), workload())
    assert [str(row.contender) for row in rows] == ["serial"]


def test_memory_and_stalls_are_the_worst_and_cpu_is_the_mean_with_the_brokers() -> None:
    row = only(
        run(peak_memory_bytes=10, cpu_s=0.2, broker_cpu_s=0.1, loop_stall_s=0.01),
        run(peak_memory_bytes=30, cpu_s=0.4, broker_cpu_s=0.1, loop_stall_s=0.5),
        run(peak_memory_bytes=None, cpu_s=None, broker_cpu_s=None),
    )
    assert row.peak_memory_bytes == 30
    assert row.cpu_s == pytest.approx(0.4)
    assert row.loop_stall_s == pytest.approx(0.5)
    out_of_sight = only(run(peak_memory_bytes=None, cpu_s=None))
    assert (out_of_sight.peak_memory_bytes, out_of_sight.cpu_s, out_of_sight.loop_stall_s) == (
        None,
        None,
        None,
    )


def test_a_job_that_failed_counts_once_and_makes_its_run_invalid_wherever_it_fails() -> None:
    fails = reference([0.0] * 3, [0.01] * 3, 0.03)  # its fingerprints are nobody's
    known = replace(fails, fingerprints=("0" * 16, fingerprint(None, "Oh: no"), "0" * 16))
    second = 1_000_000_000
    records = [
        JobRecord(1, "lab/1", 0, 0, 0, second, error="Oh: no"),
        JobRecord(2, "lab/1", 0, 0, 0, second, {}),
    ]
    for of, says in ((fails, "1 job failed; job 1"), (known, "1 job failed, and in serial, too")):
        outcome, name = Outcome(records, slots=2), ContenderName("threads", 2)
        made = run_from("waits", name, 1, 0.0, outcome, of, jobs=3, used=None, broker_cpu_s=None)
        row = only(made)
        assert (row.failed, row.wrong, row.lost) == (1, 1, 1)  # each of the three jobs is one of these
        assert TROUBLE.cell(row) == "2/0/1"
        assert not made.valid
        assert made.problems[0].startswith(says)


def test_the_times_of_records_survive_their_coding_to_the_microsecond() -> None:
    second = 1_000_000_000
    records = [
        JobRecord(1, "lab/7", 5 * second, 5 * second + 2_400, 5 * second + 3_000, 6 * second),
        JobRecord(0, "lab/6", 4 * second, 5 * second, 7 * second, 9 * second, error="Oh: no"),
    ]
    outcome = Outcome(records, slots=2, workers=2, duplicates=1)
    made = run_from(
        "waits", ContenderName("threads", 2), 1, 0.0, outcome, jobs=3, used=None, broker_cpu_s=None
    )
    assert made.workers == ["lab/6", "lab/7"]
    assert list(made.records.index) == [0, 1]  # in the order of enqueuing
    assert list(made.records.worker) == [0, 1]
    assert made.errors == {0: "Oh: no"}
    assert (made.failed, made.lost, made.duplicates, made.valid) == (1, 1, 1, True)
    assert stats.makespan_s(made) == pytest.approx(5.0)
    assert list(1000 * made.times.latency_s) == pytest.approx([5000, 1000])
    assert list(1000 * made.times.wait_s) == pytest.approx([3000, 0.003], abs=1e-9)
