"""`simul lesson`: it asks, measures, keeps what was said, and holds the two against each other."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from producer.contender_name import ContenderName
from producer.results import ExpectedSpeed, Prediction, load
from tests.cli.conftest import Here
from tests.helpers import SIMUL, SOON_S, clean_environment, end, family, simul

ANSWERS = """
[waits]
fastest = "threads@32"
times = 20
with_32_slots = 5
"""
SAID = Prediction(
    "waits",
    ContenderName.parse("threads@32"),
    20.0,
    [ExpectedSpeed(ContenderName.parse("celery:threads@32"), 5.0)],
)


@pytest.mark.untraced
def test_answers_from_a_file_are_kept_and_confronted(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(ANSWERS)
    arguments = (
        "lesson",
        "waits",
        "--answers",
        "a.toml",
        "--quick",
        "--out",
        "r.json",
        "--report",
        "r.html",
        "-q",
    )
    said = simul(*arguments, cwd=tmp_path)

    assert (said.code, said.err) == (0, "")
    result = load(tmp_path / "r.json")
    assert result.predictions == [SAID]
    assert {str(run.contender) for run in result.runs} >= {"serial", "celery:threads@2", "celery:threads@32"}
    table, _, told = said.out.partition("What you predicted\n")
    assert "makespan" in table
    assert "the fastest against serial: cannot tell. You said 20.0 times as fast as serial; it was" in told
    page = (tmp_path / "r.html").read_text()
    assert "What you predicted" in page
    shown = simul("show", "r.json", cwd=tmp_path)
    assert shown.out == said.out


def test_the_template_is_printed_and_is_read(simul_here: Here, tmp_path: Path) -> None:
    said = simul_here("lesson", "waits", "--template")
    assert (said.code, said.err) == (0, "")
    assert said.out.count("\n# fastest = ") == 1
    (tmp_path / "a.toml").write_text(said.out + "# a line of one's own\nname = 'Bob'\n")
    refused = simul_here("lesson", "waits", "--answers", "a.toml")
    assert (refused.code, refused.out) == (2, "")
    line = len(said.out.splitlines()) + 2
    assert refused.err.startswith(f"Answer: a.toml:{line} (answers): name: nothing called 'name' is asked; ")


def test_without_a_terminal_it_says_what_to_do(tmp_path: Path) -> None:
    said = simul("lesson", "waits", cwd=tmp_path)
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        "Answer: nobody can be asked, for this is no terminal (questions): write the answers into a file "
        "(simul lesson --template > answers.toml) and give it with --answers answers.toml\n"
    )
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nonsense",), "UnknownName: no workload is called 'nonsense'"),
        (("waits", "--out", "there.json"), "Result: there.json exists already"),
        (("waits", "--report", "there.json"), "Result: there.json exists and is no report"),
        (("waits", "--out", "a", "--report", "./a"), "Result: a cannot be the result and its page"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_asked(
    simul_here: Here, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    (tmp_path / "there.json").write_text("{}")
    said = simul_here("lesson", *arguments)
    assert said.code in (2, 6)
    assert told in said.err
    assert len(said.err.splitlines()) == 1


class Terminal:
    """A command whose questions are on a terminal, and somebody who types."""

    def __init__(self, process: subprocess.Popen[str], keyboard: int) -> None:
        self.process = process
        self._keyboard = keyboard
        self.seen = ""

    def await_text(self, text: str) -> None:
        """Read until that text is there, after what was awaited before."""
        seen = ""
        while text not in seen:
            more = self._read()
            assert more, f"{text!r} did not come after {self.seen + seen!r}"
            seen += more
        self.seen += seen

    def type(self, text: str) -> None:
        """Type."""
        os.write(self._keyboard, text.encode())

    def read_on(self) -> None:
        """Read until the command has closed its terminal."""
        while more := self._read():
            self.seen += more

    def _read(self) -> str:
        """Return what comes next; nothing where the terminal is closed, or nothing comes for far too long."""
        if not select.select([self._keyboard], [], [], SOON_S)[0]:
            return ""
        try:
            return os.read(self._keyboard, 4096).decode()
        except OSError:  # Linux says so of a terminal that nobody has open any more
            return ""


@contextmanager
def asking(tmp_path: Path, *arguments: str) -> Iterator[Terminal]:
    """`simul lesson` on a terminal."""
    keyboard, terminal = pty.openpty()
    process = subprocess.Popen(
        [SIMUL, "lesson", *arguments],
        cwd=tmp_path,
        env=clean_environment(COLUMNS="200"),
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
        start_new_session=True,
    )
    os.close(terminal)
    try:
        yield Terminal(process, keyboard)
    finally:
        end(family(process.pid))
        process.communicate()
        os.close(keyboard)


@pytest.mark.untraced
def test_it_asks_again_where_an_answer_is_none_and_skips_what_is_skipped(tmp_path: Path) -> None:
    with asking(tmp_path, "waits", "--quick", "--out", "r.json", "-q") as terminal:
        terminal.await_text("Who will be the fastest? [1 to 6] ")
        terminal.type("nobody\n")
        terminal.await_text("Who will be the fastest? [1 to 6] ")
        terminal.type("2\n")
        terminal.await_text("the fastest be? [a number] ")
        terminal.type("20x\n")
        terminal.await_text("[a number] ")
        terminal.type("\n")
        terminal.await_text("[a number] ")
        terminal.type("5\n")
        terminal.read_on()
        out, _ = terminal.process.communicate(timeout=SOON_S)

    assert terminal.process.returncode == 0
    assert "'nobody' is not one of serial, threads@32" in terminal.seen
    assert "waits: 12 jobs: chess opponents who think for 10 to 30 ms, then move" in terminal.seen
    assert "2  threads@32: 32 threads of one process" in terminal.seen
    assert "What you predicted" in out
    assert load(tmp_path / "r.json").predictions == [SAID]


def interrupt(process: subprocess.Popen[str]) -> None:
    """Interrupt it until it ends: what comes between a question and its reading waits for the next key."""
    for _ in range(int(SOON_S)):
        process.send_signal(signal.SIGINT)
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            continue
        return


@pytest.mark.parametrize("how", ["ctrl-c", "ctrl-d"])
def test_who_ends_it_at_a_question_has_measured_nothing(tmp_path: Path, how: str) -> None:
    with asking(tmp_path, "waits") as terminal:
        terminal.await_text("Who will be the fastest? [1 to 6] ")
        if how == "ctrl-c":
            interrupt(terminal.process)
        else:
            terminal.type("\x04")
        terminal.read_on()
        out, _ = terminal.process.communicate(timeout=SOON_S)

    assert (terminal.process.returncode, out) == (130 if how == "ctrl-c" else 2, "")
    assert "Traceback" not in terminal.seen
    assert ("nothing was measured" in terminal.seen) == (how == "ctrl-d")
    assert not (tmp_path / "results").exists()
