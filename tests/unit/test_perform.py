"""Every kind of job is done, alike in both twins, without Celery or a broker."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import chess
import pytest

from worker.errors import InvalidJobError
from worker.job_messages import KINDS
from worker.jobs import Call, ChessMove, Exchange, FileCheck, GameMove, Job, NoOp, Sieve, Trapezoid
from worker.perform import perform, perform_async
from worker.settings import PROJECT_DATA

JOBS: list[Job] = [
    FileCheck(("test001.txt", "missing.txt")),
    ChessMove(chess.STARTING_FEN, wait_ms=1, seed=5),
    ChessMove(chess.STARTING_FEN, depth=1),
    NoOp(7),
    Trapezoid(0, 2, 100),
    Sieve(0, 100),
    Exchange(2026, producers=3, consumers=2, messages=5, capacity=2, pause_ms=0.5),
    GameMove(chess.STARTING_FEN, 0, 0, 2026, 24, 60, (1, 1), ("simul.judit", "simul.gevent")),
]


def test_the_examples_here_are_of_every_kind() -> None:
    # Calls have tests of their own: the process must have been started for them (test_call).
    assert {type(job) for job in JOBS} == set(KINDS.values()) - {Call}


@pytest.mark.parametrize("job", JOBS, ids=lambda job: type(job).__name__)
def test_both_twins_give_the_same_answer(job: Job) -> None:
    assert asyncio.run(perform_async(job, PROJECT_DATA)) == perform(job, PROJECT_DATA)


def test_a_reference_answer_needs_no_waiting() -> None:
    waits: list[float] = []
    slow = ChessMove(chess.STARTING_FEN, wait_ms=20_000, seed=5)
    assert perform(slow, PROJECT_DATA, sleep=waits.append) == perform(JOBS[1], PROJECT_DATA)
    assert sum(waits) == pytest.approx(20)


def test_an_impossible_job_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(InvalidJobError, match="is no FEN"):
        perform(ChessMove("?", depth=1), tmp_path)
    with pytest.raises(InvalidJobError, match="is no FEN"):
        asyncio.run(perform_async(ChessMove("?", depth=1), tmp_path))


def test_doing_jobs_imports_neither_celery_nor_redis_nor_an_event_loop() -> None:
    program = (
        "import sys, worker.perform\n"
        "print(*sorted({'asyncio', 'aiofiles', 'celery', 'kombu', 'msgspec', 'redis'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
