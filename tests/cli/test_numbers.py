"""The commands that work on results, as a user types them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from producer.results import load
from tests.helpers import clean_environment
from tests.made import a_result, saved
from tests.schema import violations

#: The command, as it is installed beside this Python.
SIMUL = Path(sys.executable).with_name("simul")
STEADY = [1.0, 1.01, 0.99, 1.02, 0.98]


def simul(*arguments: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SIMUL, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=clean_environment(**environ),
    )


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return saved(
        tmp_path / "old.json", a_result({"serial": STEADY, "threads@4": [second / 2 for second in STEADY]})
    )


@pytest.fixture
def slower(tmp_path: Path) -> Path:
    return saved(tmp_path / "slower.json.gz", a_result({"serial": STEADY, "threads@4": STEADY}))


def test_the_table_fits_80_columns_and_all_of_it_is_asked_for(old: Path) -> None:
    narrow = simul("show", old, COLUMNS="80").stdout
    assert max(map(len, narrow.splitlines())) <= 80
    assert "latency" not in narrow
    for wide in (simul("show", old, "--wide"), simul("show", old, SIMUL_WIDE="1")):
        assert "latency, ms" in wide.stdout
        assert (wide.returncode, wide.stderr) == (0, "")


def test_diff_passes_where_nothing_is_shown_slower(old: Path) -> None:
    done = simul("diff", old, old, "--fail-above", "1.10")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("no difference shown") == 2


def test_diff_fails_where_something_is_shown_slower(old: Path, slower: Path) -> None:
    done = simul("diff", old, old, slower, "--fail-above", "1.10")
    assert done.returncode == 1
    assert "slower: more than 1.1 times" in done.stdout
    assert simul("diff", old, slower).returncode == 0
    assert simul("diff", old, slower, SIMUL_FAIL_ABOVE="3").returncode == 0


def test_diff_refuses_another_machine_unless_it_is_forced(tmp_path: Path, old: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(old.read_text().replace('"cores":2', '"cores":64'))
    refused = simul("diff", old, other)
    assert refused.returncode == 6
    assert "cores 2, now 64" in refused.stderr
    assert "--force" in refused.stderr
    forced = simul("diff", old, other, "--force")
    assert forced.returncode == 0
    assert "FORCED, not comparable: machine: cores 2, now 64" in forced.stdout


def test_diff_as_json(old: Path, slower: Path) -> None:
    numbers = json.loads(simul("diff", old, slower, "--json").stdout)
    [comparison] = numbers.values()
    rows = {row["contender"]: row for row in comparison["rows"]}
    assert rows["threads@4"]["ratio"]["value"] == pytest.approx(2.0)


def test_show_exports_csv_markdown_and_json(old: Path) -> None:
    assert simul("show", old, "--export", "csv").stdout.startswith("workload,contender,slots,")
    assert "| threads@4 | 500 ms" in simul("show", old, SIMUL_EXPORT="markdown").stdout
    numbers = json.loads(simul("show", old, "--json").stdout)
    assert [row["contender"] for row in numbers["waits"]["contenders"]] == ["threads@4", "serial"]
    assert numbers["waits"]["contenders"][0]["speed_up"]["low"] == pytest.approx(2.0)


def test_a_small_sweep_saves_a_result_that_shows_its_curves(tmp_path: Path) -> None:
    out = tmp_path / "sweep.json.gz"
    arguments = ("--with", "threads,asyncio", "--concurrency", "1,4", "--jobs", "4", "--rounds", "1", "-q")
    done = simul("sweep", "waits", *arguments, "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    assert violations(out) == []
    result = load(out)
    assert result.kind == "sweep"
    assert {str(run.contender) for run in result.runs} == {"threads@1", "threads@4", "asyncio@1", "asyncio@4"}
    assert "fitted to fewer than 5 concurrencies" in done.stdout
    assert simul("show", out).stdout == done.stdout
    [threads] = [
        c for c in json.loads(simul("show", out, "--json").stdout)["waits"]["curves"] if c["way"] == "threads"
    ]
    assert [point["slots"] for point in threads["points"]] == [1, 4]


def test_a_small_sweep_of_workers_saves_its_axis(tmp_path: Path) -> None:
    out = tmp_path / "workers.json"
    arguments = ("--with", "celery:solo/prefetch=1", "--axis", "workers=1,2", "--jobs", "6", "--rounds", "1")
    done = simul("sweep", "waits", *arguments, "--out", out)
    assert done.returncode == 0, done.stderr
    result = load(out)
    assert (result.kind, result.axis) == ("sweep", "workers")
    assert [
        (str(run.contender), run.slots, run.problems) for run in sorted(result.runs, key=lambda r: r.slots)
    ] == [
        ("celery:solo/prefetch=1", 1, []),
        ("celery:solo@1x2/prefetch=1", 2, []),
    ]
    assert "workers" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--with", "threads@4"), "--concurrency"),
        (("--with", "nothing"), "no contender is called"),
        (("--concurrency", "1,zero"), "a number from 1 to 10,000"),
        (("--axis", "prefetch"), "--axis prefetch has no values"),
        (("--axis", "speed=1,2"), "no axis is called 'speed'"),
        (("--axis", "prefetch=1,2", "-c", "2"), "--axis and --concurrency are two axes"),
    ],
)
def test_a_sweep_that_makes_no_sense_says_why(arguments: Sequence[str], words: str) -> None:
    done = simul("sweep", "waits", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
