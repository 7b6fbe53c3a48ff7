"""A server that closes idle connections, or an administrator who does: a worker goes on as if nothing was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery.app.control import Control

from transport_lab import POOLS, RELIABLE, Lab, Server, Worker, pools, running_server, until, wiped_laboratory
from transport_servers import binary_of

#: In seconds: the shortest that a server knows.
TIMEOUT = 1


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that closes connections on which nothing is asked for a second or two."""
    directory = tmp_path_factory.mktemp("impatient")
    with running_server(binary_of("valkey"), directory, "--timeout", f"{TIMEOUT}") as server:
        yield server


@pytest.fixture
def lab(impatient: Server, tmp_path: Path) -> Iterator[Lab]:
    # A lease that leaves the heartbeat's connection idle for longer than the server allows.
    with wiped_laboratory(impatient, tmp_path, options={"lease": 20.0}) as made:
        yield made


def idle(lab: Lab) -> set[int]:
    """The connections to the broker that wait for no answer and no news; but for those with heartbeats."""
    clients: Any = lab.broker_client.client_list()
    own = str(lab.broker_client.client_id())
    there = (c for c in clients if c["db"] == "3" and c["id"] != own)
    return {int(c["id"]) for c in there if c["flags"] in ("N", "t") and c["cmd"] != "publish"}


def clients_that_did(lab: Lab, command: str) -> list[str]:
    """The connections to the broker whose last command it was."""
    clients: Any = lab.broker_client.client_list()
    return [client["id"] for client in clients if client["db"] == "3" and client["cmd"] == command]


def all_idle_are_closed(lab: Lab) -> None:
    """Wait until the server has closed what is idle now."""
    there = idle(lab)
    until(lambda: not there & idle(lab), "idle connections closed", every_s=0.1)


def went_on_undisturbed(lab: Lab, worker: Worker) -> None:
    """Each job was done once, no connection was reported lost, and a warm shutdown leaves nothing."""
    lab.all_done()
    assert worker.shut_down() == 0
    assert lab.noted("started") == dict.fromkeys(lab.sent, 1)
    assert not lab.queued()
    assert not any(lab.reserved().values())
    log = worker.log.read_text()
    assert "onnection to broker lost" not in log
    assert "Traceback" not in log


@pytest.fixture
def control(lab: Lab) -> Iterator[Control]:
    """Remote control by an app on this transport: what it keeps open is closed, too."""
    with Celery("control", broker=lab.broker) as app:
        app.conf.update(broker_transport=RELIABLE, broker_transport_options=lab.options)
        yield app.control


@pytest.mark.parametrize("acks", ["late", "early"])
@pytest.mark.parametrize("pool", pools(*POOLS))
def test_a_job_now_and_then(lab: Lab, control: Control, pool: str, acks: str) -> None:
    worker = lab.worker(pool, "-E", acks=acks, alone=False)
    lab.ready(worker)
    until(lambda: control.ping(timeout=1, limit=1), "it listens")
    for number in range(4):
        lab.send("work", range(number, number + 1))
        until(lambda: lab.noted("done")[number] == 1, "the job is done")  # noqa: B023  # called at once
        assert control.ping(timeout=10, limit=1)
        all_idle_are_closed(lab)
    went_on_undisturbed(lab, worker)


@pytest.mark.parametrize("pool", pools(*POOLS))
def test_a_long_job_and_a_full_prefetch_window(lab: Lab, pool: str) -> None:
    """Nothing is asked for until a job has ended: the connection that takes messages is closed, too."""
    worker = lab.worker(pool, "-E", alone=False)
    lab.ready(worker)
    lab.send("hold", range(2 * POOLS[pool] * 4))
    until(lambda: lab.noted("started").total() == POOLS[pool], "all slots are taken")
    all_idle_are_closed(lab)
    lab.records.set("release", 1)
    went_on_undisturbed(lab, worker)


@pytest.mark.parametrize("pool", pools(*POOLS))
def test_acknowledgements_whose_connection_is_reset(lab: Lab, pool: str) -> None:
    """Each time at once: what is then written is lost without a word, the last time for good."""
    worker = lab.worker(pool)
    lab.ready(worker)
    for number in range(6):
        for client in clients_that_did(lab, "lrem"):
            lab.broker_client.client_kill_filter(_id=client)
        lab.send("work", range(number, number + 1))
        until(lambda: lab.noted("done")[number] == 1, "the job is done")  # noqa: B023  # called at once
    went_on_undisturbed(lab, worker)


@pytest.mark.parametrize("pool", pools(*POOLS))
def test_a_warm_shutdown_acknowledges_on_a_fresh_connection(lab: Lab, pool: str) -> None:
    worker = lab.worker(pool)
    lab.ready(worker)
    lab.send("work", range(1))
    until(lambda: lab.noted("done")[0] == 1 and clients_that_did(lab, "lrem"), "the job is acknowledged")
    for client in clients_that_did(lab, "lrem"):
        lab.broker_client.client_kill_filter(_id=client)
    lab.send("work", range(1, 2))
    until(lambda: lab.noted("done")[1] == 1, "the job is done")
    assert worker.shut_down() == 0
    assert not lab.queued()
    assert not any(lab.reserved().values())
