"""What a consumer may do with a message, through kombu alone: no Celery worker, so all of it is fast."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Consumer, Queue

from celery_reliable_redis import kombu_versions
from celery_reliable_redis.mistakes import UnsupportedServerError
from celery_reliable_redis.reservation import Reservation
from transport_consuming import consuming, numbers, publish, receive
from transport_lab import HERE, RELIABLE, Lab, Server, ServerDidNotStart, laboratory, running_server, until


def test_an_acknowledged_message_is_gone_and_an_unacknowledged_one_returns_to_the_head(anywhere: Lab) -> None:
    lab = anywhere
    publish(lab, range(4))
    with consuming(lab, prefetch=3) as (connection, got):
        first, _, _ = receive(connection, got, 3)
        assert sum(lab.reserved().values()) == 3
        first.ack()
    assert lab.queued() == 3
    with consuming(lab) as (connection, got):
        again = receive(connection, got, 3)
        assert numbers(again) == [1, 2, 3]
        assert [bool(m.headers.get("redelivered")) for m in again] == [True, True, False]
        for message in again:
            message.ack()
    assert not lab.queued()
    assert not lab.reserved()


def test_reject_drops_and_requeue_brings_back(anywhere: Lab) -> None:
    lab = anywhere
    publish(lab, range(2))
    with consuming(lab) as (connection, got):
        dropped, back = receive(connection, got, 2)
        dropped.reject()
        back.requeue()
        third = receive(connection, got, 3)[2]
        assert third.payload == 1
        assert third.delivery_info["redelivered"]
        third.ack()
    assert not lab.queued()
    assert not lab.reserved()


def test_a_lost_connection_gives_back_no_message_that_somebody_has_in_hand(anywhere: Lab) -> None:
    lab = anywhere
    publish(lab, range(3))
    with consuming(lab, prefetch=2) as (connection, got):
        done, running = receive(connection, got, 2)
        done.ack()
        until(lambda: sum(lab.reserved().values()) == 1, "one is acknowledged")
        connection.collect()  # what Celery does then, though the server may be there
        assert (lab.queued(), sum(lab.reserved().values())) == (1, 1)
        running.ack()
        until(lambda: not any(lab.reserved().values()), "nothing is in hand")
    assert lab.queued() == 1


def test_the_more_urgent_comes_first_and_all_priorities_come(anywhere: Lab) -> None:
    lab = anywhere
    for number, priority in enumerate([9, 6, 3, 0]):  # kombu over Redis: 0 is the most urgent
        publish(lab, range(number, number + 1), priority=priority)
    with consuming(lab, prefetch=1) as (connection, got):
        for count in range(1, 5):
            receive(connection, got, count)[-1].ack()
    assert numbers(got) == [3, 2, 1, 0]


def test_queues_take_turns(anywhere: Lab) -> None:
    lab = anywhere
    publish(lab, range(20), "a")
    publish(lab, range(100, 104), "b")
    with consuming(lab, "a", "b", prefetch=8) as (connection, got):
        receive(connection, got, 8)
        assert sorted(number >= 100 for number in numbers(got)) == [False] * 4 + [True] * 4


@pytest.mark.parametrize("prefetch", [1, 10])
def test_a_message_for_any_queue_and_priority_wakes_an_idle_consumer(anywhere: Lab, prefetch: int) -> None:
    lab = anywhere
    with consuming(lab, "a", "b", prefetch=prefetch) as (connection, got):
        with contextlib.suppress(TimeoutError):
            connection.drain_events(timeout=0.1)
        count = 0
        for queue in ("b", "a", "b"):
            for priority in (9, 0, 3):
                publish(lab, range(1), queue, priority=priority)
                count += 1
                receive(connection, got, count)[-1].ack()


def test_a_full_queue_is_emptied_while_another_stays_empty(anywhere: Lab) -> None:
    lab = anywhere
    publish(lab, range(100), "full")
    got: list[Any] = []
    with lab.connection() as connection:
        connection.transport.brpop_timeout = 600  # who waits for the empty queue, waits for too long
        with connection.channel() as channel:
            channel.basic_qos(0, 0, False)  # no limit
            with Consumer(channel, [Queue("empty")], on_message=got.append) as consumer:
                with contextlib.suppress(TimeoutError):
                    connection.drain_events(timeout=0.1)
                consumer.add_queue(Queue("full"))
                consumer.consume()
                receive(connection, got, 100)


def test_prefetch_may_change_at_run_time(anywhere: Lab) -> None:
    lab = anywhere
    publish(lab, range(20))
    with consuming(lab, prefetch=2) as (connection, got):
        receive(connection, got, 2)
        with contextlib.suppress(TimeoutError):
            connection.drain_events(timeout=0.2)
        assert len(got) == 2
        got[0].channel.basic_qos(0, 7, False)
        receive(connection, got, 7)
        assert sum(lab.reserved().values()) == 7


def test_a_prefix_is_before_every_key(any_server: Server, tmp_path: Path) -> None:
    options = {"lease": 1.0, "global_keyprefix": "mine:"}
    with laboratory(any_server, tmp_path, options=options) as lab:
        lab.broker_client.flushall()
        publish(lab, range(3))
        with consuming(lab, prefetch=2) as (connection, got):
            receive(connection, got, 2)[0].ack()
            keys: Any = lab.broker_client.keys("*")
            assert all(key.startswith(b"mine:") for key in keys), keys
        assert lab.queued() == 2


def test_get_purge_and_no_ack(anywhere: Lab) -> None:
    lab = anywhere
    publish(lab, range(5))
    with lab.connection() as connection, connection.channel() as channel:
        queue = Queue("celery")(channel)
        message = queue.get()
        assert message.payload == 0
        assert sum(lab.reserved().values()) == 1
        message.ack()
        assert queue.get(no_ack=True).payload == 1
        assert queue.purge() == 3
        assert queue.get() is None
        publish(lab, range(1))
        got: list[Any] = []
        with Consumer(channel, [queue], callbacks=[lambda _, m: got.append(m)], no_ack=True):
            receive(connection, got, 1)
    assert not lab.queued()
    assert not lab.reserved()


def test_one_message_in_two_queues_is_two(anywhere: Lab) -> None:
    lab = anywhere
    publish(lab, range(1), "a")
    raw: Any = lab.broker_client.lindex("a", 0)
    lab.broker_client.lpush("b", raw)
    lab.broker_client.lpush("a", raw)
    with consuming(lab, "a", "b") as (connection, got):
        receive(connection, got, 3)
        got[0].ack()
        got[1].ack()
        until(lambda: sum(lab.reserved().values()) == 1, "one is left")
    assert lab.queued("a") + lab.queued("b") == 1


def test_what_is_no_message_is_delivered_as_bytes(anywhere: Lab) -> None:
    lab = anywhere
    raws = [b"\xffnonsense", b"", b"[" * 100_000, b'{"properties": 7}']
    lab.broker_client.lpush("celery", *raws)
    publish(lab, range(1))
    with consuming(lab, prefetch=2) as (connection, got):
        assert [message.payload for message in receive(connection, got, 2)] == raws[:2]
        got[0].ack()
        got[1].reject()
        receive(connection, got, 4)[2].requeue()
        assert receive(connection, got, 5)[4].payload == 0
    # The one that was requeued and the one that was not acknowledged are back, as they were.
    back: Any = lab.broker_client.lrange("celery", 0, -1)
    assert set(raws[2:]) < set(back)
    assert len(back) == 3


def test_a_full_server_still_lets_its_queues_be_emptied(anywhere: Lab) -> None:
    lab = anywhere
    publish(lab, range(6))
    with consuming(lab, prefetch=2) as (connection, got):
        receive(connection, got, 2)
        lab.broker_client.config_set("maxmemory", 1)
        try:
            for count in range(3, 7):
                got[-1].ack()
                receive(connection, got, count)
            for message in got:
                if not message.acknowledged:
                    message.ack()
            with contextlib.suppress(TimeoutError):
                connection.drain_events(timeout=0.5)  # waits for more, which the server refuses
            until(lambda: not any(lab.reserved().values()), "all acknowledged")
            got[0].channel.reservation.renew(lab.broker_client)
        finally:
            lab.broker_client.config_set("maxmemory", 0)


def test_a_stock_consumer_and_this_one_share_a_queue(anywhere: Lab) -> None:
    lab = anywhere
    publish(lab, range(2))
    with consuming(lab, prefetch=1) as (connection, got):
        receive(connection, got, 1)
        with Connection(lab.broker) as stock, stock.channel() as channel:
            other = Queue("celery")(channel).get()
            assert {got[0].payload, other.payload} == {0, 1}
            other.ack()
    with Connection(lab.broker) as stock, stock.channel() as channel:
        back = Queue("celery")(channel).get()
        assert back.payload == 0
        assert back.headers["redelivered"]
        back.ack()
    assert not lab.queued()


def test_a_forked_child_neither_renews_nor_gives_back(anywhere: Lab) -> None:
    lab = anywhere
    publish(lab, range(1))
    program = f"""
