"""Tasks that wait in Redis until they are due, with real workers: each starts once, whoever dies."""

from __future__ import annotations

import pytest

from celery_reliable_redis import list_delayed, revoke_delayed
from transport_delayed import DELAYING, LONG_S, delayed, lateness, producing, send_timed, soon
from transport_lab import POOLS, RELIABLE, Lab, pools, until

#: Due while a worker starts, at the earliest.
SOON_S = 1.0


@pytest.fixture
def waiting(lab: Lab) -> Lab:
    lab.options.update(DELAYING)
    return lab


def each_started_once(lab: Lab) -> None:
    """Wait until all are done, and assert that none was too early, or twice."""
    lab.all_done()
    assert set(lab.noted("done").values()) == {1}
    assert len(lateness(lab)) == len(lab.sent)
    # By a worker's timer: its clock and the system's differ by less.
    assert lateness(lab)[0] > -0.05
    assert not list(list_delayed(lab.broker_client, lab.options.get("global_keyprefix", "")))


@pytest.mark.parametrize("producer", ["own", "stock"])
@pytest.mark.parametrize("pool", pools(*POOLS))
def test_every_pool_starts_each_task_once(waiting: Lab, pool: str, producer: str) -> None:
    lab = waiting
    lab.ready(lab.worker(pool))
    with producing(lab, RELIABLE if producer == "own" else "") as app:
        send_timed(lab, app, [soon(SOON_S + number / 50) for number in range(50)])
    each_started_once(lab)


def test_what_waits_outlives_all_workers(waiting: Lab) -> None:
    lab = waiting
    workers = [lab.worker("threads") for _ in range(2)]
    lab.ready(*workers)
    with producing(lab) as app, producing(lab, "") as stock:
        for each in (app, stock):
            send_timed(lab, each, [soon(8)] * 20)
        until(lambda: delayed(lab) == 40, "those of a stock producer wait, too")
    for worker in workers:
        worker.kill()
    assert delayed(lab) == 40
    lab.ready(lab.worker("threads"))
    each_started_once(lab)


def test_who_waits_for_a_busy_worker_goes_to_another(waiting: Lab) -> None:
    """The thread that releases goes on while a job blocks its worker, and ends with it."""
    lab = waiting
    busy = lab.worker("solo", "--prefetch-multiplier", "1")
    lab.ready(busy)
    lab.send("hold", range(1))
    until(lambda: lab.noted("started"), "it is busy")
    idle = lab.worker("solo")
    lab.ready(idle)
    with producing(lab) as app:
        send_timed(lab, app, [soon(SOON_S)])
        until(lambda: lateness(lab), "it was done by the other")
    assert not lab.noted("done")[0]
    lab.records.set("release", 1)
    lab.all_done()


def test_several_workers_share_what_is_due_at_one_moment(waiting: Lab) -> None:
    lab = waiting
    lab.ready(lab.worker("threads"), lab.worker("prefork"), lab.worker("threads", transport=""))
    with producing(lab) as app:
        send_timed(lab, app, [soon(SOON_S + 1)] * 500)
    each_started_once(lab)


@pytest.mark.parametrize("prefix", ["", "mine."])
def test_priorities_and_a_prefix_stay(waiting: Lab, prefix: str) -> None:
    lab = waiting
    lab.options["global_keyprefix"] = prefix
    lab.options["priority_steps"] = [0, 5]
    with producing(lab) as app, producing(lab, "") as stock:
        for each in (app, stock):
            for priority in (0, 5, 9):
                send_timed(lab, each, [soon(SOON_S + 2)], priority=priority)
    lab.ready(lab.worker("solo"))
    each_started_once(lab)


def test_a_retry_waits_in_redis(waiting: Lab) -> None:
    lab = waiting
    lab.ready(lab.worker("threads"))
    lab.send("again_later", range(1), 0.7)
    until(lambda: delayed(lab) == 1, "it waits")
    assert not lab.queued()
    until(lambda: not any(lab.reserved().values()), "its worker holds nothing")
    lab.all_done()
    assert lab.noted("started") == {0: 2}


def test_who_is_revoked_does_not_start(waiting: Lab) -> None:
    lab = waiting
    worker = lab.worker("threads")
    lab.ready(worker)
    lab.answers(worker)
    with producing(lab) as app:
        gone, refused, last = send_timed(lab, app, [soon(2), soon(2.1), soon(2.2)])
        assert revoke_delayed(lab.broker_client, [gone]) == {gone}
        app.control.revoke(refused)  # its worker remembers
        until(lambda: refused.encode() in worker.log.read_bytes(), "it has heard")
        lab.sent = {2}
        each_started_once(lab)
    assert last.encode() in worker.log.read_bytes()
    assert gone.encode() not in worker.log.read_bytes()


def test_what_is_purged_never_starts(waiting: Lab) -> None:
    lab = waiting
    with producing(lab) as app:
        send_timed(lab, app, [soon(LONG_S)] * 3)
        app.send_task("keep_time", (9, 0.0))
        assert app.control.purge() == 4
    assert not lab.queued()
    assert delayed(lab) == 0


def test_a_worker_that_may_not_wait_so_short_says_so_and_ends(waiting: Lab) -> None:
    lab = waiting
    lab.options["delay_from"] = 0.1
    worker = lab.worker("solo")
    assert worker.process.wait(60) != 0
    assert b"delay_from has to be a number of seconds, 0.25 or more" in worker.log.read_bytes()
