"""A save after a run costs what that run adds; killed in the middle of it, a file keeps all runs before."""

from __future__ import annotations

import gzip
import importlib
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from producer.results import Result, ResultFile, Run, load
from tests.helpers import clean_environment
from tests.made import left_out, result, run, workload
from tests.schema import violations
from worker.errors import ResultError
from worker.settings import PROJECT

NAMES = ["result.json", "result.json.gz"]
JOBS = 100


def unfinished(rounds: int, jobs: int = JOBS) -> Result:
    """A comparison that goes on: a run in each round, as large as the others."""
    return result(
        [run(round=round_, jobs=jobs) for round_ in range(1, rounds + 1)], [workload(jobs)], complete=False
    )


def save(file: ResultFile, what: Result, *runs: Run) -> None:
    """Add the runs, and save after each."""
    for run_ in runs:
        file.add(run_)
        file.save(what)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The bytes that are written in place, a number for each time."""
    numbers: list[int] = []
    really = os.pwrite

    def pwrite(descriptor: int, data: bytes, offset: int) -> int:
        numbers.append(len(data))
        return really(descriptor, data, offset)

    monkeypatch.setattr(os, "pwrite", pwrite)
    return numbers


@pytest.mark.parametrize("name", NAMES)
def test_a_save_writes_the_run_that_is_new_however_many_there_are(
    tmp_path: Path, name: str, written: list[int]
) -> None:
    what = unfinished(50)
    file = ResultFile(tmp_path / name)
    save(file, what, what.runs[0])
    first = (tmp_path / name).stat()
    save(file, what, *what.runs[1:])
    last = (tmp_path / name).stat()
    assert last.st_ino == first.st_ino
    assert len(written) == 49
    assert sum(written) < last.st_size + 49 * 40  # what closes it is written again each time
    assert load(tmp_path / name) == what


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_an_ordinary_document_after_every_save(tmp_path: Path, name: str) -> None:
    what = unfinished(4, jobs=2)
    path = tmp_path / name
    file = ResultFile(path)
    for number, run_ in enumerate(what.runs, 1):
        save(file, what, run_)
        text = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
        assert len(json.loads(text)["runs"]) == number
        (tmp_path / "plain").write_bytes(text)
        assert violations(tmp_path / "plain") == []


@pytest.mark.parametrize("name", NAMES)
def test_wherever_a_save_is_cut_short_the_runs_before_it_are_kept(tmp_path: Path, name: str) -> None:
    what = unfinished(4, jobs=20)
    path, cut = tmp_path / name, tmp_path / f"cut-{name}"
    file = ResultFile(path)
    save(file, what, *what.runs[:3])
    before = path.read_bytes()
    save(file, what, what.runs[3])
    after = path.read_bytes()
    unchanged = next(place for place, byte in enumerate(before) if byte != after[place])
    for size in range(unchanged, len(after)):
        cut.write_bytes(after[:size])
        loaded = load(cut)
        assert loaded.runs in (what.runs[:3], what.runs)
        assert not loaded.complete
    assert len(after) - unchanged > 50


@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_is_added_while_the_file_is_read_does_no_harm(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    what = unfinished(2, jobs=20)
    path = tmp_path / name
    file = ResultFile(path)
    save(file, what, what.runs[0])
    late = [what.runs[1]]

    class GrowsMeanwhile(io.FileIO):
        def readinto(self, buffer: Any) -> int:
            number = super().readinto(buffer)
            while late:  # all that there was has been read, but not yet that there is no more
                save(file, what, late.pop())
            return number or 0

    def open_(path: Path, mode: str, opener: Callable[[str, int], int]) -> io.BufferedReader:
        return io.BufferedReader(GrowsMeanwhile(path, mode, opener=opener))

    monkeypatch.setattr(importlib.import_module(load.__module__), "open", open_, raising=False)
    assert load(path).runs == what.runs[:1]
    assert load(path).runs == what.runs


@pytest.mark.parametrize("name", NAMES)
def test_what_has_lost_its_head_or_was_complete_is_no_result_when_it_is_cut_short(
    tmp_path: Path, name: str
) -> None:
    what = unfinished(2, jobs=20)
    path = tmp_path / name
    file = ResultFile(path)
    save(file, what, *what.runs)
    head = path.read_bytes()[:200]
    what.complete = True
    file.save(what)
    whole = path.read_bytes()
    for data in (head, whole[:-1], whole[:-30]):
        path.write_bytes(data)
        with pytest.raises(ResultError, match="no result of simul"):
            load(path)


@pytest.mark.parametrize("name", NAMES)
def test_a_head_that_changes_is_written_and_the_runs_are_kept(tmp_path: Path, name: str) -> None:
    what = unfinished(4)
    path = tmp_path / name
    file = ResultFile(path)
    save(file, what, *what.runs[:2])
    what.workloads[0].contenders.append(left_out("threads@2", "it died"))
    save(file, what, what.runs[2])
    what.workloads.append(workload(JOBS, name="files"))
    save(file, what, what.runs[3])
    assert load(path) == what
    what.load_after = 3.5
    file.save(what, anew=True)
    assert load(path) == what


def test_of_the_head_the_load_alone_is_older_until_all_is_written_anew(tmp_path: Path) -> None:
    what = unfinished(2)
    file = ResultFile(tmp_path / "a.json")
    save(file, what, what.runs[0])
    what.load_after, before = 3.5, what.load_after
    save(file, what, what.runs[1])
    assert load(file.path).load_after == before
    what.gil_after = not what.gil_after
    file.save(what)
    assert load(file.path) == what


def remove(path: Path) -> None:
    """As somebody who tidies up."""
    path.unlink()


def write_to(path: Path) -> None:
    """As somebody who edits it."""
    with path.open("a") as file:
        file.write("\n")


def cut(path: Path) -> None:
    """As a disk that has lost its end."""
    os.truncate(path, path.stat().st_size - 5)


def put_another(path: Path) -> None:
    """As somebody who has one of that size."""
    size = path.stat().st_size
    path.rename(path.with_name("moved"))
    path.write_bytes(b"x" * size)


@pytest.mark.parametrize("meddle", [remove, write_to, cut, put_another])
@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_somebody_has_meddled_with_is_written_anew(
    tmp_path: Path, name: str, meddle: Callable[[Path], None]
) -> None:
    what = unfinished(4)
    path = tmp_path / name
    file = ResultFile(path)
    save(file, what, *what.runs[:2])
    meddle(path)
    save(file, what, what.runs[2])
    assert load(path).runs == what.runs[:3]
    save(file, what, what.runs[3])
    assert load(path) == what


@pytest.mark.parametrize("name", NAMES)
def test_what_waits_elsewhere_grows_there_and_comes_home(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    home = tmp_path / "home" / name
    what = unfinished(5)
    file = ResultFile(home)
    save(file, what, *what.runs[:2])
    home.parent.rename(tmp_path / "away")
    home.parent.write_text("in the way")
    for number in (3, 4):
        save(file, what, what.runs[number - 1])
        assert (file.trouble, file.path.parent) == ("Not a directory", tmp_path / "tmp")
        assert load(file.path).runs == what.runs[:number]
    home.parent.unlink()
    (tmp_path / "away").rename(home.parent)
    save(file, what, what.runs[4])
    assert (file.trouble, file.path) == (None, home)
    assert load(home) == what
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_file_for_which_there_is_no_more_room_stays_as_it_was(tmp_path: Path, name: str) -> None:
    # No file may become larger, as if the disk were full; in a process of its own, for it cannot be undone.
    process = subprocess.Popen(
        [sys.executable, "-c", NO_ROOM, str(tmp_path / name)],
        cwd=PROJECT,
        env=clean_environment(TMPDIR=str(tmp_path), COVERAGE_PROCESS_CONFIG=""),
        stdout=subprocess.PIPE,
        text=True,
    )
    out, _ = process.communicate(timeout=60)
    assert out == "cannot be written (save): File too large\n"
    assert load(tmp_path / name) == unfinished(3)
    assert [path.name for path in tmp_path.iterdir()] == [name]


NO_ROOM = """
import resource, sys
from pathlib import Path
from producer.results import ResultFile
from tests.unit.test_growing_results import save, unfinished
from worker.errors import ResultError

