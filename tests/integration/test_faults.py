"""What dies during a run spoils that run, says what was lost, and nothing else."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from producer.contenders import exchange as over_broker
from producer.contenders.celery_workers import send
from producer.contenders.celery_workers.send import producer_app, publisher
from producer.contenders.celery_workers.spawned import SpawnedWorkers
from producer.contenders.exchange import run_over_broker
from producer.contenders.protocol import Contender
from producer.contenders.spec import Spec
from producer.measure.rounds import Measured, Session, measure
from producer.measure.started_contenders import Roster
from producer.results import Run
from producer.system.broker import Broker, open_broker
from producer.system.reaper import Reaper
from producer.workloads import Workload, build
from tests.helpers import SOON_S, survivors
from tests.integration.conformance import START
from worker.jobs import ChessMove, Job

pytestmark = pytest.mark.untraced

SOLO, THREADS = Spec("celery:solo", 1), Spec("threads", 8)


class Killer:
    """Watches a comparison, and kills a contender's process at the first progress of its first run."""

    def __init__(self, roster: Roster, victim: Spec) -> None:
        self._roster = roster
        self._victim = victim
        self._armed = False
        self.killed = 0

    def working_out(self, workload: Workload) -> None: ...
    def queueing(self) -> None: ...
    def awaiting(self, answering: int, awaited: int) -> None: ...
    def starting(self, workload: Workload, specs: Sequence[Spec]) -> None: ...
    def ready(self, workload: Workload, spec: Spec, contender: Contender) -> None: ...
    def left_out(self, workload: Workload, spec: Spec, why: str) -> None: ...
    def ran(self, run: Run) -> None: ...

    def running(self, _: Workload, spec: Spec, round_: int, *__: object) -> None:
        self._armed = spec == self._victim and round_ == 1

    def progress(self, done: int) -> None:
        if self._armed and done:
            self._armed = False
            self.killed = done
            [pid] = self._roster.start(self._victim).processes()
            os.kill(pid, signal.SIGKILL)


@dataclass
class Recorder:
    """Keeps what is measured."""

    workloads: list[Measured] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    def begin(self, measured: Measured) -> None:
        self.workloads.append(measured)

    def add(self, run: Run) -> None:
        self.runs.append(run)


def test_a_worker_that_is_killed_spoils_its_run_and_the_comparison_goes_on(
    own_roster: Roster, broker: Broker, data_root: Path
) -> None:
    killer = Killer(own_roster, SOLO)
    recorder = Recorder()
    session = Session(2, 1, data_root, broker, own_roster, killer)
    measure(build("waits", jobs=80), [SOLO, THREADS], session, recorder)
    assert killer.killed
    [spoilt] = [run for run in recorder.runs if not run.valid]
    assert (str(spoilt.contender), spoilt.round) == ("celery:solo", 1)
    assert 0 < spoilt.lost < 80
    death, lost = spoilt.problems
    assert death == "its worker was ended by SIGKILL"
    assert lost.startswith(f"{spoilt.lost} of 80 jobs are lost: ")
    assert sorted((str(run.contender), run.round) for run in recorder.runs if run.valid) == [
        ("celery:solo", 2),
        ("threads@8", 1),
        ("threads@8", 2),
    ]
    assert [contender.left_out for contender in recorder.workloads[0].contenders] == [None, None]


def test_a_job_whose_prefork_child_is_killed_is_done_again(own_roster: Roster) -> None:
    contender = own_roster.start(Spec("celery:prefork", 2))
    [root] = contender.processes()
    killed: list[psutil.Process] = []

    def kill_one(_: int) -> None:
        if not killed:
            [*children] = psutil.Process(root).children()
            killed.append(children[0])
            children[0].kill()

    # Both children are at work, or about to be, when the first record comes.
    jobs: list[Job] = [ChessMove(START, wait_ms=0), *[ChessMove(START, wait_ms=1500)] * 4]
    outcome = contender.run(jobs, kill_one)
    assert len(killed) == 1
    assert outcome.problems == []
    assert sorted(record.index for record in outcome.records) == [0, 1, 2, 3, 4]
    assert all(record.error is None for record in outcome.records)
    assert contender.alive()
    assert killed[0].pid not in [child.pid for child in psutil.Process(root).children()]


def test_a_queue_that_nobody_consumes_loses_every_job_and_says_so(broker: Broker) -> None:
    jobs = [ChessMove(START, wait_ms=0)] * 7
    queue = "simul.nobody"
    outcome = run_over_broker(
        *(publisher(producer_app(broker.url), queue), broker.url, jobs, lambda _: None),
        death=lambda: None,
        patient=lambda quiet_s: quiet_s < 0.3,
    )
    assert [*outcome.records] == []
    assert outcome.problems == ["no record came for 0 s", "7 of 7 jobs are lost: 0, 1, 2, 3, 4, …"]


@pytest.fixture
def mortal(reaper: Reaper) -> Broker:
    """The address of a broker that was there, and is no more."""
    with open_broker(None, reaper) as broker:
        return broker


def test_a_broker_that_is_gone_before_the_first_message_spoils_the_run(mortal: Broker) -> None:
    jobs = [ChessMove(START, wait_ms=0)] * 3
    app = producer_app(mortal.url)
    outcome = run_over_broker(
        publisher(app, "simul.solo"), mortal.url, jobs, lambda _: None, death=lambda: None
    )
    assert [*outcome.records] == []
    assert outcome.problems[0].startswith("the broker went away: ")
    assert outcome.problems[1].startswith("3 of 3 jobs are lost")


def test_a_broker_that_dies_during_a_run_spoils_it(reaper: Reaper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(over_broker, "RECONNECT_S", 0.5)
    with open_broker(None, reaper) as broker:
        assert broker.pid
        process = psutil.Process(broker.pid)

        def kill() -> None:
            process.kill()

        jobs = [ChessMove(START, wait_ms=0)] * 3
        publish = publisher(producer_app(broker.url), "q")
        outcome = run_over_broker(publish, broker.url, jobs, lambda _: None, death=kill)
        assert survivors([process], SOON_S) == []
    assert [problem.partition(":")[0] for problem in outcome.problems] == [
        "the broker went away",
        "3 of 3 jobs are lost",
    ]


def test_a_worker_whose_broker_dies_is_an_invalid_run_and_no_hang(
    reaper: Reaper, data_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (over_broker, send):
        monkeypatch.setattr(module, "RECONNECT_S", 0.5)
    with open_broker(None, reaper) as broker:
        assert broker.pid
        pid = broker.pid
        app = producer_app(broker.url)
        with Roster(lambda spec: SpawnedWorkers(spec, broker, app, data_root, reaper)) as own:
            contender = own.start(SOLO)
            jobs = [ChessMove(START, wait_ms=0), *[ChessMove(START, wait_ms=20)] * 100]
            outcome = contender.run(jobs, _once(lambda: os.kill(pid, signal.SIGKILL)))
            assert outcome.problems[0].startswith("the broker went away")
            assert len(outcome.records) < 101


def _once(do: Callable[[], None]) -> Callable[[int], None]:
    done: list[int] = []

    def first(count: int) -> None:
        if not done:
            done.append(count)
            do()

    return first
