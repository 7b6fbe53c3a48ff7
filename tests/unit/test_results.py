"""A result file holds what was measured, whole or not at all, and never another one's."""

from __future__ import annotations

import errno
import gzip
import json
import os
import re
import shutil
import tempfile
import time
from array import array
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from producer import results
from producer.results import SCHEMA, Records, Result, ResultFile, load
from producer.results.encode import to_plain
from producer.results.model import LoopStall
from producer.results.records import UNKNOWN
from producer.results.times import join_times
from tests.charted import placed
from tests.made import MACHINE, left_out, result, run, saved, workload
from worker.errors import ResultError

NAMES = ["result.json", "result.json.gz"]


def many() -> Result:
    """A result with some of everything."""
    runs = [
        run("serial", 100, round=1),
        run("threads@8", 50, round=1, slots=8, loop_stall_s=0.25, broker_cpu_s=0.5, cpu_s=None),
        placed([(1, 0.0, 0.0, 0.5), (1, 0.0, 0.5, 1.0)], "asyncio@2", shares=[0.5], stalls=[(0.1, 0.2)]),
        run("celery:solo", 10, records=Records(), problems=["died: ü – “x”"], errors={1: "Oh", 0: "No"}),
    ]
    return result(
        runs, [workload(), workload(name="files", contenders=[left_out("interpreters@2", "no 3.14")])]
    )


def raw(path: Path, **changes: Any) -> bytes:
    """The content of a good file with some of its fields changed."""
    content = {**to_plain(many()), **changes}
    data = json.dumps(content).encode()
    return gzip.compress(data) if path.suffix == ".gz" else data


@pytest.mark.parametrize("name", NAMES)
def test_what_is_saved_is_loaded_again(tmp_path: Path, name: str) -> None:
    assert load(saved(tmp_path / name, many())) == many()


def test_the_cpu_time_of_a_job_is_known_or_not(tmp_path: Path) -> None:
    [_, without, with_one, *_] = load(saved(tmp_path / "a.json", many())).runs
    assert (without.records.cpu_us, without.times.cpu_s) == (array("b"), None)
    assert [*with_one.records.cpu_us] == [250_000, UNKNOWN]
    assert with_one.loop_stalls == [LoopStall(100_000, 200_000)]
    cpu_s = join_times([without.times, with_one.times]).cpu_s
    assert cpu_s is not None
    assert [*np.nan_to_num(cpu_s, nan=-1)] == [-1, -1, 0.25, -1]


