"""Short jobs are told from long ones, and what lay reserved beside an idle worker is what was put there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from producer.results import Records, Result, Run
from producer.show.export import to_json
from producer.show.report.sections import write_facts
from producer.show.starvation import describe_starvation
from producer.stats.starvation import Held, held_back, short_jobs, starvations
from producer.stats.summary import summaries
from producer.workloads import build
from tests.made import reference, result, run, started, workload
from worker.jobs import ChessMove

#: A long job for each of ten short ones, in milliseconds.
LONG_MS, SHORT_MS = 500, 10
JOBS = 11
TWO = "celery:threads@1x2/prefetch=9"


def uneven() -> Any:
    """One long job and ten short ones."""
    waits_s = [LONG_MS / 1000, *[SHORT_MS / 1000] * (JOBS - 1)]
    return workload(
        JOBS,
        name="uneven",
        reference=reference(waits_s, [0.0] * JOBS, 0.0),
        contenders=started([TWO, "serial"]),
    )


def made(
    of: Sequence[tuple[int, float, float, float]],
    contender: str = TWO,
    belongs: Sequence[int] = (0, 1),
    **more: Any,
) -> Run:
    """A run of jobs that are handed over together: the process, received, started and finished, in ms."""
    columns = list(zip(*of, strict=True))
    process, received, begun, finished = columns
    return run(
        contender,
        jobs=len(of),
        workload="uneven",
        slots=2,
        workers=["lab/1", "lab/2"],
        belongs=list(belongs),
        records=Records(
            index=list(range(len(of))),
            worker=list(process),
            enqueued_us=[0] * len(of),
            received_us=[round(1000 * at) for at in received],
            started_us=[round(1000 * (b - a)) for a, b in zip(received, begun, strict=True)],
            finished_us=[round(1000 * (b - a)) for a, b in zip(begun, finished, strict=True)],
        ),
        **more,
    )


def starving(round_: int = 1) -> Run:
    """Two short jobs lie behind a long one for 500 ms, while the other worker is done after 80 ms."""
    behind = [(0, 1, 500 + 10 * place, 510 + 10 * place) for place in range(2)]
    beside = [(1, 1, 10 * place, 10 + 10 * place) for place in range(1, 9)]
    return made([(0, 0, 0, 500), *behind, *beside], round=round_)


def sharing(round_: int = 1) -> Run:
    """No worker has more than it runs."""
    beside = [(1, 10 * place, 10 * place, 10 + 10 * place) for place in range(10)]
    return made([(0, 0, 0, 500), *beside], "celery:threads@1x2/prefetch=1", round=round_)


def held(of_run: Run) -> tuple[int, int]:
    """For how many milliseconds something was held back, and how many jobs."""
    back = held_back(of_run)
    assert back
    return round(1000 * back.for_s), back.jobs


def comparison(rounds: int = 5) -> Result:
    """Both, round by round."""
    runs = [each(number) for number in range(1, rounds + 1) for each in (starving, sharing)]
    return result(runs, [uneven()], rounds=rounds)


def test_what_lies_behind_a_long_job_while_another_worker_is_idle_is_held_back() -> None:
    # From the end of the other's last job, at 90 ms, until the first of the two begins, at 500 ms, and then
    # for as long as that one runs.
    assert held(starving()) == (420, 2)
    assert held_back(sharing()) == Held(0.0, 0)


def test_what_is_reserved_by_a_worker_with_a_free_slot_is_only_on_its_way() -> None:
    assert held_back(made([(0, 0, 400, 410), (1, 0, 0, 10)])) == Held(0.0, 0)


def test_a_worker_that_has_something_reserved_is_not_idle() -> None:
    both = [(0, 0, 0, 100), (0, 0, 100, 110), (1, 0, 0, 100), (1, 0, 100, 110)]
    assert held_back(made(both)) == Held(0.0, 0)


def test_a_worker_that_did_no_job_was_idle_all_the_time() -> None:
    alone = made([(0, 0, 0, 100), (0, 0, 100, 110)])
    alone.workers, alone.belongs = ["lab/1"], [0]
    assert held(alone) == (100, 1)


def test_of_one_worker_and_of_unknown_ones_nothing_is_said() -> None:
    jobs = [(0, 0, 0, 100), (0, 0, 100, 110)]
    assert held_back(made(jobs, "celery:threads@2/prefetch=9", [0, 0])) is None
    assert held_back(made(jobs, belongs=())) is None
    assert held_back(made(jobs, belongs=(0, 7))) is None
    assert held_back(made(jobs, "celery:threads@1x999999999")) is None


def test_long_is_ten_times_the_median_and_rare() -> None:
    assert short_jobs(uneven()).tolist() == [False] + [True] * 10
    for waits_s in ([0.01] * 4, [0.1, 0.01, 0.01, 0.01], [1.0, 1.0, 0.01, 0.01, 0.01]):
        assert short_jobs(
            workload(len(waits_s), reference=reference(waits_s, [0.0] * len(waits_s), 0.0))
        ).all()


def test_the_latency_is_that_of_the_short_jobs_of_celery_contenders_with_valid_runs() -> None:
    measured = comparison()
    measured.runs += [
        run("serial", jobs=JOBS, workload="uneven"),
        replace(sharing(), contender=replace(sharing().contender, slots=7), problems=["no"]),
    ]
    worst, best = starvations(measured, measured.workloads[0])
    assert [str(each.contender) for each in (worst, best)] == [TWO, "celery:threads@1x2/prefetch=1"]
    assert (worst.n, worst.p50_ms, worst.held_jobs) == (50, 65, 2)
    assert worst.held_s == pytest.approx(0.42)
    assert worst.p99_ms == pytest.approx(520, rel=0.01)
    assert (best.p50_ms, best.held_s, best.held_jobs) == (55, 0, 0)
    assert best.p99_ms == pytest.approx(100, rel=0.01)
    assert worst.makespan_s == pytest.approx(0.52)


def test_even_jobs_starve_nobody() -> None:
    even = result([run("celery:threads@2")])
    assert starvations(even, even.workloads[0]) == []
    assert list(describe_starvation([])) == []


def test_the_sentences_say_who_what_and_how_much() -> None:
    measured = comparison()
    on_worst, on_best = describe_starvation(starvations(measured, measured.workloads[0]))
    assert on_worst.replace("\u00a0", " ") == (
        f"Short jobs (up to 10 times the median, alone) took longest with {TWO}: half were done within 65.0 "
        "ms of being handed over, 99 in 100 within 520 ms. For 420 ms of 520 ms, jobs lay reserved by a "
        "worker whose slots were all busy, while another had a free slot and nothing reserved: 2 jobs in all "
        "(medians of the runs)."
    )
    assert on_best.replace("\u00a0", " ") == (
        "They took least with celery:threads@1x2/prefetch=1: half were done within 55.0 ms of being handed "
        "over, 99 in 100 within 100 ms: with the other, 99 in 100 took 5.24 (5.24–5.24) times as long. None "
        "lay reserved by a full worker while another had a free slot and nothing reserved."
    )


def test_from_few_runs_and_of_no_difference_nothing_is_claimed() -> None:
    few = comparison(rounds=4)
    assert "from fewer than 5 runs nothing is claimed" in list(_sentences(few))[1]
    same = result(
        [replace(each, round=number) for number in range(1, 6) for each in (sharing(), _renamed(sharing()))],
        [uneven()],
        rounds=5,
    )
    assert "no difference is shown (≈)" in list(_sentences(same))[1]
    alone = result([starving()], [uneven()])
    [sentence] = _sentences(alone)
    assert sentence.startswith(f"Short jobs (up to 10 times the median, alone) took with {TWO}: half")


def _renamed(same: Run) -> Run:
    return replace(same, contender=replace(same.contender, options=(("prefetch", "2"),)))


def _sentences(measured: Result) -> list[str]:
    return list(describe_starvation(starvations(measured, measured.workloads[0])))


def test_the_page_and_the_export_have_it_too() -> None:
    measured = comparison()
    [work] = measured.workloads
    assert "took longest with" in write_facts(measured, work, summaries(measured, work))
    exported = json.loads(to_json(measured))["uneven"]["short_jobs"]
    assert [each["held_jobs"] for each in exported] == [2, 0]
    even = result([run("celery:threads@2")])
    assert "short_jobs" not in json.loads(to_json(even))["waits"]


@pytest.mark.parametrize(("jobs", "long"), [(90, 3), (1, 1), (31, 2)])
def test_one_job_in_thirty_is_long_wherever_it_stands(jobs: int, long: int) -> None:
    # One of an unfinished thirty may fall beyond the end.
    waits = [job.wait_ms or 0 for job in build("uneven", jobs).jobs if isinstance(job, ChessMove)]
    assert sum(wait >= 500 for wait in waits) in {long, long - 1}
    assert all(5 <= wait <= 15 or 500 <= wait <= 700 for wait in waits)
