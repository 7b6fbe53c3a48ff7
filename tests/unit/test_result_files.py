"""A result is read as it was written, is never lost, and never overwrites another."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from producer.results import ResultFile, load
from producer.results.schema import result_schema
from producer.stats.summary import makespan_s
from producer.workloads.data_hash import data_hash
from tests.made import a_result, a_run
from tests.schema import SCHEMA_FILE, violations, violations_of
from worker.errors import ResultError
from worker.jobs import ChessMove, FileCheck


def save(path: Path, makespans_s: dict[str, list[float]]) -> None:
    result = a_result(makespans_s)
    file = ResultFile(path)
    for run in result.runs:
        file.add(run)
        file.save(result)


@pytest.mark.parametrize("name", ["result.json", "result.json.gz"])
def test_a_result_is_read_as_it_was_written(tmp_path: Path, name: str) -> None:
    makespans_s = {"serial": [1.0, 1.25], "threads@4": [0.5, 0.25]}
    save(tmp_path / name, makespans_s)
    assert load(tmp_path / name) == a_result(makespans_s)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text("precious")
    with pytest.raises(ResultError, match="exists already"):
        ResultFile(path)
    assert path.read_text() == "precious"


def test_the_runs_so_far_can_be_read_while_the_comparison_goes_on(tmp_path: Path) -> None:
    result = a_result({"serial": [1.0, 2.0]})
    file = ResultFile(tmp_path / "r.json.gz")
    file.add(result.runs[0])
    file.save(result)
    assert [makespan_s(run) for run in load(tmp_path / "r.json.gz").runs] == [1.0]


@pytest.mark.parametrize("text", ["", "{}", '{"schema": 99}', "[1, 2]"])
def test_what_is_no_result_is_refused_in_words(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(ResultError, match="load"):
        load(tmp_path / "r.json")


def test_the_schema_in_the_docs_is_that_of_the_code() -> None:
    assert json.loads(SCHEMA_FILE.read_text()) == result_schema(), (
        "run: python -m producer.results.schema > docs/result.schema.json"
    )


def test_a_result_follows_the_schema_and_a_broken_one_does_not(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    save(path, {"serial": [1.0, 1.25], "threads@4": [0.5, 0.25]})
    assert violations(path) == []
    broken = json.loads(path.read_text())
    broken["runs"][0]["records"]["finished_us"][0] = "late"
    del broken["workloads"][0]["reference"]
    assert sorted(text.partition(":")[0] for text in violations_of(broken)) == [
        "$.runs[0].records.finished_us[0]",
        "$.workloads[0]",
    ]


def test_the_hash_changes_with_the_jobs_and_with_the_bytes_of_their_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    jobs = [FileCheck(("a",))]
    before = data_hash(jobs, tmp_path)
    assert before == data_hash(jobs, tmp_path)
    assert before != data_hash(jobs * 2, tmp_path)
    (tmp_path / "a").write_bytes(b"2")
    assert before != data_hash(jobs, tmp_path)
    (tmp_path / "a").unlink()
    assert before != data_hash(jobs, tmp_path)
    assert data_hash([ChessMove("x", depth=1)], tmp_path) != data_hash([ChessMove("x", depth=2)], tmp_path)


def test_the_hash_reads_what_a_check_reads_and_nothing_else(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")  # to open it as usual would block this test for good
    (tmp_path / "device").symlink_to("/dev/zero")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(2**40)
    unread = {data_hash([FileCheck((name,))], tmp_path) for name in ("fifo", "device", "large")}
    assert len(unread) == 3  # of the jobs
    (tmp_path / "device").unlink()
    assert data_hash([FileCheck(("device",))], tmp_path) in unread


def test_a_run_in_microseconds_keeps_its_makespan() -> None:
    assert makespan_s(a_run(makespan_s=1.2345, jobs=5)) == 1.2345