import json, os, sys, time
from kombu import Connection, Queue
connection = Connection({lab.broker!r}, transport={RELIABLE!r}, transport_options={{"lease": 0.5}})
message = Queue("celery")(connection.default_channel).get()
if os.fork() == 0:
    print("child", flush=True)
    time.sleep(60)
time.sleep(60)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True, cwd=HERE
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"child\n"
        assert lab.queued() == 0
        process.kill()  # the parent alone
        process.wait()
        with consuming(lab, prefetch=1) as (connection, got):
            receive(connection, got, 1)[0].ack()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.stdout.close()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        pytest.param(("--cluster-enabled", "yes"), "a Redis cluster", id="cluster"),
        # HELLO came with 6.0, and redis-py says it first.
        pytest.param(("--rename-command", "HELLO", ""), "a Redis older than 6.0", id="before 6.0"),
    ],
)
def test_a_server_that_will_not_do_is_refused_before_anything_is_taken_from_it(
    tmp_path: Path, any_server: Server, arguments: tuple[str, ...], why: str
) -> None:
    with (
        running_server(any_server.binary, tmp_path, *arguments) as unfit,
        Connection(unfit.url(), transport=RELIABLE) as connection,
        pytest.raises(UnsupportedServerError, match=f"the broker is {why}"),
    ):
        connection.channel()


