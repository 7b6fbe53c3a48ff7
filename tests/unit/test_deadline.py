"""No job runs for longer than it may, in any slot; and one that is as long as jobs are notices nothing."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from pathlib import Path

import chess
import pytest

from producer.contenders.exchange import SILENCE_S
from worker import deadline
from worker.deadline import UNLIMITED, Deadline
from worker.errors import SettingsError, StoppedError, TimeLimitError
from worker.job_messages import KINDS
from worker.jobs import (
    MAX_FILES,
    MAX_MESSAGES,
    MAX_PARTIES,
    MAX_STEPS,
    MAX_WAIT_MS,
    Call,
    ChessMove,
    Exchange,
    FileCheck,
    GameMove,
    Job,
    NoOp,
    Sieve,
    Trapezoid,
)
from worker.perform import perform, perform_async
from worker.settings import JOB_LIMIT_S, PROJECT_DATA, Settings

#: The greatest that a message may ask for. On this clock each look takes a second.
LONG: list[Job] = [
    FileCheck(("test001.txt",) * MAX_FILES),
    ChessMove(chess.STARTING_FEN, wait_ms=MAX_WAIT_MS),
    ChessMove(chess.STARTING_FEN, depth=5),
    Trapezoid(0, 2, MAX_STEPS),
    Sieve(10**12 - 10**7, 10**12),
    Exchange(1, MAX_PARTIES, MAX_PARTIES, MAX_MESSAGES, capacity=1, pause_ms=MAX_WAIT_MS / MAX_MESSAGES),
    GameMove(chess.STARTING_FEN, 0, 0, 2026, 24, 60, (MAX_WAIT_MS, 1), ("simul.judit", "simul.gevent")),
]
SHORT: list[Job] = [
    FileCheck(("test001.txt",)),
    ChessMove(chess.STARTING_FEN, wait_ms=30),
    ChessMove(chess.STARTING_FEN, depth=1),
    Trapezoid(0, 2, 100),
    Sieve(0, 100),
    Exchange(1, producers=1, consumers=1, messages=2, capacity=1, pause_ms=30),
    GameMove(chess.STARTING_FEN, 0, 0, 2026, 24, 60, (30, 1), ("simul.judit", "simul.gevent")),
]


class Clock:
    """A second passes with each look at it."""

    def __init__(self) -> None:
        self.now = 1000.0
        #: What happens at a look, by its number.
        self.then: dict[int, Callable[[], None]] = {}
        self.looks = 0

    def __call__(self) -> float:
        self.now += 1
        self.looks += 1
        self.then.get(self.looks, lambda: None)()
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(deadline, "monotonic", clock)
    monkeypatch.setattr(deadline, "_stop_at", [math.inf])
    return clock


def plainly(job: Job, data_root: Path = PROJECT_DATA) -> object:
    return perform(job, data_root, sleep=lambda _: None)


def on_a_loop(job: Job, data_root: Path = PROJECT_DATA) -> object:
    async def at_once(_: float) -> None: ...

    async def do() -> object:
        asyncio.sleep = at_once  # type: ignore[assignment]
        return await perform_async(job, data_root)

    before = asyncio.sleep
    try:
        return asyncio.run(do())
    finally:
        asyncio.sleep = before


twins = pytest.mark.parametrize("do", [plainly, on_a_loop])
long_jobs = pytest.mark.parametrize("job", LONG, ids=lambda job: type(job).__name__)


def test_the_examples_here_are_of_every_kind() -> None:
    # Calls have tests of their own (test_call), and nothing takes no time.
    assert {type(job) for job in LONG} == {type(job) for job in SHORT} == set(KINDS.values()) - {Call, NoOp}


@twins
@long_jobs
def test_a_job_that_takes_too_long_fails_and_says_so(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, do: Callable[[Job], object], job: Job
) -> None:
    monkeypatch.setattr(deadline, "_limit_s", lambda: 5.0)
    with pytest.raises(TimeLimitError, match=r"not done within 5 s, .*SIMUL_JOB_LIMIT"):
        do(job)
    assert clock.looks < 10


@twins
@long_jobs
def test_a_job_is_interrupted_where_its_process_is_to_stop(
    clock: Clock, do: Callable[[Job], object], job: Job
) -> None:
    clock.then[3] = lambda: deadline.stop_within(2)
    with pytest.raises(StoppedError, match="goes back to the queue"):
        do(job)
    assert clock.looks < 10


@twins
@pytest.mark.parametrize("job", SHORT, ids=lambda job: type(job).__name__)
def test_nothing_begins_in_a_process_whose_time_is_up(
    clock: Clock, do: Callable[[Job], object], job: Job
) -> None:
    do(job)
    deadline.stop_within(0.5)
    looks = clock.looks
    with pytest.raises(StoppedError):
        do(job)
    assert clock.looks == looks + 2  # to begin, and to see that nothing does


def test_to_stop_once_more_gives_no_more_time(clock: Clock) -> None:
    deadline.stop_within(3)
    deadline.stop_within(100)
    clock.now += 3
    with pytest.raises(StoppedError):
        UNLIMITED.check()


def test_an_ordinary_wait_is_one_sleep_and_no_look(clock: Clock) -> None:
    until = Deadline(5)
    looks = clock.looks
    assert list(until.naps(0.03)) == [0.03]
    assert list(until.naps(0)) == [0]  # which lets others run
    assert clock.looks == looks
    assert sum(UNLIMITED.naps(3.3)) == pytest.approx(3.3)


def test_the_limits_fit_into_each_other() -> None:
    # A wait into the limit of a job; a job into the time after which a run takes it for lost.
    assert MAX_WAIT_MS / 1000 < JOB_LIMIT_S < SILENCE_S
    assert Settings.read({}).job_limit_s == JOB_LIMIT_S


@pytest.mark.parametrize("name", ["SIMUL_JOB_LIMIT", "SIMUL_GRACE", "SIMUL_VISIBILITY_TIMEOUT"])
@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "soon"])
def test_a_time_that_is_none_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is a number of seconds above 0, not '{text}'"):
        Settings.read({name: text})


@pytest.mark.parametrize("text", ["2000001", "1e308"])
def test_a_time_that_nothing_can_wait_for_is_refused(text: str) -> None:
    with pytest.raises(
        SettingsError, match=f"SIMUL_JOB_LIMIT is a number of seconds up to 2,000,000, not '{text}'"
    ):
        Settings.read({"SIMUL_JOB_LIMIT": text})
