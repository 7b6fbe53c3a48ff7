"""Result files as the commands read and write them: one line and an exit code where something is wrong."""

from __future__ import annotations

import contextlib
import gzip
import os
import subprocess
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from producer.results import ResultFile, Run, load
from tests.cli.conftest import Here
from tests.helpers import SIMUL, SOON_S, clean_environment, started
from tests.made import a_result, saved

pytestmark = pytest.mark.untraced

COMMANDS = [
    ("show",),
    ("show", "--json"),
    ("show", "--export", "csv"),
    ("show", "--export", "markdown"),
    ("report",),
    ("diff", "good.json"),
    ("diff", "good.json", "--json"),
    ("check", "sheet.md"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_what_is_no_result_is_told_in_one_line_by_every_command(
    tmp_path: Path, simul_here: Here, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("producer.results.load"), "MAX_MIB", 2)
    saved(tmp_path / "good.json", a_result({"serial": [1.0]}))
    (tmp_path / "sheet.md").write_text("- [Q1] How many cores? <!-- check: cores -->\n  - Answer: 2\n")
    os.mkfifo(tmp_path / "fifo.json")
    (tmp_path / "deep.json").write_bytes(b'{"schema":1,"x":' + b"[" * 10**6)
    (tmp_path / "bomb.json.gz").write_bytes(gzip.compress(b" " * 2**20) * 3)
    (tmp_path / "half.json.gz").write_bytes(gzip.compress(b'{"schema":1}')[:-9])
    broken = (tmp_path / "good.json").read_bytes().replace(b'"slots":1', b'"slots":0')
    (tmp_path / "slots.json").write_bytes(broken)
    for name in ("fifo.json", "deep.json", "bomb.json.gz", "half.json.gz", "slots.json", ".", "/dev/zero"):
        said = simul_here(*command, name)
        assert (said.code, said.out) == (6, "")
        [line] = said.err.splitlines()
        assert line.startswith(f"Result: {name} ")
        assert "(load)" in line


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--rounds", "1000000"), "a result holds up to 5,000,000 records"),
        (("--seed", str(2**63)), "a seed has up to 63 bits (--seed)"),
        (("--chunk", str(10**10)), "a job has up to 1,000,000,000 files (--chunk)"),
        (
            ("--with", ",".join(f"threads@{n}" for n in range(1, 1002))),
            "a workload has up to 1,000 contenders",
        ),
    ],
)
def test_a_comparison_whose_result_could_not_be_loaded_is_not_begun(
    tmp_path: Path, simul_here: Here, arguments: tuple[str, str], told: str
) -> None:
    said = simul_here("compare", "waits", "--with", "serial", *arguments)
    assert (said.code, said.out) == (2, "")
    [line] = said.err.splitlines()
    assert told in line
    assert list(tmp_path.iterdir()) == []


QUICK = ("compare", "waits", "--quick", "--with", "serial")


def test_labs_side_by_side_each_keep_their_result(tmp_path: Path) -> None:
    with contextlib.ExitStack() as labs:
        running = [labs.enter_context(started(*QUICK, cwd=tmp_path)) for _ in range(3)]
        said = [process.communicate(timeout=SOON_S * 2) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], said
    files = sorted(str(path.relative_to(tmp_path)) for path in (tmp_path / "results").iterdir())
    assert len(files) == 3
    assert sorted(err.splitlines()[-1] for _, err in said) == [f"Saved as {name}" for name in files]
    assert all(load(tmp_path / name).complete for name in files)


def test_a_name_that_was_given_and_has_been_taken_meanwhile_is_left_to_whom_it_is(
    tmp_path: Path, simul_here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_the_first_run(monkeypatch, lambda: (tmp_path / "mine.json").write_text("another's"))
    said = simul_here(*QUICK, "--out", "mine.json", "--report", "page.html", "-q")
    told = "mine.json has come into being meanwhile (save). The result is in mine-2.json"
    assert (said.code, said.err) == (0, f"{told}\n")
    assert (tmp_path / "mine.json").read_text() == "another's"
    assert load(tmp_path / "mine-2.json").complete
    assert "mine-2" in (tmp_path / "page.html").read_text()


def test_a_result_that_has_lost_its_directory_is_kept_elsewhere(
    tmp_path: Path, simul_here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))

    def put_in_the_way() -> None:
        (tmp_path / "results").rmdir()
        (tmp_path / "results").write_text("")

    before_the_first_run(monkeypatch, put_in_the_way)
    said = simul_here(*QUICK, "--out", "results/mine.json", "-q")
    path = tmp_path / "tmp" / "mine.json"
    assert said.code == 6
    assert said.err == (
        f"Result: results/mine.json cannot be written (save): Not a directory. The result is in {path}\n"
    )
    assert "serial" in said.out
    assert load(path).complete


def test_a_result_for_which_there_is_no_room_is_shown_at_least(tmp_path: Path) -> None:
    # No file may be larger than a kibibyte, as if every disk were full.
    command = ("bash", "-c", 'ulimit -f 1 && exec "$0" "$@"', SIMUL, *QUICK, "--out", "mine.json", "-q")
    said = subprocess.run(
        command,
        cwd=tmp_path,
        # Not counted by coverage, whose own file would find no room either.
        env=clean_environment(COVERAGE_PROCESS_CONFIG=""),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert said.returncode == 6
    assert said.stderr == "Result: mine.json cannot be written (save): File too large\n"
    assert "serial" in said.stdout
    assert list(tmp_path.iterdir()) == []


def before_the_first_run(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Have something happen after a comparison has begun, and before it saves for the first time."""
    adding = ResultFile.add

    def add(file: ResultFile, run: Run) -> None:
        act()
        adding(file, run)

    monkeypatch.setattr(ResultFile, "add", add)