def test_the_messages_of_the_dead_come_back_once_at_the_head_and_marked(anywhere: Lab) -> None:
    publish(lab := anywhere, range(4))
    client = lab.broker_client
    dead, *heirs = (Reservation(client, "", lease_s=0.1) for _ in range(4))
    for reservation in (dead, *heirs):
        reservation.register(["celery"])
    for _ in range(3):
        client.lmove("celery", dead.lists["celery"].current, "RIGHT", "LEFT")

    def look(heir: Reservation) -> int:
        with lab.server.client(3) as own:
            return heir.rescue(own)

    with ThreadPoolExecutor(len(heirs)) as together:
        moved = 0

        def all_look() -> int:
            nonlocal moved
            moved += sum(together.map(look, heirs))
            return moved

        until(lambda: all_look() >= 3, "the dead one is found")
        assert all_look() == 3
    assert not lab.reserved()
    with consuming(lab) as (connection, got):
        received = receive(connection, got, 4)
        assert numbers(received) == [0, 1, 2, 3]
        assert [m.headers.get("redelivered", False) for m in received] == [True, True, True, False]
        assert [m.delivery_info.get("redelivered", False) for m in received] == [True, True, True, False]
        for message in received:
            message.ack()


def test_password(any_server: Server, tmp_path: Path) -> None:
    with running_server(any_server.binary, tmp_path, "--requirepass", "secret") as server:
        url = f"redis://:secret@127.0.0.1:{server.port}/5"
        with Connection(url, transport=RELIABLE) as connection, connection.channel() as channel:
            queue = Queue("q")(channel)
            queue.declare()
            channel.basic_publish(channel.prepare_message("1"), "", "q")
            message = queue.get()
            assert message is not None
            message.ack()


@pytest.mark.parametrize("scheme", ["rediss", "valkeys"])
def test_tls(any_server: Server, tmp_path: Path, scheme: str) -> None:
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    make = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    make += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    try:
        subprocess.run(make, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no openssl to make a certificate with")
    plain = Server(any_server.binary, tmp_path)
    arguments = ("--tls-cert-file", str(certificate), "--tls-key-file", str(key), "--tls-auth-clients", "no")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(plain.binary, tmp_path, (*arguments, "--tls-port", str(port)))
    try:
        try:
            server.start()
        except ServerDidNotStart:
            pytest.skip("this server was built without TLS")
        ssl = {"ssl_ca_certs": str(certificate), "ssl_cert_reqs": "required"}
        with (
            Connection(f"{scheme}://127.0.0.1:{port}/0", transport=RELIABLE, ssl=ssl) as connection,
            connection.channel() as channel,
        ):
            queue = Queue("q")(channel)
            queue.declare()
            channel.basic_publish(channel.prepare_message(json.dumps("1")), "", "q")
            message = queue.get()
            assert message is not None
            message.ack()
    finally:
        server.stop()


def test_news_and_a_lost_connection_are_understood_while_no_more_is_wanted(anywhere: Lab) -> None:
    lab = anywhere
    with consuming(lab, prefetch=1) as (connection, got):
        with contextlib.suppress(TimeoutError):
            connection.drain_events(timeout=0.1)  # all queues are empty, and watched
        publish(lab, range(2))
        receive(connection, got, 1)
        channel = got[0].channel
        first = channel.reservation
        publish(lab, range(2, 3), priority=9)  # in a queue that is watched
        with contextlib.suppress(TimeoutError):
            connection.drain_events(timeout=0.2)
        assert channel.reservation is first
        lab.broker_client.client_kill_filter(_type="normal", skipme=True)
        with contextlib.suppress(TimeoutError):
            connection.drain_events(timeout=0.2)
        got[0].ack()
        for count in range(2, 4):
            receive(connection, got, count)[-1].ack()
        assert channel.reservation is first  # nothing was asked on it that may have been answered
    assert not lab.queued()
    until(lambda: not any(lab.reserved().values()), "nothing is left")


@pytest.mark.skipif(kombu_versions.IS_OLDER, reason="queues expire since kombu 5.7")
@pytest.mark.parametrize("no_ack", [True, False])
def test_a_queue_that_is_asked_for_a_message_expires_later(lab: Lab, no_ack: bool) -> None:
    queue = Queue("expiring", routing_key="expiring", expires=60)
    with lab.connection() as connection:
        for number in range(2):
            connection.Producer().publish(number, exchange="", routing_key="expiring", declare=[queue])
        lab.broker_client.pexpire("expiring", 10_000)
        message = queue(connection.default_channel).get(no_ack=no_ack)
        assert message.payload == 0
        remaining: Any = lab.broker_client.pttl("expiring")
        assert remaining > 10_000
