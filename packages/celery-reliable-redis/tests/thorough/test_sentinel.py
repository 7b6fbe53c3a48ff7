"""The master that Sentinels name, before and after a failover."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery
from kombu import Connection

from celery_reliable_redis import send_many
from celery_reliable_redis.mistakes import UnsupportedServerError
from transport_lab import RELIABLE, Lab, Server, laboratory, pools, until
from transport_sentinels import NAME, Watched, watched_servers
from transport_servers import binary_of


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with watched_servers(binary_of("valkey"), tmp_path) as made:
        yield made


@pytest.fixture
def lab(watched: Watched, valkey: Server, tmp_path: Path) -> Iterator[Lab]:
    """A laboratory at the master, whose records are elsewhere."""
    with valkey.client() as client:
        client.flushall()
    options = {"lease": 1.0, "master_name": NAME}
    master = watched.servers[0]
    with laboratory(master, tmp_path, broker=watched.url(3), options=options) as made:
        made.app = Celery("client", broker=master.url(3))
        made.records_server(valkey)
        yield made


def is_replicated(server: Server) -> None:
    with server.client() as client:
        assert client.execute_command("WAIT", 1, 10_000) == 1


def go_on(lab: Lab, server: Server) -> None:
    """Ask, and send to, the new master."""
    lab.broker_client.close()
    lab.broker_client = server.client(3)
    lab.app.close()
    lab.app = Celery("client", broker=server.url(3))  # stock producers have to find it themselves


@pytest.mark.parametrize("pool", pools("solo", "prefork", "gevent"))
def test_a_master_that_dies_under_load_loses_nothing_that_was_replicated(
    watched: Watched, lab: Lab, pool: str
) -> None:
    worker = lab.worker(pool)
    lab.ready(worker)
    lab.send("work", range(300), 0.02)
    is_replicated(watched.servers[0])
    until(lambda: len(lab.noted("done")) > 30, "jobs under way")
    watched.servers[0].kill()
    go_on(lab, watched.until_another_is_master(watched.servers[0]))
    lab.send("work", range(300, 330), 0.02)
    lab.all_done()
    assert worker.shut_down() == 0
    assert not any(lab.reserved().values())


@pytest.mark.parametrize("pool", pools("prefork"))
def test_a_planned_failover_under_load_loses_nothing_that_was_replicated(
    watched: Watched, lab: Lab, pool: str
) -> None:
    worker = lab.worker(pool)
    lab.ready(worker)
    lab.send("work", range(100), 0.1)
    is_replicated(watched.servers[0])
    until(lambda: len(lab.noted("done")) > 10, "jobs under way")
    watched.fail_over()
    go_on(lab, watched.until_another_is_master(watched.servers[0]))
    lab.send("work", range(300, 330), 0.02)
    lab.all_done()
    assert worker.shut_down() == 0


def test_a_long_job_is_done_once_whoever_is_the_master(watched: Watched, lab: Lab) -> None:
    """The lease is renewed at the new master, and the acknowledgement goes there."""
    worker, other = lab.worker("threads"), lab.worker("threads")
    lab.ready(worker, other)
    lab.send("hold", range(4))
    until(lambda: len(lab.noted("started")) == 4, "jobs under way")
    is_replicated(watched.servers[0])
    watched.servers[0].kill()
    go_on(lab, watched.until_another_is_master(watched.servers[0]))
    lab.send("work", range(4, 20))  # by them it is known that the workers are back
    until(lambda: set(range(4, 20)) <= set(lab.noted("done")), "workers that are back")
    lab.records.set("release", 1)
    lab.all_done()
    assert set(lab.noted("started").values()) == {1}


def test_many_are_sent_and_one_promptly_whoever_is_the_master(watched: Watched, lab: Lab) -> None:
    app = Celery("sender", broker=lab.broker, task_cls="celery_reliable_redis.prompt:Task")
    app.conf.update(
        broker_transport=RELIABLE,
        broker_transport_options=lab.options,
        task_publish_retry_policy={"max_retries": None, "interval_start": 0.1, "interval_max": 0.1},
    )

    @app.task(name="work", ignore_result=True)  # type: ignore[untyped-decorator]  # Celery's
    def work(number: int) -> None: ...

    def send(start: int) -> None:
        for number in range(start, start + 5):
            work.delay(number)
        assert send_many(work, [((number,), None) for number in range(start + 5, start + 300)]) == 295
        lab.sent |= set(range(start, start + 300))

    with app:
        send(0)
        is_replicated(watched.servers[0])
        watched.servers[0].kill()
        go_on(lab, watched.until_another_is_master(watched.servers[0]))
        send(300)
        assert app.control.ping(timeout=0.1) == []
    worker = lab.worker("solo")
    lab.all_done()
    assert worker.shut_down() == 0


def test_a_sentinel_that_is_gone_is_passed_over(watched: Watched, lab: Lab) -> None:
    watched.sentinels[0].kill()
    worker = lab.worker("solo")
    lab.ready(worker)
    lab.send("work", range(3))
    lab.all_done()
    assert worker.shut_down() == 0


def test_a_master_without_a_name_is_asked_for() -> None:
    with (
        Connection("sentinel://127.0.0.1", transport=RELIABLE) as connection,
        pytest.raises(UnsupportedServerError, match="master_name"),
    ):
        connection.connect()
