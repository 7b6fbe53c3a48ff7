"""Functions whose best pool is known are compared for real, and that pool is recommended.

Here are those of which a busy machine changes nothing: arithmetic decides. Those that want free cores are
compared in tests/bench.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.helpers import SOON_S, simul

CONTENDERS = "celery:prefork@2,celery:threads@8,celery:gevent@8"
PREFORK, THREADS, GEVENT = CONTENDERS.split(",")


def advice_on(function: str, directory: Path, jobs: int = 60) -> dict[str, Any]:
    """Compare a function of `constructed_jobs`, and return the recommendation."""
    target = f"constructed_jobs:{function}"
    said = simul(
        *("compare", "--job", target, "--app-dir", str(Path(__file__).parent), "--jobs", str(jobs)),
        *("--rounds", "5", "--with", CONTENDERS, "--json"),
        cwd=directory,
        timeout_s=5 * SOON_S,
    )
    assert said.code == 0, said.err
    recommendation: dict[str, Any] = json.loads(said.out)[target]["advice"]["recommendation"]
    return recommendation


def chosen(recommendation: dict[str, Any]) -> str:
    """The contender that is recommended."""
    name: str = recommendation["choice"]["figures"]["contender"]
    return name


def why(recommendation: dict[str, Any]) -> dict[str, str]:
    """By what each contender is ruled out."""
    return {each["contender"]: each["why"] for each in recommendation["ruled_out"]}


def test_what_sleeps_wants_many_slots_whatever_they_are(tmp_path: Path) -> None:
    advice = advice_on("sleeps", tmp_path)
    assert chosen(advice) in (THREADS, GEVENT)
    assert why(advice)[PREFORK] == "too few slots"


def test_what_sleeps_in_c_holds_the_loop_of_greenlets(tmp_path: Path) -> None:
    advice = advice_on("sleeps_in_c", tmp_path)
    assert chosen(advice) == THREADS
    assert why(advice)[PREFORK] == "too few slots"
    assert why(advice)[GEVENT] == "holds the loop"


def test_a_leak_wants_processes_that_are_replaced(tmp_path: Path) -> None:
    advice = advice_on("leaks", tmp_path)
    assert chosen(advice) == PREFORK
    assert 50 <= advice["choice"]["replace_after"] <= 100
    assert "--max-tasks-per-child=" in advice["choice"]["command"]["text"]


def test_what_does_not_survive_a_fork_is_not_given_to_prefork(tmp_path: Path) -> None:
    advice = advice_on("fails_after_a_fork", tmp_path)
    assert chosen(advice) in (THREADS, GEVENT)
    assert why(advice)[PREFORK] == "fork"