path, what = Path(sys.argv[1]), unfinished(4)
file = ResultFile(path)
save(file, what, *what.runs[:3])
room = path.stat().st_size + 30
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
try:
    save(file, what, what.runs[3])
except ResultError as error:
    print(str(error).removeprefix(f"{path} "))
"""


@pytest.mark.untraced
@pytest.mark.parametrize("name", NAMES)
def test_a_lab_that_is_killed_leaves_all_the_runs_it_has_saved(tmp_path: Path, name: str) -> None:
    rng = random.Random(name)
    what = unfinished(60, jobs=20_000)
    for number in range(6):
        path = tmp_path / f"{number}-{name}"
        with subprocess.Popen(
            [sys.executable, "-c", SAVES, str(path)],
            cwd=PROJECT,
            env=clean_environment(COVERAGE_PROCESS_CONFIG=""),
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout
            for _ in range(rng.randrange(1, 8)):
                assert process.stdout.readline() == b"saved\n"
            time.sleep(rng.uniform(0, 0.03))  # not to wait: any moment will do
            process.kill()
            saved = _ + 1 + process.stdout.read().count(b"saved\n")
        loaded = load(path)
        assert saved <= len(loaded.runs) <= saved + 1
        assert loaded.runs == what.runs[: len(loaded.runs)]


SAVES = """
import sys
from pathlib import Path
from producer.results import ResultFile
from tests.unit.test_growing_results import save, unfinished

what = unfinished(60, jobs=20_000)
file = ResultFile(Path(sys.argv[1]))
for run in what.runs:
    save(file, what, run)
    print("saved", flush=True)
"""
