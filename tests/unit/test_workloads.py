"""Workloads are reproducible, of the size asked for, and made of jobs that can be done."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from producer.workloads import WORKLOADS, build, data_files
from worker.answers import FilesChecked, FileVerdict, Integral, PrimesCounted
from worker.errors import DataError, InvalidJobError, UnknownNameError
from worker.job_messages import to_message
from worker.jobs import ChessMove, FileCheck
from worker.perform import perform
from worker.settings import PROJECT_DATA


def no_wait(_: float) -> None:
    """Lets no time pass."""


@pytest.mark.parametrize("name", WORKLOADS)
@pytest.mark.parametrize("jobs", [1, 7, 130])
def test_a_workload_has_the_size_asked_for_and_is_the_same_each_time(name: str, jobs: int) -> None:
    workload = build(name, jobs=jobs, seed=4)
    assert len(workload.jobs) == jobs
    assert (workload.name, workload.seed) == (name, 4)
    assert workload == build(name, jobs=jobs, seed=4)


@pytest.mark.parametrize("name", ["waits", "search", "exchange", "mixed"])
def test_another_seed_gives_other_jobs(name: str) -> None:
    assert build(name, seed=1).jobs != build(name, seed=2).jobs


def test_the_jobs_are_the_same_on_every_python() -> None:
    # Results of two Pythons can only be compared over the same jobs. Where this fails on one version
    # alone, its random module or python-chess makes the difference.
    jobs = [to_message(job) for name in ("waits", "search", "mixed") for job in build(name, seed=4).jobs]
    digest = hashlib.sha256(json.dumps(jobs).encode()).hexdigest()
    assert digest[:16] == "cfe85e813592dbbc"


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_job_can_be_done(name: str) -> None:
    for job in build(name, jobs=5).jobs:
        perform(job, PROJECT_DATA, sleep=no_wait)


def test_positions_never_run_out() -> None:
    jobs = build("waits", jobs=3000).jobs
    assert len({job.fen for job in jobs if isinstance(job, ChessMove)}) > 2900
    assert all(perform(job, PROJECT_DATA, sleep=no_wait) for job in jobs[-24:])


def test_opponents_think_between_10_and_30_milliseconds() -> None:
    waits = [job.wait_ms for job in build("waits").jobs if isinstance(job, ChessMove) and job.wait_ms]
    assert len(waits) == 60
    assert 10 <= min(waits) < 15 < 25 < max(waits) <= 30


def test_files_are_checked_in_order_and_over_again(tmp_path: Path) -> None:
    data_files.make(tmp_path, count=5)
    jobs = build("files", jobs=7, data_root=tmp_path).jobs
    assert [job.files for job in jobs if isinstance(job, FileCheck)] == [
        (f"test00{number}.txt",) for number in (1, 2, 3, 4, 5, 1, 2)
    ]


def test_chunks_put_several_files_into_a_job_and_need_fewer_jobs() -> None:
    sizes = [len(job.files) for job in build("files", chunk=50).jobs if isinstance(job, FileCheck)]
    assert sizes == [50, 50, 20]
    [job] = build("files", chunk=1000).jobs
    assert job == FileCheck(tuple(f"test{number:03}.txt" for number in range(1, 121)))


def test_mixed_holds_every_kind_in_no_order() -> None:
    jobs = build("mixed").jobs
    kinds = Counter(type(job).__name__ for job in jobs)
    assert kinds == {"FileCheck": 12, "ChessMove": 24, "Trapezoid": 12, "Sieve": 12}
    assert list(jobs) != sorted(jobs, key=lambda job: type(job).__name__)


def test_files_without_data_say_what_to_do(tmp_path: Path) -> None:
    for root in (tmp_path, tmp_path / "missing"):
        with pytest.raises(DataError, match="simul data make --into DIR"):
            build("files", data_root=root)


def test_an_unknown_workload_is_answered_with_those_that_exist() -> None:
    with pytest.raises(
        UnknownNameError,
        match="'chess'; there are: files, waits, search, trapezoid, sieve, exchange, mixed, uneven",
    ):
        build("chess")


@pytest.mark.parametrize("sizes", [{"jobs": 0}, {"jobs": -1}, {"chunk": 0}, {"jobs": 3, "chunk": -2}])
@pytest.mark.parametrize("name", ["files", "sieve"])
def test_a_senseless_size_is_refused(name: str, sizes: dict[str, Any]) -> None:
    with pytest.raises(InvalidJobError, match=r"1 job or more|1 file or more"):
        build(name, **sizes)


def test_more_jobs_than_a_result_holds_are_refused_before_they_are_made() -> None:
    with pytest.raises(InvalidJobError, match=r"up to 5,000,000 jobs, not 99,999,999,999: ask for fewer"):
        build("waits", 99_999_999_999)


def test_the_integral_is_summed_up_beside_its_exact_value() -> None:
    summary = WORKLOADS["trapezoid"].summary
    assert summary is not None
    answers = [perform(job, PROJECT_DATA) for job in build("trapezoid", jobs=3).jobs]
    assert summary(answers).startswith("integral 73.62823966")
    assert (
        summary([Integral(73.0), Integral(1.0)])
        == "integral 74.0000000000, exact 73.6282396649, error 3.7e-01"
    )


def test_the_primes_are_summed_up() -> None:
    summary = WORKLOADS["sieve"].summary
    assert summary is not None
    assert (
        summary([perform(job, PROJECT_DATA) for job in build("sieve", jobs=1).jobs])
        == "pi(4,000,000) = 283,146"
    )
    assert summary([PrimesCounted(3), PrimesCounted(4)]) == "pi(8,000,000) = 7"


def test_the_files_are_summed_up() -> None:
    summary = WORKLOADS["files"].summary
    assert summary is not None
    good, wrong, bad = (FileVerdict("a", verdict) for verdict in ("correct", "wrong", "malformed"))
    assert summary([FilesChecked((good, good)), FilesChecked((good,))]) == "3 of 3 files correct"
    answers = [FilesChecked((good, bad)), FilesChecked((bad, wrong))]
    assert summary(answers) == "1 of 4 files correct, 1 wrong, 2 malformed"
