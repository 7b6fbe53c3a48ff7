"""How often the server is asked, by its own count: no clock."""

from __future__ import annotations

import contextlib
import socket
from collections import Counter
from queue import Empty
from typing import Any

import pytest
import redis
from celery import Celery
from kombu import Exchange, Queue

from transport_consuming import consuming, numbers, publish, receive
from transport_lab import Lab, until

JOBS = 20
STOCK = "celery_reliable_redis.stock:ClientTransport"


def commands(lab: Lab) -> Counter[str]:
    """How often each command has been executed since the server was started."""
    stats: Any = lab.broker_client.info("commandstats")
    return Counter({name.removeprefix("cmdstat_"): count["calls"] for name, count in stats.items()})


@pytest.mark.parametrize("queues", [("celery",), ("celery", "other")])
def test_a_consumer_asks_at_most_twice_for_each_job_that_finds_it_idle(
    anywhere: Lab, queues: tuple[str, ...]
) -> None:
    lab = anywhere
    # The thread that renews the lease asks as well, and is not meant.
    with consuming(lab, *queues, lease=600) as (connection, got):
        for number in range(JOBS + 2):
            if number == 2:  # it knows by now where to wait
                before = commands(lab)
            publish(lab, range(number, number + 1))
            receive(connection, got, number + 1)[number].ack()
        asked = commands(lab) - before
    assert numbers(got) == [*range(JOBS + 2)]
    # What puts a message into its list, and removes it, is no news that would end the waiting.
    assert not any("unblock" in name or name == "client" for name in asked), asked
    assert 0 < asked["blmove"] <= JOBS
    assert asked["eval"] <= JOBS
    assert asked["lrem"] <= JOBS


def test_what_comes_by_another_queue_ends_the_waiting(anywhere: Lab) -> None:
    lab = anywhere
    with consuming(lab, "celery", "other") as (connection, got):
        for number in range(JOBS):
            publish(lab, range(number, number + 1), ("celery", "other")[number // 2 % 2], priority=number % 5)
            receive(connection, got, number + 1)[number].ack()
    assert numbers(got) == [*range(JOBS)]


def test_what_comes_by_another_queue_together_with_an_answer_is_not_waited_for(anywhere: Lab) -> None:
    lab = anywhere
    with consuming(lab, "celery", "other") as (connection, got):
        publish(lab, range(1))
        receive(connection, got, 1)[0].ack()
        [channel] = [channel for channel in connection.transport.channels if channel.active_queues]
        assert not channel._in_poll
        channel._taker._dry = []  # so that it asks for all, and does not wait
        channel._brpop_start()
        received = channel.client.connection._sock
        until(lambda: received.recv(1, socket.MSG_PEEK), "an answer: there is nothing")
        publish(lab, range(1, 2), "other")
        until(lambda: b"invalidate" in received.recv(65536, socket.MSG_PEEK), "news behind it")
        with pytest.raises(Empty):
            channel._brpop_read()
        before = commands(lab)
        receive(connection, got, 2)[1].ack()
        assert not (commands(lab) - before)["blmove"]


def test_an_unblock_that_overtakes_the_waiting_is_sent_again(
    anywhere: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = anywhere
    sent: list[int] = []
    unblock = redis.Redis.client_unblock

    def overtake(client: redis.Redis, number: int) -> Any:
        sent.append(number)
        return unblock(client, number) if len(sent) > 1 else 0

    monkeypatch.setattr(redis.Redis, "client_unblock", overtake)
    with consuming(lab, "celery", "other") as (connection, got):
        publish(lab, range(1))
        receive(connection, got, 1)[0].ack()
        [channel] = [channel for channel in connection.transport.channels if channel.active_queues]
        while not (channel._taker._question and channel._taker._question.moves_from):
            with contextlib.suppress(TimeoutError):
                connection.drain_events(timeout=0.05)
        publish(lab, range(1, 2), "other")
        receive(connection, got, 2)[1].ack()
    assert len(sent) == 2


@pytest.mark.parametrize("transport", ["celery_reliable_redis:Transport", STOCK])
def test_to_publish_is_one_command(anywhere: Lab, transport: str) -> None:
    lab = anywhere
    with Celery("sends", broker=lab.broker) as app:
        app.conf.update(broker_transport=transport, task_ignore_result=True)
        app.send_task("work", (0,))  # connects and declares
        before = commands(lab)
        for number in range(1, JOBS):
            app.send_task("work", (number,), priority=number % 2)
        asked = commands(lab) - before
    assert asked == {"lpush": JOBS - 1, "info": 1}, asked
    assert lab.queued() == JOBS


def test_what_others_have_done_to_the_queue_meanwhile_is_seen(anywhere: Lab) -> None:
    lab = anywhere
    exchange = Exchange("letters", type="direct")
    first, second = (Queue(name, exchange, routing_key="all") for name in ("first", "second"))
    with lab.connection() as connection, lab.connection() as other:
        producer = connection.Producer(exchange=exchange, routing_key="all", serializer="json")
        producer.publish(1, declare=[first])
        second(other.default_channel).declare()  # another program, to the same exchange and key
        producer.publish(2, declare=[first])
        assert (lab.queued("first"), lab.queued("second")) == (2, 1)
        assert first(other.default_channel).purge() == 2
        producer.publish(3, declare=[first])
        assert (lab.queued("first"), lab.queued("second")) == (1, 2)
        second(other.default_channel).delete()
        producer.publish(4, declare=[first])
        assert (lab.queued("first"), lab.queued("second")) == (2, 0)
        lab.broker_client.flushall()
        connection.Producer(serializer="json").publish(5, routing_key="first")  # by its name, as Celery does
        assert lab.queued("first") == 1


def test_a_channel_that_a_fork_has_inherited_publishes_by_connections_of_its_own(anywhere: Lab) -> None:
    lab = anywhere
    lab.broker_client.ping()
    there = ids(lab)
    with lab.connection() as connection, connection.channel() as channel:
        producer = connection.Producer(channel, serializer="json")
        producer.publish(0, routing_key="celery")
        channel._after_fork()  # as kombu in a child
        producer.publish(1, routing_key="celery")
        lab.broker_client.client_kill_filter(_type="normal", skipme=True)
        producer.publish(2, routing_key="celery")
    assert lab.queued() == 3
    until(lambda: ids(lab) <= there, "nobody else is connected")


def ids(lab: Lab) -> set[str]:
    clients: Any = lab.broker_client.client_list()
    return {client["id"] for client in clients}
