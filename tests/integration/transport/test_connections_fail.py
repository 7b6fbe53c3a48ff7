"""Connections that are killed, a server that goes away and comes back: the worker goes on by itself."""

from __future__ import annotations

import signal

import pytest

from tests.integration.transport.lab import POOLS, Lab, until


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
    lab.all_done()
    assert lab.noted("started")[0] == 1  # the job that ran all the time was not given to anyone again


@pytest.mark.parametrize("pool", POOLS)
def test_a_warm_shutdown_finishes_jobs_and_returns_reserved_messages_at_once(lab: Lab, pool: str) -> None:
    worker = lab.worker(pool)
    lab.ready(worker)
    lab.send("work", range(1, 3), countdown=3600)
    until(lambda: sum(lab.reserved().values()) == 2, "two wait for their time")
    lab.send("work", range(1), 0.5)
    until(lambda: lab.noted("started").total() == 1, "one job runs")
    assert worker.shut_down() == 0
    assert lab.noted("done") == {0: 1}
    assert lab.queued() == 2
    assert not any(lab.reserved().values())
    assert lab.broker_client.zcard("reliable:consumers") == 0


@pytest.mark.parametrize("pool", ["prefork", "gevent"])  # Celery itself cannot end a job in a thread
def test_a_cold_shutdown_returns_messages_at_once(lab: Lab, pool: str) -> None:
    worker = lab.worker(pool)
    lab.ready(worker)
    lab.send("hold", range(6))
    until(lambda: lab.noted("started").total() >= 2, "jobs run")
    worker.signal(signal.SIGQUIT)
    until(lambda: lab.queued() == 6, "all six are back")
    assert not any(lab.reserved().values())
