"""Workers that somebody else started say what they use; the others are no trouble, and liars are named."""

from __future__ import annotations

import time
from typing import Any

import pytest

from producer.contenders.celery_workers import asked_usage
from producer.contenders.spec import Spec
from producer.system.broker import Broker
from producer.system.reaper import Reaper
from tests.integration.conformance import runnable
from tests.integration.test_external import contender, worker
from tests.integration.test_liars import liar
from worker.errors import ContenderError
from worker.jobs import Job, Sieve
from worker.perform import perform
from worker.pools import POOLS
from worker.settings import PROJECT_DATA

pytestmark = pytest.mark.untraced

#: A process with Celery in it has at least so much of its own, in bytes.
LEAST = 20 * 2**20
#: A hundredth of a second is the least CPU time that Linux tells: these take tenths.
JOBS: list[Job] = [Sieve(start, start + 10**6) for start in range(10**9, 10**9 + 24 * 10**6, 10**6)]
STATS = {"pool": {"max-concurrency": 2}, "broker": {"transport": "redis"}}


@pytest.mark.parametrize("pool", POOLS)
def test_every_pool_says_what_its_processes_use(
    broker: Broker, reaper: Reaper, pool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked_usage, "INTERVAL_S", 0.01)  # solo cannot answer within a job
    slots = 2 if POOLS[pool].scales else 1
    runnable(Spec(f"celery:{pool}", slots))
    with worker(broker, reaper, pool, slots, "-n", "one@here"):
        external_workers = contender(broker, f"celery:{pool}")
        external_workers.start()
        outcome = external_workers.run(JOBS, lambda _: None)
    assert (outcome.problems, len(outcome.records)) == ([], len(JOBS))
    used = outcome.used
    assert used is not None
    [one] = used.workers
    assert (one.name, one.peak_memory_bytes, one.cpu_s) == ("one@here", used.peak_memory_bytes, used.cpu_s)
    assert used.peak_memory_bytes is not None
    assert used.peak_memory_bytes > LEAST
    assert used.cpu_s is not None
    assert used.cpu_s > here_s() / 2  # in whichever of its processes the jobs were done


def here_s() -> float:
    """What the jobs take of CPU time in this process, in seconds."""
    began = time.process_time()
    for job in JOBS:
        perform(job, PROJECT_DATA)
    return time.process_time() - began


def test_of_several_workers_each_says_its_own(broker: Broker, reaper: Reaper) -> None:
    with (
        worker(broker, reaper, "prefork", 2, "-n", "one@here"),
        worker(broker, reaper, "prefork", 2, "-n", "two@here", transport="reliable"),
    ):
        external_workers = contender(broker, "celery:prefork")
        external_workers.start()
        used = external_workers.run(JOBS, lambda _: None).used
    assert used is not None
    assert [each.name for each in used.workers] == ["one@here", "two@here"]
    assert used.cpu_s == pytest.approx(sum(each.cpu_s or 0 for each in used.workers))
    peaks = [each.peak_memory_bytes or 0 for each in used.workers]
    assert LEAST < max(peaks) < (used.peak_memory_bytes or 0) <= sum(peaks)


def test_a_worker_that_does_not_know_the_question_is_no_trouble(broker: Broker, reaper: Reaper) -> None:
    queues = [{"name": "simul.threads"}]
    with (
        worker(broker, reaper, "threads", 2, "-n", "one@here"),
        # What answers as Celery does without simul, where a command is not there.
        liar(broker, active_queues=queues, stats=STATS, ping={"ok": "pong"}),
    ):
        external_workers = contender(broker, "celery:threads")
        external_workers.start()
        outcome = external_workers.run(JOBS, lambda _: None)
    assert outcome.problems == []
    used = outcome.used
    assert used is not None
    assert (used.peak_memory_bytes, used.cpu_s) == (None, None)
    silent, one = used.workers
    assert (silent.peak_memory_bytes, silent.cpu_s) == (None, None)
    assert (one.peak_memory_bytes or 0) > LEAST


LIES: list[Any] = [
    {"memory_bytes": -1, "cpu_s": 1.0, "life": "a"},
    {"memory_bytes": 2**62, "cpu_s": 1.0, "life": "a"},
    {"memory_bytes": 1, "cpu_s": float("nan"), "life": "a"},
    ["\x1b[31m"],
]


def test_who_says_what_cannot_be_is_named(broker: Broker, reaper: Reaper) -> None:
    queues = [{"name": "simul.threads"}]
    with worker(broker, reaper, "threads", 2, "-n", "one@here"):
        for lie in LIES:
            with liar(broker, active_queues=queues, stats=STATS, ping={"ok": "pong"}, usage=lie):
                lied_to = contender(broker, "celery:threads")
                with pytest.raises(
                    ContenderError, match=r"'liar-.*@lab' answers what cannot be .*: Expected"
                ):
                    lied_to.start()
