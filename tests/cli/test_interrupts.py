"""However a command ends, nothing that it started is left, and what was measured is saved."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from producer.results import load
from producer.system.machine import cores
from tests.helpers import SOON_S, await_line, command_line, end, family, started, survivors

pytestmark = pytest.mark.untraced

#: Long enough that it ends only because it is made to: a second a round, many minutes in all.
COMPARE = ("compare", "waits", "--with", "threads@8,celery:prefork@2", "--jobs", "60", "--rounds", "999")
#: Minutes of work before the first run.
LONG_WORK = ("compare", "search", "--with", "threads@2", "--jobs", "5000")


@contextmanager
def comparing(
    short_tmp: Path, cwd: Path, *more: str
) -> Iterator[tuple[subprocess.Popen[str], list[psutil.Process]]]:
    """A comparison in its second round, with everything it has started."""
    arguments = (*COMPARE, *more, "--out", str(cwd / "a.json"))
    with started(*arguments, cwd=cwd, environment={"TMPDIR": str(short_tmp)}) as process:
        assert process.stderr is not None
        await_line(process.stderr, "round 2 of 999")
        everything = family(process.pid)
        try:
            yield process, everything
        finally:
            end(everything)


def names(processes: Sequence[psutil.Process]) -> str:
    """What they are, to look for the expected ones."""
    return "\n".join(map(command_line, processes))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_comparison_stops_all_and_keeps_what_it_has(
    tmp_path: Path, short_tmp: Path, number: signal.Signals
) -> None:
    with comparing(short_tmp, tmp_path) as (process, everything):
        shown = names(everything)
        assert all(
            name in shown
            for name in ("valkey-server", "-A worker worker", "producer.system.reaper", "designs.child")
        )
        assert len(list(short_tmp.glob("simul-broker-*"))) == 1
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does
        else:
            process.send_signal(number)
        out, err = process.communicate(timeout=SOON_S)
        assert process.returncode == 130
        assert survivors(everything) == []
    assert "Traceback" not in out + err
    assert f"Interrupted. The finished runs are saved in {tmp_path / 'a.json'}" in " ".join(err.split())
    assert "ended before the last round" in out
    assert list(short_tmp.iterdir()) == []
    result = load(tmp_path / "a.json")
    assert not result.complete
    assert {str(run.contender) for run in result.runs if run.valid} == {"threads@8", "celery:prefork@2"}


def test_two_interrupts_stop_everything_too(tmp_path: Path, short_tmp: Path) -> None:
    with comparing(short_tmp, tmp_path) as (process, everything):
        os.killpg(process.pid, signal.SIGINT)
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=SOON_S)
        assert process.returncode != 0
        assert survivors(everything) == []
    assert list(short_tmp.iterdir()) == []


def test_a_killed_lab_leaves_nothing_behind(tmp_path: Path, short_tmp: Path) -> None:
    with comparing(short_tmp, tmp_path) as (process, everything):
        process.kill()
        process.wait(SOON_S)
        assert survivors(everything) == []
        assert list(short_tmp.iterdir()) == []
    assert {str(run.contender) for run in load(tmp_path / "a.json").runs} == {"threads@8", "celery:prefork@2"}


def test_an_interrupt_before_the_first_run_saves_nothing(tmp_path: Path, short_tmp: Path) -> None:
    arguments = (*COMPARE, "--out", str(tmp_path / "a.json"))
    with started(*arguments, cwd=tmp_path, environment={"TMPDIR": str(short_tmp)}) as process:
        assert process.stderr is not None
        await_line(process.stderr, "working out")
        everything = family(process.pid)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=SOON_S)
        assert (process.returncode, out) == (130, "")
        assert err.splitlines() == ["Interrupted before the first run ended: nothing is saved."]
        assert survivors(everything) == []
    assert list(short_tmp.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_while_contenders_start_beside_each_other_leaves_none(
    tmp_path: Path, short_tmp: Path
) -> None:
    many = ",".join(f"celery:threads@{slots}" for slots in range(1, 9))
    arguments = ("compare", "waits", "--with", many, "--jobs", "8", "--out", "a.json")
    with started(*arguments, cwd=tmp_path, environment={"TMPDIR": str(short_tmp)}) as process:
        while names(everything := family(process.pid)).count("-A worker worker") < min(2, cores()):
            assert process.poll() is None
        try:
            os.killpg(process.pid, signal.SIGINT)
            _, err = process.communicate(timeout=SOON_S)
            assert process.returncode == 130
            assert err.splitlines()[1:] == ["Interrupted before the first run ended: nothing is saved."]
            assert survivors(everything) == []
        finally:
            end(everything)
    assert list(short_tmp.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_however_it_ends_the_lab_does_not_leave_the_working_out_of_answers(
    tmp_path: Path, short_tmp: Path, number: signal.Signals
) -> None:
    with started(*LONG_WORK, cwd=tmp_path, environment={"TMPDIR": str(short_tmp)}) as process:
        while "producer.measure.reference_child" not in names(everything := family(process.pid)):
            assert process.poll() is None
        try:
            if number == signal.SIGKILL:
                process.kill()
                process.wait(SOON_S)
            else:
                os.killpg(process.pid, number)
                _, err = process.communicate(timeout=SOON_S)
                assert err.splitlines()[1:] == ["Interrupted before the first run ended: nothing is saved."]
            assert survivors(everything) == []
        finally:
            end(everything)
    assert list(short_tmp.iterdir()) == []


def test_a_closed_terminal_is_nothing_to_a_command_under_nohup(tmp_path: Path, short_tmp: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # what nohup does, and a child inherits
    try:
        arguments = (
            "compare",
            "waits",
            "--with",
            "serial",
            "--jobs",
            "5",
            "--rounds",
            "2",
            "--out",
            "a.json",
        )
        with started(*arguments, cwd=tmp_path, environment={"TMPDIR": str(short_tmp)}) as process:
            assert process.stderr is not None
            await_line(process.stderr, "working out")
            process.send_signal(signal.SIGHUP)
            process.communicate(timeout=SOON_S)
            assert process.returncode == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    assert load(tmp_path / "a.json").complete


@pytest.mark.parametrize("design", ["serial", "threads", "asyncio"])
def test_an_interrupted_exhibition_ends_without_a_traceback(tmp_path: Path, design: str) -> None:
    with started("judit", "--design", design, "--hour", "3600", cwd=tmp_path) as process:
        # It says nothing while it plays. Its signals are its own once it handles SIGHUP.
        while not _handles(process.pid, signal.SIGHUP):
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=SOON_S)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_an_interrupted_import_is_no_traceback() -> None:
    interrupted = """
import signal, sys, types
import simul_lab
sys.modules["producer.cli"] = types.SimpleNamespace(main=lambda: signal.raise_signal(signal.SIGINT))
simul_lab.main()
"""
    done = subprocess.run([sys.executable, "-c", interrupted], capture_output=True, text=True, timeout=SOON_S)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


def _handles(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler of its own for a signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)
