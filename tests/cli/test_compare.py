"""`simul compare` and `simul show`, whole."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from producer.cli.compare import require_measured
from producer.results import load
from producer.system.pythons import SUBINTERPRETERS
from tests.cli.conftest import Compared, Here
from tests.helpers import SIMUL, Said, simul
from tests.made import a_result, a_run, left_out
from worker.errors import NothingMeasuredError


def test_a_comparison_prints_its_tables_on_stdout_and_its_progress_on_stderr(compared: Compared) -> None:
    said = compared.said
    assert said.err.splitlines() == [
        "waits: 12 jobs, working out the right answers",
        "waits: round 1 of 1",
        "files: 12 jobs, working out the right answers",
        "files: round 1 of 1",
        "",
        f"Saved as {compared.file}",
    ]
    lines = said.out.splitlines()
    titles = [line for line in lines if re.match(r"\w+  12 jobs: ", line)]
    assert [title.split()[0] for title in titles] == ["waits", "files"]
    rows = [line for line in lines if re.match(r"[ *]  (serial|threads@4|celery:threads@2) ", line)]
    assert len(rows) == 6
    assert sum(row.startswith("*") for row in rows) == 2
    assert "dup/lost" not in said.out  # nothing went wrong
    assert said.out.count("left out: interpreters@2: ") == 2 or "interpreters@2  " in said.out
    assert "The jobs wait: " in said.out
    assert "The answers: 12 of 12 files correct" in said.out
    assert "INVALID" not in said.out
    assert "\x1b" not in said.out + said.err
    assert "…" not in said.out
    assert max(map(len, lines)) <= 160


def test_the_result_file_holds_the_runs_and_nothing_else_is_left(compared: Compared) -> None:
    result = load(compared.file)
    assert result.complete
    assert sorted({str(run.contender) for run in result.runs if run.valid}) >= [
        "celery:threads@2",
        "serial",
        "threads@4",
    ]
    assert [workload.name for workload in result.workloads] == ["waits", "files"]
    assert result.broker.endswith("(embedded)")
    assert all(run.slots == 2 for run in result.runs if str(run.contender) == "celery:threads@2")
    assert [path.name for path in compared.directory.rglob("*")] == ["out", "a.json.gz"]


def test_show_prints_the_same_tables(compared: Compared) -> None:
    assert simul("show", str(compared.file), cwd=compared.directory) == Said(0, compared.said.out, "")


def test_json_is_all_that_is_on_stdout(compared: Compared) -> None:
    said = simul("show", str(compared.file), "--json", cwd=compared.directory)
    assert (said.code, said.err) == (0, "")
    rows = json.loads(said.out)
    assert rows.keys() == {"waits", "files"}
    serial = next(row for row in rows["waits"]["contenders"] if row["contender"] == "serial")
    assert serial["valid_runs"] == 1
    assert serial["makespan_s"] > 0.1
    assert serial["latency_ms"]["n"] == 12


def test_compare_prints_json_too_and_takes_its_options_from_the_environment(tmp_path: Path) -> None:
    said = simul(
        *("compare", "waits"),
        cwd=tmp_path,
        environment={
            "SIMUL_WITH": "serial",
            "SIMUL_JOBS": "2",
            "SIMUL_ROUNDS": "2",
            "SIMUL_SEED": "9",
            "SIMUL_JSON": "1",
            "SIMUL_QUIET": "1",
            "SIMUL_OUT": "out.json",
        },
    )
    assert (said.code, said.err) == (0, "")
    [row] = json.loads(said.out)["waits"]["contenders"]
    assert (row["contender"], row["runs"], row["latency_ms"]["n"]) == ("serial", 2, 4)
    assert load(tmp_path / "out.json").seed == 9


def test_a_job_has_no_more_files_than_there_are(tmp_path: Path) -> None:
    said = simul("compare", "files", "--chunk", "1000", "--with", "serial", "--rounds", "1", cwd=tmp_path)
    assert re.search(r"^files  1 job of 120 files each: ", said.out, re.MULTILINE), said.out


def test_without_a_name_the_result_goes_into_a_new_file_below_results(tmp_path: Path) -> None:
    said = simul("compare", "waits", "--with", "serial", "--jobs", "1", "--rounds", "1", cwd=tmp_path)
    assert said.code == 0
    [file] = (tmp_path / "results").iterdir()
    assert re.fullmatch(r"compare-\d{8}-\d{6}\.json\.gz", file.name)
    assert f"Saved as results/{file.name}" in said.err


def test_what_is_no_result_is_told_in_one_line(simul_here: Here) -> None:
    said = simul_here("show", SIMUL)
    assert (said.code, said.out) == (6, "")
    assert "no result of simul" in said.err


MISREAD = [
    (
        "an unknown workload",
        ("compare", "chess"),
        ["'chess'", "files, waits, search, trapezoid, sieve, exchange, mixed, uneven"],
    ),
    ("an unknown contender", ("compare", "--with", "gevent"), ["'gevent'", "threads", "celery:gevent"]),
    ("no number of slots", ("compare", "--with", "threads@x"), ["threads@x", "1 to 10,000"]),
    ("slots for serial", ("compare", "--with", "serial@4"), ["serial has one slot"]),
    ("an unknown pool", ("send", "waits", "--pool", "fork"), ["'fork'", "solo, prefork, threads"]),
    ("an unknown workload to send", ("send", "chess"), ["'chess'", "waits"]),
    ("an unknown pool of a worker", ("worker", "--pool", "fork"), ["'fork'", "solo, prefork"]),
    ("an unknown design", ("judit", "--design", "gevent"), ["'gevent'", "serial, threads, asyncio"]),
    ("too many moves", ("judit", "--moves", "1000000"), ["--moves"]),
    ("no contender at all", ("compare", "--with", ""), ["--with"]),
    ("nothing but commas", ("compare", "--with", " , "), ["--with"]),
]


@pytest.mark.parametrize(
    ("arguments", "named"), [row[1:] for row in MISREAD], ids=[row[0] for row in MISREAD]
)
def test_what_is_misread_is_told_in_one_line(
    tmp_path: Path,
    simul_here: Here,
    arguments: tuple[str, ...],
    named: list[str],
) -> None:
    said = simul_here(*arguments)
    assert (said.code, said.out) == (2, "")
    assert len(said.err.splitlines()) == 1
    assert all(name in said.err for name in named)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("compare", "--fast"),
        ("compare", "--jobs", "0"),
        ("compare", "--jobs", "many"),
        ("compare", "--rounds", "-1"),
        ("compare", "--chunk", "0"),
        ("compare", "--workers", "some"),
        ("worker", "-c", "0"),
        ("worker", "--log-level", "loud"),
        ("dance",),
        ("show",),
    ],
    ids=" ".join,
)
def test_an_option_that_is_none_is_told_with_a_way_to_help(
    simul_here: Here,
    arguments: tuple[str, ...],
) -> None:
    said = simul_here(*arguments)
    assert (said.code, said.out) == (2, "")
    assert "Usage: " in said.err
    assert "--help" in said.err
    assert "Traceback" not in said.err


def test_files_without_data_say_what_to_do(tmp_path: Path, simul_here: Here) -> None:
    said = simul_here("compare", "files", "--data", str(tmp_path / "none"))
    assert (said.code, said.out) == (5, "")
    assert len(said.err.splitlines()) == 1
    assert "simul data make --into DIR" in said.err


@pytest.mark.parametrize(
    "command", [("compare", "waits"), ("compare", "--job", "time:time"), ("sweep", "--job", "time:time")]
)
def test_an_existing_result_is_not_overwritten(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "a.json").write_text("mine")
    said = simul(*command, "--with", "celery:solo", "--out", "a.json", cwd=tmp_path)
    assert (said.code, said.out) == (6, "")
    assert said.err.strip() == "Result: a.json exists already (save): name another file with --out"
    assert (tmp_path / "a.json").read_text() == "mine"


def test_a_module_of_the_users_is_not_taken_for_one_of_ours(tmp_path: Path) -> None:
    # Students keep their exercises in queue.py and redis.py, and start simul beside them.
    for name in ("queue", "redis", "celery", "random"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('taken for another')\n")
    said = simul(
        *("compare", "waits", "--with", "serial,celery:solo", "--jobs", "1", "--rounds", "1", "--json"),
        cwd=tmp_path,
    )
    assert said.code == 0, said.err
    assert [row["valid_runs"] for row in json.loads(said.out)["waits"]["contenders"]] == [1, 1]


@pytest.mark.skipif(sys.version_info >= SUBINTERPRETERS, reason="everything can run on this Python")
@pytest.mark.parametrize(
    "command",
    [("compare", "--with", "interpreters@2"), ("sweep", "--with", "interpreters", "-c", "2")],
    ids=" ".join,
)
def test_when_nobody_ran_it_is_said_in_one_line_and_by_the_exit_code(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    name, *more = command
    said = simul(name, "waits", *more, "--out", "a.json", "-q", cwd=tmp_path)
    assert said.code == 7
    assert "left out: interpreters@2: " in said.out
    [line] = said.err.splitlines()
    assert line.startswith("NothingMeasured: waits: no contender ran: interpreters@2: concurrent.futures.")
    assert load(tmp_path / "a.json").complete


def test_a_workload_with_one_valid_run_is_measured() -> None:
    result = a_result({"serial": [1.0]})
    result.runs.append(a_run("threads@4", problems=["4 of 4 jobs are lost"]))
    result.workloads[0].contenders.append(left_out("celery:gevent@2", "it did not start"))
    require_measured(result)


def test_a_workload_without_a_valid_run_says_what_went_wrong() -> None:
    result = a_result({"serial": [1.0]})
    result.runs = [a_run(name, problems=["4 of 4 jobs are lost"]) for name in ("threads@4", "serial")]
    with pytest.raises(NothingMeasuredError) as told:
        require_measured(result)
    assert str(told.value) == "waits: no run was valid: threads@4: 4 of 4 jobs are lost (and 1 more)"


def test_a_workload_that_nobody_did_is_told_though_others_were_done() -> None:
    result = a_result({"serial": [1.0]})
    result.workloads.append(
        replace(result.workloads[0], name="files", contenders=[left_out("celery:solo", "no worker")])
    )
    with pytest.raises(NothingMeasuredError, match=r"^files: no contender ran: celery:solo: no worker$"):
        require_measured(result)
