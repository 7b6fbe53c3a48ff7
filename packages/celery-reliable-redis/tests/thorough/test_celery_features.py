"""What Celery offers on a broker, each through a real worker. One worker serves most of them.

prefork stands for the pools that Celery's event loop serves, gevent for those without one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from transport_lab import PATIENCE_S, Lab, Server, laboratory, running_server, until, wiped_laboratory
from transport_servers import binary_of


@pytest.fixture(scope="module", params=["prefork", "gevent"])
def busy_lab(
    request: pytest.FixtureRequest, valkey: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    with wiped_laboratory(valkey, tmp_path_factory.mktemp(request.param)) as made:
        worker = made.worker(request.param, "-E")
        made.ready(worker)
        yield made


@pytest.fixture
def lab(busy_lab: Lab) -> Iterator[Lab]:
    """Wiped of records; the worker goes on."""
    busy_lab.records.flushdb()
    busy_lab.sent.clear()
    yield busy_lab
    busy_lab.records.set("release", 1)
    until(lambda: not busy_lab.queued() and not any(busy_lab.reserved().values()), "an empty account")


def test_retry_reject_and_requeue(lab: Lab) -> None:
    lab.send("again", range(3))
    lab.send("refuse", range(3, 5), True)
    lab.all_done()
    assert lab.noted("started") == {0: 3, 1: 3, 2: 3, 3: 2, 4: 2}
    lab.app.send_task("refuse", (5, False))
    until(lambda: lab.noted("started")[5] == 1, "the refused job")


def test_countdowns_revoking_and_control(lab: Lab) -> None:
    lab.send("work", range(5), countdown=0.3)
    revoked = lab.app.send_task("work", (9,), countdown=1.5)
    control = lab.app.control
    until(lambda: control.inspect(timeout=5, limit=1).scheduled(), "the job that waits is seen by inspect")
    control.revoke(revoked.id)
    lab.all_done()
    control.rate_limit("work", "20/s")
    lab.send("work", range(10, 20))
    lab.all_done()
    control.rate_limit("work", 0)
    control.pool_grow(1, reply=True, timeout=5, limit=1)
    control.add_consumer("more", reply=True, timeout=5, limit=1)
    lab.send("work", range(20, 25), queue="more")
    lab.all_done()
    control.cancel_consumer("more", reply=True, timeout=5, limit=1)
    assert control.ping(timeout=5, limit=1)
    until(lambda: not any(lab.reserved().values()), "the revoked job is dropped when its time has come")
    assert lab.noted("done")[9] == 0


def test_events_arrive(lab: Lab) -> None:
    seen: list[str] = []

    with lab.app.connection_for_read() as connection:
        handlers = {"*": lambda event: seen.append(event["type"])}
        receiver = lab.app.events.Receiver(connection, handlers=handlers)
        with receiver.consumer_context() as (draining, _, _):
            number = iter(range(1000))

            def something_happens() -> bool:
                first = next(number)
                lab.send("work", range(first, first + 1))
                with contextlib.suppress(TimeoutError):
                    draining.drain_events(timeout=0.1)
                return {"task-received", "task-succeeded"} <= set(seen)

            until(something_happens, "the events of a job")
    lab.all_done()


@pytest.mark.parametrize("pool", ["solo", "gevent"])
def test_workers_greet_each_other_and_share_the_work(valkey: Server, tmp_path: Path, pool: str) -> None:
    """Mingle reads replies on the connection that then consumes; gossip goes on beside the work."""
    with wiped_laboratory(valkey, tmp_path) as lab:
        ours = [lab.worker(pool, alone=False) for _ in range(2)]
        stock = lab.worker(pool, alone=False, transport="")
        lab.ready(*ours, stock)
        lab.send("work", range(60), 0.01)
        lab.all_done()
        for worker in (*ours, stock):
            assert worker.shut_down() == 0
        assert not any("Traceback" in worker.log.read_text() for worker in ours)


def test_a_worker_ends_at_once_where_the_server_will_not_do(tmp_path: Path) -> None:
    with (
        running_server(binary_of("valkey"), tmp_path, "--cluster-enabled", "yes") as node,
        laboratory(node, tmp_path, broker=node.url()) as lab,
    ):
        worker = lab.worker("solo")
        assert worker.process.wait(PATIENCE_S) != 0
        assert "UnsupportedServerError: the broker is a Redis cluster" in worker.log.read_text()


def test_an_early_ack_leaves_nothing_reserved_while_the_job_runs(valkey: Server, tmp_path: Path) -> None:
    with wiped_laboratory(valkey, tmp_path) as lab:
        worker = lab.worker("solo", acks="early")
        lab.ready(worker)
        lab.send("work", range(30), 0.01)
        lab.all_done()
        assert lab.noted("started") == dict.fromkeys(range(30), 1)
        assert worker.shut_down() == 0


def test_finished_jobs_are_acknowledged_while_the_next_one_runs(valkey: Server, tmp_path: Path) -> None:
    with wiped_laboratory(valkey, tmp_path) as lab:
        worker = lab.worker("solo")
        lab.send("work", range(1), 0.05)
        lab.send("hold", range(1, 3))  # all three are taken at once
        lab.ready(worker)
        until(lambda: lab.noted("started")[1] == 1, "the second job runs")
        until(lambda: sum(lab.reserved().values()) == 2, "the first is acknowledged")
        lab.records.set("release", 1)
        lab.all_done()


def test_a_job_of_no_length_is_acknowledged_before_a_long_one_ends(valkey: Server, tmp_path: Path) -> None:
    """Both are taken at once, and the second begins before the loop had its turn."""
    with wiped_laboratory(valkey, tmp_path) as lab:
        worker = lab.worker("solo")
        lab.send("work", range(1))
        lab.send("hold", range(1, 2))
        lab.ready(worker)
        until(lambda: lab.noted("started")[1] == 1, "the second job runs")
        until(lambda: sum(lab.reserved().values()) == 1, "the first is acknowledged")
        lab.records.set("release", 1)
        lab.all_done()
