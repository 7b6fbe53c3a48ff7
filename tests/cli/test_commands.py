"""The smaller commands, whole."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pytest

from tests.cli.conftest import Here
from tests.helpers import free_port, simul


def test_without_a_command_there_is_help(tmp_path: Path) -> None:
    said = simul(cwd=tmp_path)
    assert "Usage: simul" in said.out + said.err
    for command in ("compare", "show", "send", "worker", "judit", "machine", "data"):
        assert command in said.out + said.err


def test_data_files_are_made_and_checked(tmp_path: Path) -> None:
    made = simul("data", "make", "--into", "set", "--count", "5", cwd=tmp_path)
    assert (made.code, made.out, made.err) == (0, "5 files in set, seed 3063\n", "")
    assert (tmp_path / "set" / "test001.txt").read_text() == "# data 001\n8, 8, 3\n19\n"
    checked = simul("data", "check", "set", cwd=tmp_path)
    assert (checked.code, checked.out, checked.err) == (0, "5 of 5 files are right\n", "")


def test_damaged_data_files_are_listed_with_an_exit_code(simul_here: Here) -> None:
    made = simul_here("data", "make", "--into", "set", "--count", "9", "--corrupt", "2")
    damaged = [line.partition(":")[0] for line in made.out.splitlines()[1:]]
    assert len(damaged) == 2
    checked = simul_here("data", "check", "set")
    assert checked.code == 1
    *bad, total = checked.out.splitlines()
    assert sorted(line.partition(":")[0] for line in bad) == sorted(damaged)
    assert total == "7 of 9 files are right"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("make", "--into", ".", "--count", "0"), "--count"),
        (("make", "--into", ".", "--count", "3", "--corrupt", "4"), "--corrupt"),
        (("make", "--into", "file/below"), "file/below cannot be written"),
        (("check", "none"), "none cannot be listed"),
        (("check", "."), "holds no data files"),
    ],
)
def test_data_that_cannot_be_is_told_in_one_line(
    tmp_path: Path,
    simul_here: Here,
    arguments: tuple[str, ...],
    told: str,
) -> None:
    (tmp_path / "file").write_text("")
    said = simul_here("data", *arguments)
    assert (said.code, said.out) == (5, "")
    assert told in said.err
    assert len(said.err.splitlines()) == 1


def test_data_files_are_not_made_twice(simul_here: Here) -> None:
    assert simul_here("data", "make", "--into", "set", "--count", "1").code == 0
    again = simul_here("data", "make", "--into", "set", "--count", "1", "--seed", "1")
    assert again.code == 5
    assert "holds data files already" in again.err


@pytest.mark.parametrize("design", ["serial", "threads", "asyncio"])
def test_the_exhibition_is_held_in_every_design(tmp_path: Path, design: str) -> None:
    said = simul("judit", "--design", design, "--hour", "1", "--opponents", "3", "--moves", "2", cwd=tmp_path)
    assert (said.code, said.err) == (0, "")
    first, ideal, measured = said.out.splitlines()
    assert first == f"{design}: 3 opponents, 2 moves each, an hour in 1 s"
    assert float(ideal.split()[1]) == pytest.approx({"serial": 0.1}.get(design, 0.036), abs=0.001)
    assert float(measured.split()[1]) >= float(ideal.split()[1])


def test_the_machine_is_described_for_people_and_for_programs(tmp_path: Path) -> None:
    people = simul("machine", cwd=tmp_path)
    assert (people.code, people.err) == (0, "")
    assert "valkey" in people.out
    programs = simul("machine", "--json", cwd=tmp_path)
    assert (programs.code, programs.err) == (0, "")
    seen = json.loads(programs.out)
    assert {"cores", "gil", "python", "packages", "broker", "load"} <= seen.keys()


@pytest.mark.parametrize(
    "arguments",
    [
        ("compare", "waits", "--with", "serial"),
        ("worker",),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("kind", ["closed", "silent"])
def test_a_broker_that_does_not_answer_is_told_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], kind: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1] if kind == "silent" else free_port()
        url = f"redis://:s3cret@127.0.0.1:{port}/0"
        said = simul(*arguments, "--broker", url, cwd=tmp_path)
    assert (said.code, said.out) == (3, "")
    [line] = said.err.splitlines()
    assert f"nothing answers at redis://***@127.0.0.1:{port}/0" in line
    assert "s3cret" not in line


@pytest.mark.parametrize("command", [("send", "waits"), ("worker",)], ids=" ".join)
def test_advice_on_a_missing_broker_fits_the_command(
    simul_here: Here,
    command: tuple[str, ...],
) -> None:
    # These have no embedded broker to fall back on.
    said = simul_here(*command, "--broker", f"redis://127.0.0.1:{free_port()}/0")
    assert "embedded" not in said.err


@pytest.mark.parametrize(
    "command", ["machine", "worker", "send waits", "compare waits", "sweep waits", "judit --with asyncio"]
)
@pytest.mark.parametrize("address", ["redis://[::1", "redis://:s3/cret@host", "redis://host?protocol=3"])
def test_an_address_that_is_none_is_told_in_one_line(
    simul_here: Here, command: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = simul_here(*command.split(), "--broker", address)
    monkeypatch.setenv("SIMUL_BROKER_URL", address)
    for said in (told, simul_here(*command.split())):
        assert (said.code, said.out) == (3, "")
        [line] = said.err.splitlines()
        assert line.startswith("BrokerUnavailable: the broker's address ")
        assert "cret" not in line


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1", "FORCE_COLOR": "1"}, {}])
def test_colours_are_for_those_who_want_them(tmp_path: Path, environment: dict[str, str]) -> None:
    said = simul("compare", "chess", cwd=tmp_path, environment=environment)
    assert "\x1b[3" not in said.err
    assert said.err.startswith("UnknownName: no workload is called 'chess'")


@pytest.mark.parametrize("columns", ["40", "60", "80"])
def test_help_fits_a_narrow_terminal_and_cuts_nothing(tmp_path: Path, columns: str) -> None:
    said = simul("compare", "--help", cwd=tmp_path, environment={"COLUMNS": columns})
    assert said.code == 0
    assert "…" not in said.out
    together = re.sub(r"[\s│]+", "", said.out)  # a word longer than its column goes on in the next line
    assert "[envvar:SIMUL_COMPARE_REPORT]" in together
    assert "[envvar:SIMUL_BROKER_URL]" in together


@pytest.mark.parametrize("command", [["compare", "waits", "--with", "serial"], ["worker"], ["machine"]])
def test_a_setting_that_makes_no_sense_is_told_in_one_line(tmp_path: Path, command: list[str]) -> None:
    said = simul(*command, cwd=tmp_path, environment={"SIMUL_JOB_LIMIT": "soon", "COLUMNS": "200"})
    line = "SIMUL_JOB_LIMIT is a number of seconds above 0, not 'soon' (settings)"
    assert (said.code, said.out, said.err) == (2, "", f"Settings: {line}\n")
