"""Who lies about its slots, its jobs or anything else is named; the lab goes on. Over a real broker."""

from __future__ import annotations

import base64
import bz2
import contextlib
import resource
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import Celery
from kombu import Queue

from producer.contenders.celery_workers import external
from producer.contenders.celery_workers.external import ExternalWorkers, Fleet
from producer.contenders.celery_workers.send import producer_app, publisher
from producer.contenders.exchange import run_over_broker
from producer.contenders.spec import Spec
from producer.system.broker import Broker
from producer.system.client import connect
from producer.system.reaper import Reaper
from tests.helpers import SOON_S
from tests.integration.conformance import START
from tests.integration.test_external import worker
from worker.errors import ContenderError
from worker.jobs import ChessMove, Job

pytestmark = pytest.mark.untraced

JOBS: list[Job] = [ChessMove(START, wait_ms=0)] * 3


@contextlib.contextmanager
def liar(broker: Broker, **says: Any) -> Iterator[None]:
    """What answers as a worker does, and says what it likes; once it hears."""
    app = producer_app(broker.url)
    handlers = {name: (lambda *_, answer=answer, **__: answer) for name, answer in says.items()}
    stop, hears = threading.Event(), threading.Event()

    def live() -> None:
        with app.connection_for_read() as connection:
            box = app.control.mailbox(connection)
            name = f"liar-{uuid.uuid4().hex[:8]}@lab"
            node = box.Node(name, state={}, channel=connection.channel(), handlers=handlers)
            with node.listen():
                hears.set()
                while not stop.is_set():
                    with contextlib.suppress(socket.timeout):
                        connection.drain_events(timeout=0.1)

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    try:
        assert hears.wait(SOON_S)
        yield
    finally:
        stop.set()
        thread.join(SOON_S)


@contextlib.contextmanager
def again_and_again(do: Callable[[], object]) -> Iterator[None]:
    """Have it done a few hundred times a second meanwhile."""
    stop = threading.Event()

    def go() -> None:
        while not stop.wait(0.003):
            do()

    thread = threading.Thread(target=go, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(SOON_S)


def contender(app: Celery, broker: Broker, way: str) -> ExternalWorkers:
    return ExternalWorkers(Spec(way, 1), broker, app, Fleet(app))


@pytest.mark.parametrize("slots", [10**9, 0])
def test_a_worker_that_lies_about_its_slots_is_named_and_the_others_are_measured(
    broker: Broker, reaper: Reaper, slots: int
) -> None:
    app = producer_app(broker.url)
    fleet = Fleet(app)
    stats = {"pool": {"max-concurrency": slots}, "broker": {"transport": "redis"}}
    told = r"^the worker 'liar-.*@lab' answers what cannot be .* Expected `int`"
    with (
        worker(broker, reaper, "threads", 2, "-n", "one@here"),
        liar(broker, active_queues=[{"name": "simul.gevent"}], stats=stats),
    ):
        with pytest.raises(ContenderError, match=told):
            ExternalWorkers(Spec("celery:gevent", 1), broker, app, fleet).start()
        honest = ExternalWorkers(Spec("celery:threads", 1), broker, app, fleet)
        honest.start()
        outcome = honest.run(JOBS, lambda _: None)
        assert (outcome.problems, len(outcome.records), outcome.slots) == ([], 3, 2)


NO_MESSAGES = [b"\xff", b"7", b"null", b"{}", b'{"body": 7, "properties": null}', b"[" * 50_000]


@pytest.mark.parametrize("junk", NO_MESSAGES, ids=range(len(NO_MESSAGES)))
def test_answers_that_are_no_messages_are_told_in_one_line(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, junk: bytes
) -> None:
    monkeypatch.setattr(external, "NOBODY_S", 0)
    app = producer_app(broker.url)
    replies = f"{app.thread_oid}.reply.celery.pidbox"
    with (
        contextlib.closing(connect(broker.url)) as client,
        again_and_again(lambda: client.lpush(replies, junk)),
        pytest.raises(ContenderError) as caught,
    ):
        ExternalWorkers(Spec("celery:threads", 1), broker, app, Fleet(app)).start()
    assert "\n" not in str(caught.value)


def test_a_stream_of_what_are_no_records_does_not_keep_the_lab_waiting(broker: Broker) -> None:
    client = connect(broker.url)

    def lie() -> None:
        for key in client.keys("simul:run:*"):
            client.xadd(key, {"record": b'{"index": -1}'}, nomkstream=True)

    with again_and_again(lie):
        outcome = run_over_broker(
            publisher(producer_app(broker.url), f"q-{uuid.uuid4().hex}"),
            broker.url,
            JOBS,
            lambda _: None,
            death=lambda: None,
            patient=lambda quiet_s: quiet_s < 0.5,
        )
    client.close()
    assert [*outcome.records] == []
    refused, silent, lost = outcome.problems
    assert silent.startswith("no record came for ")
    assert "records cannot be true (collect), the first by somebody: " in refused
    assert lost.startswith("3 of 3 jobs are lost")


def test_an_answer_that_is_a_bomb_is_not_unpacked(broker: Broker) -> None:
    """A few bytes that would be 250 MiB."""
    app = producer_app(broker.url)
    packer = bz2.BZ2Compressor()  # in pieces: the peak of this process's memory is looked at below
    space = b"".join([*(packer.compress(b" " * 1024 * 1024) for _ in range(250)), packer.flush()])
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with app.connection_for_write() as connection, connection.channel() as channel:
        queue = Queue(f"q-{uuid.uuid4().hex}", auto_delete=True)
        connection.Producer(channel).publish(
            base64.b64encode(space).decode(),
            routing_key=queue.name,
            declare=[queue],
            headers={"compression": "application/x-bz2"},
            content_type="application/json",
            content_encoding="utf-8",
        )
        with pytest.raises(ValueError, match="compressed"):
            queue(channel).get(no_ack=True)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < used + 100 * 1024
    app.close()
