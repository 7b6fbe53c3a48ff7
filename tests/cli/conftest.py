"""A finished comparison, made once by the real command for all the tests that look at its output."""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from producer.cli import main
from producer.cli.console import stderr
from producer.system.interrupts import SIGNALS
from tests.helpers import Said, simul


class Compared(NamedTuple):
    """A comparison, what it said, and the file it left."""

    said: Said
    file: Path
    directory: Path


@pytest.fixture(scope="session")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    """A quick comparison of two workloads with three contenders."""
    directory = tmp_path_factory.mktemp("compared")
    file = directory / "out" / "a.json.gz"
    contenders = "serial,threads@4,celery:threads@2,interpreters@2"
    said = simul(
        "compare", "waits", "files", "--quick", "--with", contenders, "--out", str(file), cwd=directory
    )
    assert said.code == 0, said.err
    return Compared(said, file, directory)


@pytest.fixture
def short_tmp() -> Iterator[Path]:
    """A directory with a short path: what a command leaves in its temporary directory is seen there."""
    with tempfile.TemporaryDirectory(prefix="s-") as directory:
        yield Path(directory)


class Here:
    """The command in this process: for what it says before it starts anything, without a second's start."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Said:
        handlers, hook = {number: signal.getsignal(number) for number in SIGNALS}, sys.unraisablehook
        code = 0
        before, sys.argv = sys.argv, ["simul", *arguments]
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        finally:
            sys.argv = before
            for number, handler in handlers.items():
                signal.signal(number, handler)
            sys.unraisablehook = hook
        captured = self._capsys.readouterr()
        return Said(code, captured.out, captured.err)


@pytest.fixture
def simul_here(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Here:
    """Runs the command in this process and an empty directory."""
    monkeypatch.chdir(tmp_path)
    # As wide as a pipe, whatever the terminal of the suite is, or an earlier test has left.
    monkeypatch.delenv("COLUMNS", raising=False)
    stderr.cache_clear()
    monkeypatch.setenv("TERM", "dumb")
    return Here(capsys)
