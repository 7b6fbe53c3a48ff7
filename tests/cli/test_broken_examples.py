"""The broken designs of the lab sheet show what is wrong with them, and what the solutions do mends them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.helpers import SOON_S, clean_environment

ROOT = Path(__file__).parents[2]
BROKEN = ROOT / "examples" / "broken"
SOLUTIONS = ROOT / "docs" / "lab-sheet-solutions.md"


def run(program: Path, python: str = sys.executable) -> str:
    """What the program prints; nothing but that, not even a warning."""
    done = subprocess.run(
        [python, str(program)],
        capture_output=True,
        text=True,
        timeout=SOON_S,
        check=True,
        env=clean_environment(),
    )
    assert done.stderr == ""
    return done.stdout


def mended(name: str, directory: Path) -> Path:
    """A copy of the program with the changes that the solutions make to it."""
    text = (BROKEN / name).read_text()
    [diff] = re.findall(rf"```diff\n  # {name}\n(.*?)  ```", SOLUTIONS.read_text(), re.DOTALL)
    diff = dedent(diff)
    for hunk in re.findall(r"((?:^-.*\n)+)((?:^\+.*\n)*)", diff, re.MULTILINE):
        old, new = (re.sub("^[-+]", "", part, flags=re.MULTILINE) for part in hunk)
        assert text.count(f"\n{old}") == 1, f"{name} has no lines {old!r}"
        text = text.replace(f"\n{old}", f"\n{new}")
    (directory / name).write_text(text)
    return directory / name


def test_every_program_is_on_the_sheet_and_in_the_solutions() -> None:
    names = {path.name for path in BROKEN.glob("*.py")}
    assert (
        set(re.findall(r"examples/broken/(\w+\.py)", (ROOT / "docs" / "lab-sheet.md").read_text())) == names
    )
    assert set(re.findall(r"```diff\n  # (\w+\.py)", SOLUTIONS.read_text())) == names


@pytest.mark.parametrize("name", ["blocked_loop.py", "unpatched_gevent.py"])
def test_nobody_waits_beside_another_until_it_is_mended(name: str, tmp_path: Path) -> None:
    assert "at the same time: 1 of 8" in run(BROKEN / name)
    assert "at the same time: 8 of 8" in run(mended(name, tmp_path))


def lost(said: str) -> int:
    """How many visitors were lost, which is what is missing of those that came."""
    counts = [int(number.replace(",", "")) for number in re.findall(r"\b[\d,]{2,}\b|(?<=lost: )\d", said)]
    came, counted, missing = counts[-3:]
    assert came - counted == missing
    return missing


def test_updates_are_lost_without_a_gil_until_it_is_mended(tmp_path: Path) -> None:
    lost(run(BROKEN / "lost_update.py"))  # with a GIL a few or none; the three numbers have to agree
    assert lost(run(mended("lost_update.py", tmp_path))) == 0
    python = next(filter(None, map(shutil.which, ("python3.14t", "python3.13t"))), None)
    if python is None:
        pytest.skip("no free-threaded Python here")
    tries = [run(BROKEN / "lost_update.py", python) for _ in range(5)]
    assert all("without a GIL" in said for said in tries)
    assert any(lost(said) > 0 for said in tries)
    assert lost(run(mended("lost_update.py", tmp_path), python)) == 0


def test_a_child_never_gets_a_lock_that_a_thread_held_at_the_fork_until_it_is_mended(tmp_path: Path) -> None:
    said = run(BROKEN / "fork_with_threads.py")
    assert "parent: threads here: 2" in said
    assert "child: threads here: 1" in said
    assert said.endswith("parent: the child never did\n")
    said = run(mended("fork_with_threads.py", tmp_path))
    assert "child: wrote its line" in said
    assert said.endswith("parent: the child came to it\n")
