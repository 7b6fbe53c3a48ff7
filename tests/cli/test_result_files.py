"""Result files as the commands read and write them: one line and an exit code where something is wrong."""

from __future__ import annotations

import gzip
import os
from importlib import import_module
from pathlib import Path

import pytest

from tests.cli.conftest import Here
from tests.made import a_result
from tests.unit.test_results import saved

COMMANDS = [
    ("show",),
    ("show", "--json"),
    ("show", "--export", "csv"),
    ("show", "--export", "markdown"),
    ("report",),
    ("diff", "good.json"),
    ("diff", "good.json", "--json"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_what_is_no_result_is_told_in_one_line_by_every_command(
    tmp_path: Path, simul_here: Here, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("producer.results.load"), "MAX_MIB", 2)
    saved(tmp_path / "good.json", a_result({"serial": [1.0]}))
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