def test_a_file_from_before_cpu_times_is_read(tmp_path: Path) -> None:
    plain = to_plain(many())
    for run_ in plain["runs"]:
        del run_["records"]["cpu_us"], run_["loop_stalls"]
    (tmp_path / "old.json").write_text(json.dumps(plain))
    assert all(run_.times.cpu_s is None for run_ in load(tmp_path / "old.json").runs)


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_whole_after_every_run(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    what = many()
    file = ResultFile(path)
    for number, run_ in enumerate(what.runs, 1):
        file.add(run_)
        file.save(what)
        assert load(path).runs == what.runs[:number]
        assert [entry.name for entry in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", NAMES)
def test_a_result_without_runs_is_one(tmp_path: Path, name: str) -> None:
    assert load(saved(tmp_path / name, result([]))) == result([])


def test_a_gzipped_file_is_readable_with_gzip_and_a_plain_one_as_it_is(tmp_path: Path) -> None:
    packed = saved(tmp_path / "a.json.gz", many())
    plain = saved(tmp_path / "a.json", many())
    assert json.loads(gzip.decompress(packed.read_bytes())) == json.loads(plain.read_bytes())


def test_ten_thousand_jobs_in_a_hundred_runs_take_little_room(tmp_path: Path) -> None:
    what = result([run(round=round_, jobs=100) for round_ in range(1, 101)], [workload(100)])
    path = saved(tmp_path / "a.json.gz", what)
    assert load(path) == what
    assert path.stat().st_size < 100_000


@pytest.mark.parametrize("name", NAMES)
def test_no_file_is_ever_overwritten(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("mine")
    with pytest.raises(ResultError, match=r"exists already \(save\): name another file with --out"):
        ResultFile(path)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", [*NAMES, "result", "result.v2.json.gz", ".json", "x.gz"])
def test_a_name_that_somebody_else_has_taken_meanwhile_is_theirs(tmp_path: Path, name: str) -> None:
    files = [ResultFile(tmp_path / name) for _ in range(3)]
    for number, file in enumerate(files, 1):
        file.add(run(round=number))
        file.save(result([]))
        file.save(result([]))  # what is ours is written again
    assert len({file.path for file in files}) == len(list(tmp_path.iterdir())) == 3
    assert files[0].path.name == name
    assert [load(file.path).runs for file in files] == [[run(round=number)] for number in (1, 2, 3)]
    assert {file.path.name.endswith(".gz") for file in files} == {name.endswith(".gz")}


def test_nothing_is_there_before_the_first_run(tmp_path: Path) -> None:
    ResultFile(tmp_path / "below" / "a.json")
    assert list((tmp_path / "below").iterdir()) == []


def test_a_place_that_cannot_be_written_is_found_out_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "directory.json").mkdir()
    (tmp_path / "link.json").symlink_to("nowhere")
    for path, why in (
        (tmp_path / "file" / "a.json", "cannot be written (save): Not a directory"),
        (Path("/proc/a.json"), "cannot be written (save): "),
        (tmp_path / ("x" * 300), "cannot be written (save): File name too long"),
        (tmp_path / "directory.json", "exists already (save): name another file with --out"),
        (tmp_path / "link.json", "exists already (save): name another file with --out"),
    ):
        with pytest.raises(ResultError, match=re.escape(f"{path} {why}")):
            ResultFile(path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["directory.json", "file", "link.json"]


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Fills every disk up, so that it takes nothing more."""

    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    return lambda: monkeypatch.setattr(os, "fsync", refuse)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for temporary files of one's own."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return tmp_path / "tmp"


def test_a_disk_that_fills_up_leaves_the_file_as_it_was(
    tmp_path: Path, temporary: Path, full: Callable[[], None]
) -> None:
    path, what = tmp_path / "below" / "a.json", many()
    file = ResultFile(path)
    file.add(what.runs[0])
    file.save(what)
    full()
    file.add(what.runs[1])
    with pytest.raises(
        ResultError, match=re.escape(f"{path} cannot be written (save): No space left on device")
    ):
        file.save(what)
    assert load(path).runs == what.runs[:1]
    assert list(path.parent.iterdir()) == [path]
    assert list(temporary.iterdir()) == []


def test_a_disk_that_is_full_from_the_beginning_is_an_error_of_the_result(
    tmp_path: Path, temporary: Path, full: Callable[[], None]
) -> None:
    path = tmp_path / "below" / "a.json"
    file = ResultFile(path)
    full()
    with pytest.raises(ResultError, match="No space left on device"):
        file.save(many())
    assert list(path.parent.iterdir()) == list(temporary.iterdir()) == []


def test_labs_with_the_same_process_number_do_not_cut_each_other_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in two containers that share a directory: one saves while the other is between writing and renaming.
    what = many()
    files = [ResultFile(tmp_path / name) for name in ("a.json", "b.json")]
    for file, run_ in zip(files, what.runs, strict=False):
        file.add(run_)
    to_disk, others = os.fsync, iter(files[1:])

    def meanwhile(descriptor: int) -> None:
        for other in others:
            other.save(what)
        to_disk(descriptor)

    monkeypatch.setattr(os, "fsync", meanwhile)
    files[0].save(what)
    assert [load(file.path).runs for file in files] == [[run_] for run_ in what.runs[:2]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "b.json"]


def test_a_directory_that_is_removed_meanwhile_is_made_again(tmp_path: Path) -> None:
    path, what = tmp_path / "below" / "a.json", many()
    file = ResultFile(path)
    for number, run_ in enumerate(what.runs, 1):
        shutil.rmtree(path.parent)
        file.add(run_)
        file.save(what)
        assert load(path).runs == what.runs[:number]


def test_where_nothing_can_be_written_any_more_the_result_waits_elsewhere(
    tmp_path: Path, temporary: Path
) -> None:
    path, what = tmp_path / "below" / "a.json.gz", many()
    file = ResultFile(path)
    path.parent.rmdir()
    path.parent.write_text("in the way")
    for number, run_ in enumerate(what.runs[:2], 1):
        file.add(run_)
        file.save(what)
        assert (file.trouble, file.path.name) == ("Not a directory", path.name)
        assert load(file.path).runs == what.runs[:number]
        assert list(temporary.iterdir()) == [file.path]
    path.parent.unlink()
    for run_ in what.runs[2:]:
        file.add(run_)
    file.save(what)
    assert (file.trouble, file.path) == (None, path)
    assert load(path) == what
    assert list(temporary.iterdir()) == []


def test_a_result_is_for_whoever_may_read_the_directory(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        path = saved(tmp_path / "a.json", many())
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640


def test_what_is_no_text_does_not_stand_in_the_way(tmp_path: Path) -> None:
    odd = result(
        [run(problems=["\udcff died"], errors={0: "\ud800"})], machine=replace(MACHINE, host="\udcff")
    )
    loaded = load(saved(tmp_path / "a.json", odd))
    assert loaded.machine.host == r"\udcff"
    assert (loaded.runs[0].problems, loaded.runs[0].errors) == ([r"\udcff died"], {0: r"\ud800"})


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_another_schema_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(raw(path, schema=SCHEMA + 1))
    with pytest.raises(ResultError, match=f"has schema {SCHEMA + 1}, this simul reads {SCHEMA}"):
        load(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"schema": "one"}',
        b'{"schema": 1}',
        b"[" * 100_000,
        gzip.compress(b"{}", mtime=0),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_garbage_is_no_result(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    for data in (content, gzip.compress(content)):
        path.write_bytes(data)
        with pytest.raises(ResultError, match="no result of simul"):
            load(path)


@pytest.mark.parametrize("name", NAMES)
def test_a_truncated_file_is_no_result(tmp_path: Path, name: str) -> None:
    whole = saved(tmp_path / f"whole-{name}", many()).read_bytes()
    path = tmp_path / name
    for size in range(0, len(whole), 13):
        path.write_bytes(whole[:size])
        with pytest.raises(ResultError, match="no result of simul"):
            load(path)


def test_a_gzipped_file_with_a_damaged_byte_is_no_result(tmp_path: Path) -> None:
    whole = saved(tmp_path / "whole.json.gz", many()).read_bytes()
    path = tmp_path / "a.json.gz"
    for place in range(10, 200, 3):  # after the header, of which a few bytes mean nothing
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with pytest.raises(ResultError, match="no result of simul"):
            load(path)


def test_a_file_whose_columns_do_not_match_is_no_result(tmp_path: Path) -> None:
    broken = to_plain(many().runs[0])
    broken["records"]["finished_us"] = [1]
    path = tmp_path / "a.json"
    path.write_bytes(raw(path, runs=[broken]))
    with pytest.raises(ResultError, match="no result of simul"):
        load(path)


def test_a_missing_file_and_a_directory_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(ResultError, match=r"cannot be read \(load\)"):
            load(path)


def test_a_default_name_is_always_a_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(time, "strftime", lambda _: "20261123-140000")
    # Begun in the same second; the last when the first has saved a run.
    files = [ResultFile(), ResultFile(), ResultFile(what="sweep")]
    for file in files:
        file.save(many())
    files.append(ResultFile())
    files[-1].save(many())
    assert [str(file.path) for file in files] == [
        f"results/{name}.json.gz"
        for name in (
            "compare-20261123-140000",
            "compare-20261123-140000-2",
            "sweep-20261123-140000",
            "compare-20261123-140000-3",
        )
    ]


def test_a_result_begins_incomplete_and_empty() -> None:
    fresh = results.begin(5, 7, "valkey 9 (embedded)", "valkey 9", replace(MACHINE, load=1.5))
    assert (fresh.schema, fresh.rounds, fresh.seed, fresh.load_after) == (SCHEMA, 5, 7, 1.5)
    assert (fresh.complete, fresh.runs, fresh.workloads) == (False, [], [])
