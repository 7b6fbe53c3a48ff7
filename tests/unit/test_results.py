"""A result file holds what was measured, whole or not at all, and never another one's."""

from __future__ import annotations

import gzip
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from producer import results
from producer.results import SCHEMA, Records, Result, ResultFile, load
from tests.unit.made import MACHINE, result, run, workload
from worker.errors import ResultError

NAMES = ["result.json", "result.json.gz"]


def many() -> Result:
    """A result with some of everything."""
    runs = [
        run("serial", 100, round=1),
        run("threads@8", 50, round=1, slots=8, loop_stall_s=0.25, broker_cpu_s=0.5, cpu_s=None),
        run("celery:solo", 10, records=Records(), problems=["died: ü – “x”"], errors={7: "Oh", 0: "No"}),
    ]
    return result(runs, [workload(), workload(name="files", left_out={"interpreters@2": "no 3.14"})])


def saved(path: Path, what: Result) -> Path:
    """The file that a lab would have written."""
    file = ResultFile(path)
    for one in what.runs:
        file.add(one)
    file.save(what)
    return path


def raw(path: Path, **changes: Any) -> bytes:
    """The content of a good file with some of its fields changed."""
    content = {**msgspec.to_builtins(many()), **changes}
    data = json.dumps(content).encode()
    return gzip.compress(data) if path.suffix == ".gz" else data


@pytest.mark.parametrize("name", NAMES)
def test_what_is_saved_is_loaded_again(tmp_path: Path, name: str) -> None:
    assert load(saved(tmp_path / name, many())) == many()


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_whole_after_every_run(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    what = many()
    file = ResultFile(path)
    for number, one in enumerate(what.runs, 1):
        file.add(one)
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


def test_a_file_that_turned_up_meanwhile_is_not_overwritten_either(tmp_path: Path) -> None:
    # Two labs with the same --out: the second to save its first run must not take the place of the first's.
    first, second = ResultFile(tmp_path / "a.json"), ResultFile(tmp_path / "a.json")
    first.add(run())
    first.save(many())
    with pytest.raises(ResultError):
        second.save(result([]))
    assert load(tmp_path / "a.json").runs == [run()]


def test_nothing_is_there_before_the_first_run(tmp_path: Path) -> None:
    ResultFile(tmp_path / "below" / "a.json")
    assert list((tmp_path / "below").iterdir()) == []


def test_a_place_that_cannot_be_written_is_found_out_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "a.json", Path("/proc/a.json")):
        with pytest.raises(ResultError, match=r"cannot be written \(save\)|exists already"):
            ResultFile(path)


def test_a_name_that_no_file_can_bear_is_found_out_at_once(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match=r"cannot be written \(save\)"):
        ResultFile(tmp_path / ("x" * 300))


def test_a_save_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    what = many()
    file = ResultFile(path)
    file.add(what.runs[0])
    file.save(what)

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as half:
            half.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    file.add(what.runs[1])
    with pytest.raises((ResultError, OSError)):
        file.save(what)
    assert load(path).runs == what.runs[:1]
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_a_disk_that_fills_up_is_an_error_of_the_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # And not a traceback: the command line maps ResultError to a line and an exit code.
    file = ResultFile(tmp_path / "a.json")

    def full(_: Path, __: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ResultError, match="No space left on device"):
        file.save(many())


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
    broken = msgspec.to_builtins(many().runs[0])
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
    seen = []
    for _ in range(3):
        path = results.default_path()
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
        seen.append(str(path))
    stem = "results/compare-20261123-140000"
    assert seen == [f"{stem}.json.gz", f"{stem}-2.json.gz", f"{stem}-3.json.gz"]


def test_a_result_begins_incomplete_and_empty() -> None:
    fresh = results.begun(5, 7, "valkey 9 (embedded)", "valkey 9", replace(MACHINE, load=1.5))
    assert (fresh.schema, fresh.rounds, fresh.seed, fresh.load_after) == (SCHEMA, 5, 7, 1.5)
    assert (fresh.complete, fresh.runs, fresh.workloads) == (False, [], [])
