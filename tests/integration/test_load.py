"""Jobs that arrive at real workers: each counts from the moment at which it was to arrive."""

from __future__ import annotations

from pathlib import Path

import pytest

from producer.contenders.arrivals import NS, Offer
from producer.contenders.peers.contender import PeerContender
from producer.contenders.protocol import QueueContender
from producer.contenders.sender import Sender
from producer.contenders.spec import Spec
from producer.measure.arriving import LATE_S, Arriving
from producer.measure.started_contenders import Roster
from producer.system.broker import Broker
from producer.system.reaper import Reaper
from tests.integration.conformance import START, runnable
from worker.errors import ContenderError
from worker.jobs import ChessMove, Job

pytestmark = pytest.mark.untraced

JOBS: list[Job] = [ChessMove(START, wait_ms=0, seed=seed) for seed in range(7)]
OFFER = Offer(rate=100, for_s=1.0, seed=1, burst=30, burst_at_s=0.5)


@pytest.mark.parametrize("way", ["celery:threads", "celery:asyncio", "dramatiq"])
def test_each_job_counts_from_when_it_was_to_arrive(way: str, roster: Roster) -> None:
    contender = roster.start(runnable(Spec(way, 4)))
    arriving = Arriving(contender, OFFER, JOBS)
    outcome = arriving.run(lambda _: None)
    due = OFFER.arrivals()
    records = sorted(outcome.records, key=lambda record: record.index)
    assert [record.index for record in records] == [*range(len(due))]
    began_ns = records[0].enqueued_ns - due[0]
    assert [record.enqueued_ns - began_ns for record in records] == [*due]
    assert all(record.enqueued_ns <= record.received_ns for record in records)
    assert sum(at == NS // 2 for at in due) == 30
    offered = arriving.offered()
    assert (offered.rate, offered.burst, offered.first_s) == (100, 30, due[0] / NS)
    assert 0 <= offered.late_p99_s <= offered.late_max_s
    late = [problem for problem in outcome.problems if problem.startswith("the sender was late")]
    assert bool(late) is (offered.late_p99_s > LATE_S)
    assert outcome.problems == late


def test_a_sender_that_cannot_keep_its_schedule_spoils_the_run(roster: Roster) -> None:
    contender = roster.start(Spec("celery:threads", 4))
    beyond = Offer(rate=100_000, for_s=0.1, seed=1)  # no process sends a job in 10 microseconds
    arriving = Arriving(contender, beyond, JOBS)
    outcome = arriving.run(lambda _: None)
    assert len(outcome.records) == len(arriving.jobs)
    assert arriving.offered().late_p99_s > LATE_S
    assert (
        outcome.problems
        == [problem for problem in outcome.problems if "the sender was late" in problem]
        != []
    )


def test_a_worker_that_dies_while_jobs_arrive_ends_the_run_at_once(
    broker: Broker, data_root: Path, reaper: Reaper
) -> None:
    contender: QueueContender = PeerContender(runnable(Spec("huey", 2)), broker, data_root, reaper)
    try:
        contender.start()
        arriving = Arriving(contender, Offer(rate=50, for_s=3600.0, seed=1), JOBS)
        outcome = arriving.run(lambda done: contender.break_off() if done else None)
        assert outcome.problems[0].startswith("its worker was ended by SIGKILL")
    finally:
        contender.stop()


def test_a_sender_that_cannot_start_says_why(broker: Broker, reaper: Reaper) -> None:
    sender = Sender("no.such.module", broker.url, "q", reaper)
    with pytest.raises(
        ContenderError, match=r"could not be sent \(send\): ModuleNotFoundError: No module named"
    ):
        sender.start()
    sender.stop()


def test_a_sender_whose_broker_is_away_says_so(reaper: Reaper) -> None:
    sender = Sender("producer.contenders.celery_workers.sender", "redis://127.0.0.1:1/0", "q", reaper)
    try:
        with pytest.raises(ContenderError, match=r"the jobs could not be sent \(send\)"):
            list(sender.publish(JOBS, "run"))
    finally:
        sender.stop()


def test_the_same_seed_makes_the_same_arrivals() -> None:
    assert OFFER.arrivals() == Offer(100, 1.0, 1, 30, 0.5).arrivals()
    assert OFFER.arrivals() != Offer(100, 1.0, 2, 30, 0.5).arrivals()
