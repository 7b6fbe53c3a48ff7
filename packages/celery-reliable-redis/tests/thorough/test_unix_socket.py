"""A server that is reached by a socket in the file system alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

from celery_reliable_redis import send_many
from transport_lab import RELIABLE, Lab, laboratory, running_server, until
from transport_servers import binary_of


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    path = tmp_path / "socket"
    with (
        running_server(binary_of("valkey"), tmp_path, "--unixsocket", str(path)) as server,
        laboratory(server, tmp_path, broker=f"socket://{path}?virtual_host=3") as made,
    ):
        made.app = Celery("client", broker=server.url(3))
        yield made


@pytest.mark.parametrize("pool", ["prefork", "gevent"])
def test_a_worker_and_all_who_send_use_the_socket(lab: Lab, pool: str) -> None:
    sender = Celery("sender", broker=lab.broker, task_cls="celery_reliable_redis.prompt:Task")
    sender.conf.update(
        broker_transport=RELIABLE, task_ignore_result=True, broker_transport_options=lab.options
    )

    @sender.task(name="work", ignore_result=True)  # type: ignore[untyped-decorator]  # Celery's
    def work(number: int) -> None: ...

    worker = lab.worker(pool)
    lab.ready(worker)
    with sender:
        for number in range(5):
            work.delay(number)
        assert send_many(work, [((number,), None) for number in range(5, 200)]) == 195
        lab.sent = set(range(200))
        lab.all_done()
        until(lambda: sender.control.ping([worker.name], timeout=1, limit=1), "an answer to a ping")
        dying = lab.worker(pool)
        lab.ready(dying)
        lab.send("hold", range(200, 240))
        until(lambda: lab.reserved_by(dying), "jobs of a worker that is to die")
        dying.kill()
        lab.records.set("release", 1)
        lab.all_done()
        assert worker.shut_down() == 0
