"""Sets of data files are reproducible, never overwritten, and damaged as asked."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from producer.workloads import build, data_files
from producer.workloads.data_files import check, make, names
from worker import file_check
from worker.errors import DataError
from worker.jobs import FileCheck
from worker.settings import PROJECT_DATA


def contents(root: Path) -> dict[str, bytes]:
    """Every file of a directory."""
    return {path.name: path.read_bytes() for path in root.iterdir()}


def test_the_first_file_is_the_one_that_the_course_prints(tmp_path: Path) -> None:
    make(tmp_path, count=1)
    assert contents(tmp_path) == {"test001.txt": b"# data 001\n8, 8, 3\n19\n"}


def test_the_files_of_the_project_are_the_default_set_and_all_correct(tmp_path: Path) -> None:
    assert make(tmp_path) == {}
    data = {name: content for name, content in contents(PROJECT_DATA).items() if name.startswith("test")}
    assert data == contents(tmp_path)
    assert sorted(data) == [f"test{number:03}.txt" for number in range(1, 121)]
    assert {verdict.verdict for verdict in check(PROJECT_DATA)} == {"correct"}


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(tmp_path: Path) -> None:
    for directory, seed in (("a", 1), ("b", 1), ("c", 2)):
        make(tmp_path / directory / "deep", count=10, seed=seed, corrupt=4)
    a, b, c = (contents(tmp_path / directory / "deep") for directory in "abc")
    assert a == b != c


def test_numbers_grow_as_wide_as_the_last_one(tmp_path: Path) -> None:
    make(tmp_path, count=1001)
    files = names(tmp_path)
    assert (files[0], files[-1], len(files)) == ("test0001.txt", "test1001.txt", 1001)
    assert (tmp_path / files[0]).read_bytes().startswith(b"# data 0001\n")


@pytest.mark.parametrize("corrupt", [0, 1, 7, 15, 20])
def test_as_many_files_are_damaged_as_asked_and_no_others(corrupt: int, tmp_path: Path) -> None:
    damaged = make(tmp_path / "damaged", count=20, seed=9, corrupt=corrupt)
    make(tmp_path / "whole", count=20, seed=9)
    assert len(damaged) == corrupt
    incorrect = {verdict.file for verdict in check(tmp_path / "damaged") if verdict.verdict != "correct"}
    assert incorrect == damaged.keys()
    whole, after = contents(tmp_path / "whole"), contents(tmp_path / "damaged")
    assert {name for name in whole if whole[name] != after[name]} == damaged.keys()


def test_damage_comes_in_every_kind_and_is_recognised(tmp_path: Path) -> None:
    damaged = make(tmp_path, count=30, corrupt=7)
    reasons = {damaged[v.file]: v.reason or v.verdict for v in check(tmp_path) if v.file in damaged}
    assert reasons == {
        "wrong sum": "wrong",
        "truncated": "truncated: 2 of 3 lines",
        "empty": "empty",
        "not UTF-8": "not UTF-8 (byte 6)",
        "not a number": "not a number in line 2: ' eight'",
        "one line too many": "too long: 4 of 3 lines",
        "oversized": "larger than 1,048,576 bytes",
    }


def test_only_one_damaged_file_is_oversized_however_many_there_are(tmp_path: Path) -> None:
    kinds = list(make(tmp_path, count=100, corrupt=100).values())
    assert kinds.count("oversized") == 1
    assert kinds.count("empty") > 10


def test_files_that_exist_are_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "test007.txt").write_text("mine")
    with pytest.raises(DataError, match="holds data files already"):
        make(tmp_path)
    assert contents(tmp_path) == {"test007.txt": b"mine"}


def test_a_link_into_the_void_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "test001.txt").symlink_to(tmp_path / "outside")
    with pytest.raises(DataError, match="holds data files already"):
        make(tmp_path / "set")
    assert not (tmp_path / "outside").exists()


def test_of_two_who_make_a_set_at_once_one_hears_of_it(tmp_path: Path) -> None:
    other = b"the other's"

    def meanwhile(done: int, _: int) -> None:
        (tmp_path / f"test{done + 1:03}.txt").write_bytes(other)

    with pytest.raises(DataError, match="holds data files already"):
        make(tmp_path, count=data_files.PROGRESS_STEP + 1, on_progress=meanwhile)
    assert (tmp_path / f"test{data_files.PROGRESS_STEP + 1:03}.txt").read_bytes() == other


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems know no other names")
def test_a_name_that_is_not_utf8_is_told_and_the_other_files_are_checked(tmp_path: Path) -> None:
    make(tmp_path, count=2)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/test\xff.txt")).write_bytes(b"# 1\n1\n1\n")
    assert [(verdict.file, verdict.verdict, verdict.reason) for verdict in check(tmp_path)] == [
        ("test001.txt", "correct", None),
        ("test002.txt", "correct", None),
        (r"test\xff.txt", "malformed", "refused: its name is not UTF-8"),
    ]
    [job] = build("files", jobs=1, chunk=3, data_root=tmp_path).jobs
    assert isinstance(job, FileCheck)
    assert job.files == ("test001.txt", "test002.txt", r"test\xff.txt")
    last = file_check.check(job, tmp_path).verdicts[-1]
    assert (last.verdict, last.reason) == ("malformed", "no such file or directory")


def test_names_of_any_other_kind_are_names(tmp_path: Path) -> None:
    odd = ["test\n.txt", "test\x1b[31m.txt", "testé.txt", "test♗.txt"]
    for name in odd:
        (tmp_path / name).write_bytes(b"# 1\n1\n1\n")
    assert names(tmp_path) == sorted(odd)
    assert {verdict.verdict for verdict in check(tmp_path)} == {"correct"}


def test_whatever_bears_the_name_of_a_data_file_is_looked_at(tmp_path: Path) -> None:
    make(tmp_path, count=1)
    (tmp_path / "test.txt").mkdir()
    os.mkfifo(tmp_path / "testfifo.txt")
    (tmp_path / "testlink.txt").symlink_to("nowhere")
    assert {verdict.file: verdict.reason for verdict in check(tmp_path)} == {
        "test.txt": "not a regular file",
        "test001.txt": None,
        "testfifo.txt": "not a regular file",
        "testlink.txt": "no such file or directory",
    }


def test_other_files_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("mine")
    make(tmp_path, count=3)
    assert names(tmp_path) == ["test001.txt", "test002.txt", "test003.txt"]


@pytest.mark.parametrize(
    "numbers", [{"count": 0}, {"count": -5}, {"count": 10**9}, {"corrupt": -1}, {"count": 3, "corrupt": 4}]
)
def test_senseless_numbers_are_refused_before_anything_is_written(
    numbers: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"--count|--corrupt"):
        make(tmp_path / "new", **numbers)
    assert not (tmp_path / "new").exists()


def test_a_target_that_is_no_directory_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        make(tmp_path / "file")
    with pytest.raises(DataError, match="cannot be listed: Not a directory"):
        check(tmp_path / "file")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_target_that_may_not_be_written_is_an_error_of_ours(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DataError, match="cannot be written: Permission denied"):
        make(tmp_path)


def test_progress_is_reported_now_and_then_and_at_the_end(tmp_path: Path) -> None:
    step, seen = data_files.PROGRESS_STEP, list[tuple[int, int]]()
    make(tmp_path, count=2 * step + 1, on_progress=lambda done, total: seen.append((done, total)))
    total = 2 * step + 1
    assert seen == [(step, total), (2 * step, total), (total, total)]
    seen.clear()
    check(tmp_path, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(step, total), (2 * step, total), (total, total)]


def test_a_name_that_is_spelled_out_is_no_other_files(tmp_path: Path) -> None:
    names = [b"test\xff.txt", rb"test\xff.txt", rb"test\\xff.txt"]
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"# 1\n1\n1\n")
    assert len(list(check(tmp_path))) == len({verdict.file for verdict in check(tmp_path)}) == len(names)
