"""What a reaper keeps ends with its holder, however that ends; nothing else does."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from producer.system.reaper import Charge, Reaper
from tests.helpers import SOON_S, end, family, survivors

#: Holds a reaper that keeps two processes and a directory, tells who they are, and waits for its end.
HOLDER = """
import subprocess, sys, time
from pathlib import Path
from producer.system.reaper import Reaper

sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
parent = [sys.executable, "-c", f"import subprocess, time; subprocess.Popen({sleeper!r}); "
          "print(flush=True); time.sleep(600)"]
with Reaper() as reaper:
    alone = subprocess.Popen(sleeper)
    leader = subprocess.Popen(parent, start_new_session=True, stdout=subprocess.PIPE)
    leader.stdout.readline()
    bystander = subprocess.Popen(sleeper, start_new_session=True)
    reaper.add_process(alone.pid)
    reaper.add_process(leader.pid)
    reaper.add_directory(Path(sys.argv[1]))
    print(bystander.pid, flush=True)
    time.sleep(600)
"""


#: Does nothing, at length.
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing, at length."""
    with subprocess.Popen(SLEEPER) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_holder_leaves_neither_processes_nor_directory(tmp_path: Path, blow: signal.Signals) -> None:
    kept = tmp_path / "kept"
    (kept / "below").mkdir(parents=True)
    (kept / "below" / "file").write_text("data")
    other = tmp_path / "other"
    other.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(kept)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        bystander = psutil.Process(int(holder.stdout.readline()))
        everything = family(holder.pid)
        try:
            assert (
                len(everything) == 6
            )  # itself, its reaper, the lone one, the leader and its child, the bystander
            holder.send_signal(blow)
            holder.wait(SOON_S)
            assert survivors([process for process in everything if process != bystander]) == []
            assert bystander.is_running()
            assert not kept.exists()
            assert other.exists()
        finally:
            end(everything)


def test_leaving_it_ends_what_is_still_kept(sleeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    with Reaper() as reaper:
        reaper.add_process(sleeper.pid)
        reaper.add_directory(kept)
    assert sleeper.wait(SOON_S) == -signal.SIGTERM
    assert not kept.exists()


def test_what_is_forgotten_is_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    with Reaper() as reaper:
        reaper.add_process(sleeper.pid)
        reaper.drop_process(sleeper.pid)
    assert sleeper.poll() is None


def test_a_process_that_does_not_listen_is_killed() -> None:
    ignore = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    deaf = f"import signal, time; {ignore}; print(flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with Reaper(grace_s=0.2) as reaper:
            reaper.add_process(process.pid)
        assert process.wait(SOON_S) == -signal.SIGKILL


def test_what_has_ended_or_vanished_already_is_no_trouble(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    with Reaper() as reaper:
        reaper.add_process(process.pid)
        reaper.add_directory(tmp_path / "never made")


def test_a_reaper_that_was_killed_does_not_take_the_holder_with_it(sleeper: subprocess.Popen[bytes]) -> None:
    with Reaper() as reaper:
        own = psutil.Process(reaper.pid)
        own.kill()
        own.wait(SOON_S)
        reaper.add_process(sleeper.pid)
    assert sleeper.poll() is None


def test_the_group_of_a_leader_that_has_ended_is_ended_too() -> None:
    # As a worker that the kernel killed: it is dead, and waited for, but its children go on.
    parent = f"import subprocess as s; print(s.Popen({SLEEPER!r}, stdout=s.DEVNULL).pid, flush=True)"
    with Reaper() as reaper:
        leader = reaper.start([sys.executable, "-c", parent], stdout=subprocess.PIPE)
        out, _ = leader.communicate(timeout=SOON_S)
        orphan = psutil.Process(int(out))
        try:
            assert orphan.is_running()
            reaper.close()
            assert survivors([orphan]) == []
        finally:
            end([orphan])


def test_a_number_that_has_passed_on_is_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    # The kernel would have to give the number of one that has ended to another: told so, as if it had.
    sleeper_now = psutil.Process(sleeper.pid)
    assert list(Charge(sleeper.pid, leads=False, process=sleeper_now).running()) == [sleeper.pid]
    assert list(Charge(sleeper.pid, leads=False, process=None).running()) == []
    assert list(Charge(sleeper.pid, leads=True, process=None).running()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_no_interrupt_comes_between_the_start_of_a_process_and_its_keeping(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def interrupted(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(popen(*arguments, **options))
        signal.raise_signal(number)
        return started[-1]

    before = signal.signal(number, signal.default_int_handler)
    try:
        with Reaper() as reaper:
            monkeypatch.setattr(subprocess, "Popen", interrupted)
            with pytest.raises(KeyboardInterrupt):
                reaper.start(SLEEPER)
        [process] = started
        assert process.wait(SOON_S) == -signal.SIGTERM
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, before)
        for process in started:
            process.kill()
            process.wait()
