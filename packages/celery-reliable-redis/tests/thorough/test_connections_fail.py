"""Connections that are killed, a server that goes away and comes back: the worker goes on by itself."""

from __future__ import annotations

import signal

import kombu
import pytest

from transport_lab import POOLS, Lab, Worker, until


@pytest.mark.parametrize("pool", POOLS)
def test_a_worker_goes_on_after_its_connections_and_its_server_went(restartable: Lab, pool: str) -> None:
    lab = restartable
    worker = lab.worker(pool)
    lab.ready(worker)
    lab.send("hold", range(1))
    until(lambda: lab.noted("started").total() == 1, "the job has started")
    lab.send("work", range(1, 60), 0.01)
    lab.broker_client.client_kill_filter(_type="normal", skipme=True)
    lab.server.stop()
    lab.server.start()
    lab.records.set("release", 1)
    lab.send("work", range(60, 90))
    held = pool == "prefork" and kombu.VERSION[:2] < (5, 7)  # an older Celery holds what it had until it ends
    if held:
        until(lambda: {0, *range(60, 90)} <= set(lab.noted("done")), "a record of all others")
        assert worker.shut_down() == 0
        worker = lab.worker(pool)
    lab.all_done()
    assert lab.noted("started")[0] == 1 or held  # the job that ran all the time was not given to anyone again
    shut_down_warmly(lab, worker)


def shut_down_warmly(lab: Lab, worker: Worker) -> None:
    """The job that runs is finished; those that wait for their time are back at once."""
    lab.send("work", range(100, 102), countdown=3600)
    until(lambda: sum(lab.reserved().values()) == 2, "two wait for their time")
    lab.send("work", range(102, 103), 0.3)
    until(lambda: lab.noted("started")[102] == 1, "one job runs")
    assert worker.shut_down() == 0
    assert lab.noted("done")[102] == 1
    assert lab.queued() == 2
    assert not any(lab.reserved().values())


def test_a_cold_shutdown_returns_messages_at_once(lab: Lab) -> None:
    worker = lab.worker("prefork")  # Celery itself cannot end a job in a thread
    lab.ready(worker)
    lab.send("hold", range(6))
    until(lambda: lab.noted("started").total() >= 2, "jobs run")
    worker.signal(signal.SIGQUIT)
    until(lambda: lab.queued() == 6, "all six are back")
    assert not any(lab.reserved().values())
