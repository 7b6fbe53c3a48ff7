"""Connections over which nothing passes any more, though both ends are open: no worker hangs, none hoards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from transport_lab import POOLS, Lab, Server, Worker, pools, until, wiped_laboratory
from transport_proxy import Proxy, proxy_for


@pytest.fixture
def proxy(valkey: Server) -> Iterator[Proxy]:
    with proxy_for(valkey.port) as made:
        yield made


@pytest.fixture
def lab(valkey: Server, tmp_path: Path) -> Iterator[Lab]:
    with wiped_laboratory(valkey, tmp_path, options={"lease": 1.0}) as made:
        yield made


def worker_behind(proxy: Proxy, lab: Lab, pool: str, *arguments: str) -> Worker:
    """A worker, ready, whose broker is behind the proxy; what it records is not."""
    direct, lab.broker = lab.broker, f"redis://127.0.0.1:{proxy.port}/3"
    worker = lab.worker(pool, *arguments)
    lab.broker = direct
    lab.ready(worker)
    return worker


def publishes(said: bytes) -> bool:
    """Whether a connection is one by which Celery publishes its heartbeats."""
    return b"PUBLISH" in said


def acknowledges(said: bytes) -> bool:
    """Whether a connection is one by which acknowledgements are sent. One LREM only tries the rights."""
    return said.count(b"\nLREM\r") > 1


def waits(said: bytes) -> bool:
    """Whether a connection is one on which messages are waited for."""
    return b"BLMOVE" in said


def has_no_lease(lab: Lab, worker: Worker) -> bool:
    """Whether others take the worker for dead, or soon will."""
    suspects: Any = lab.broker_client.smembers("reliable:suspects")
    return any(name.startswith(f"{worker.process.pid}-".encode()) for name in suspects)


@pytest.mark.parametrize("pool", pools(*POOLS))
def test_a_worker_goes_on_after_all_connections_were_cut(lab: Lab, proxy: Proxy, pool: str) -> None:
    """With a lease that outlives the silence: nothing is done twice."""
    lab.options |= {"lease": 5.0, "socket_timeout": 1.0}
    worker = worker_behind(proxy, lab, pool)
    lab.send("work", range(40), 0.1)
    until(lambda: lab.noted("done").total() >= 4, "some are done")
    assert proxy.silence() >= 4
    lab.all_done()
    lab.send("work", range(40, 50))
    lab.all_done()
    assert worker.shut_down() == 0
    if pool != "prefork":  # what was on its way to a child is done there, and here once more
        assert lab.noted("started") == dict.fromkeys(range(50), 1)


@pytest.mark.parametrize("pool", pools(*POOLS))
def test_a_worker_goes_on_when_the_network_does(lab: Lab, proxy: Proxy, pool: str) -> None:
    lab.options |= {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
    worker_behind(proxy, lab, pool)
    lab.send("work", range(40), 0.1)
    until(lambda: lab.noted("done").total() >= 4, "some are done")
    proxy.silence(and_new=True)
    heir = lab.worker("threads")
    lab.ready(heir)
    lab.all_done()
    heir.kill()
    proxy.heal()
    lab.send("work", range(40, 50))
    lab.all_done()
    lab.nothing_is_lost()


@pytest.mark.parametrize("pool", pools(*POOLS))
def test_an_idle_worker_notices_that_it_waits_in_vain(lab: Lab, proxy: Proxy, pool: str) -> None:
    """Nothing else is said by which it could notice."""
    lab.options |= {"socket_timeout": 1.0}
    worker = worker_behind(proxy, lab, pool, "--without-heartbeat")
    until(lambda: proxy.has(waits), "it waits for messages")
    assert proxy.silence(waits) == 1
    lab.send("work", range(5))
    lab.all_done()
    assert "has not answered" in worker.log.read_text()
    assert lab.noted("started") == dict.fromkeys(range(5), 1)


@pytest.mark.parametrize("pool", pools("solo", "threads", "prefork", "asyncio"))
def test_a_worker_that_hangs_for_ever_keeps_nothing(lab: Lab, proxy: Proxy, pool: str) -> None:
    """Its main thread publishes, and waits for the answer. With greenlets another one does that."""
    lab.options["socket_timeout"] = None
    worker = worker_behind(proxy, lab, pool)
    lab.send("work", range(40), 0.1)
    until(lambda: lab.noted("done").total() >= 4, "some are done")
    assert proxy.silence(publishes) == 1
    heir = lab.worker("threads")
    lab.ready(heir)
    lab.all_done()
    until(lambda: has_no_lease(lab, worker), "a lease that is not renewed")
    heir.kill()
    done = lab.noted("done").total()
    proxy.heal()
    lab.send("work", range(40, 50))
    lab.all_done()
    lab.nothing_is_lost()
    assert lab.noted("done").total() == done + 10  # it came back, and did nothing that others had done
    assert "is not renewed, others get its messages" in worker.log.read_text()
    assert worker.shut_down() == 0


@pytest.mark.parametrize("pool", pools("gevent", "eventlet"))
def test_a_worker_whose_acknowledgements_hang_for_ever_keeps_nothing(
    lab: Lab, proxy: Proxy, pool: str
) -> None:
    """A greenlet sends them, and the consumer goes on; with Celery 5.5 it is the consumer's, and does not."""
    lab.options["socket_timeout"] = None
    worker = worker_behind(proxy, lab, pool)
    lab.send("work", range(40), 0.1)
    until(lambda: proxy.has(acknowledges), "some are acknowledged")
    assert proxy.silence(acknowledges) >= 1
    lab.ready(lab.worker("threads"))
    until(lambda: has_no_lease(lab, worker), "a lease that is not renewed")
    lab.all_done()


@pytest.mark.parametrize("pool", pools("solo", "gevent", "eventlet"))
def test_a_job_longer_than_three_leases_is_started_once(lab: Lab, proxy: Proxy, pool: str) -> None:
    """The main thread, or the hub, has no turn, and waits for no broker."""
    lab.options["socket_timeout"] = None
    worker_behind(proxy, lab, pool)
    lab.send("block", range(1), 5.0)
    until(lambda: lab.noted("started").total() == 1, "the job has started")
    heir = lab.worker("threads")
    lab.ready(heir)
    lab.all_done()
    assert lab.noted("started") == {0: 1}
