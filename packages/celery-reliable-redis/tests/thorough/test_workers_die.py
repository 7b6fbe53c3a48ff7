"""Workers that are killed, stopped and woken, with an exact account of every job."""

from __future__ import annotations

import random
import signal

import pytest

from transport_lab import POOLS, Lab, pools, until

KILLS = 2


@pytest.mark.parametrize("pool", POOLS)
def test_nothing_is_lost_when_busy_workers_are_killed(lab: Lab, pool: str) -> None:
    chance = random.Random(pool)
    lab.options["lease"] = 0.5  # a job may well be done twice here
    workers = [lab.worker(pool) for _ in range(KILLS + 1)]
    lab.ready(*workers)
    for kill in range(KILLS):
        wanted = lab.noted("started").total() + chance.randrange(1, 60)
        lab.send("work", range(kill * 100, kill * 100 + 100), 0.01)
        until(lambda: lab.noted("started").total() >= wanted, "jobs")  # noqa: B023  # called at once
        workers[kill].kill()
        lab.nothing_is_lost()
    lab.all_done()
    lab.nothing_is_lost()


def test_a_worker_taken_for_dead_does_no_harm_when_it_wakes(lab: Lab) -> None:
    sleeper = lab.worker("threads")
    lab.ready(sleeper)
    lab.send("hold", range(12))
    until(lambda: lab.noted("started").total() == 4, "four jobs in threads")
    sleeper.signal(signal.SIGSTOP)
    heir = lab.worker("threads")
    lab.ready(heir)
    until(lambda: lab.noted("started").total() == 8, "the jobs are back in work")
    lab.records.set("release", 1)
    until(lambda: set(lab.noted("done")) == lab.sent, "all done by the other worker")
    lab.send("work", range(100, 150), 0.01)
    sleeper.signal(signal.SIGCONT)
    lab.all_done()
    until(lambda: lab.broker_client.zcard("reliable:consumers") == 2, "both are registered")


def test_a_long_job_of_a_live_worker_is_started_once(lab: Lab) -> None:
    """Whatever the job blocks: the main thread of solo, a hub, the event loop, a child."""
    pools = ("solo", "gevent", "eventlet", "asyncio", "prefork")
    workers = [lab.worker(pool, "-Q", pool) for pool in pools]
    lab.ready(*workers)
    for number, pool in enumerate(pools):
        lab.send("block", range(number, number + 1), 4.0, queue=pool)
    until(lambda: lab.noted("started").total() == len(pools), "all have started")
    idle = lab.worker("threads", "-Q", ",".join(pools))
    lab.ready(idle)
    lab.all_done()
    assert lab.noted("started") == dict.fromkeys(range(len(pools)), 1)


@pytest.mark.parametrize("pool", pools("threads", "prefork", "gevent", "eventlet", "asyncio"))
def test_what_is_done_while_a_worker_stops_is_acknowledged_before_the_longest_job_is(
    lab: Lab, pool: str
) -> None:
    """Or else all of it is done again, where the worker is killed before that."""
    worker = lab.worker(pool)
    lab.ready(worker)
    lab.send("hold", range(1))
    lab.send("work", range(1, 2), 1.0)
    until(lambda: lab.noted("started").total() == 2, "both jobs have started")
    worker.signal(signal.SIGTERM)
    until(lambda: lab.noted("done").total() == 1, "the short job is done")
    until(lambda: lab.reserved_by(worker) == 1, "its acknowledgement")
    assert not lab.noted("done")[0]
    lab.records.set("release", 1)
    assert worker.process.wait(60) == 0
    lab.all_done()
