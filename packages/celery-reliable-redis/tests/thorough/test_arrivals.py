"""Every way in which a message reaches a consumer: it is acknowledged as itself, and no other is touched."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from kombu import Connection, Consumer, Exchange, Message, Queue

from transport_consuming import consuming, numbers, publish, receive
from transport_lab import Lab, until

NEWS = Exchange("news", type="fanout")


def news(name: str = "news") -> Queue:
    return Queue(name, NEWS, auto_delete=True)


@contextlib.contextmanager
def listening(
    lab: Lab, prefetch: int = 10, **options: Any
) -> Iterator[tuple[Connection, list[Message], Any]]:
    """A connection that takes from a queue, and listens to broadcasts."""
    got: list[Message] = []
    with lab.connection() as connection, connection.channel() as channel:
        channel.basic_qos(0, prefetch, False)
        with Consumer(channel, [Queue("celery"), news()], on_message=got.append, **options):
            with contextlib.suppress(TimeoutError):
                connection.drain_events(timeout=0.1)
            yield connection, got, channel


def broadcast(lab: Lab, numbers: range, **options: Any) -> None:
    """As any stock producer does it. Whoever listens gets it; so wait until somebody does."""
    until(lambda: lab.broker_client.pubsub_numpat(), "a listener")
    with Connection(lab.broker) as connection, connection.channel() as channel:
        producer = connection.Producer(channel, NEWS, serializer="json")
        for number in numbers:
            producer.publish(number, **options)


def reserved(lab: Lab) -> int:
    return sum(lab.reserved().values())


def test_a_broadcast_to_a_consumer_that_has_nothing_in_hand(anywhere: Lab) -> None:
    lab = anywhere
    with listening(lab) as (connection, got, _):
        broadcast(lab, range(3))
        for message in receive(connection, got, 3):
            message.ack()
        publish(lab, range(3, 4))
        receive(connection, got, 4)[3].ack()
    assert not lab.queued()
    assert not lab.reserved()


@pytest.mark.parametrize("how", ["ack", "reject", "requeue"])
def test_what_becomes_of_a_broadcast_touches_no_job_in_hand(anywhere: Lab, how: str) -> None:
    lab = anywhere
    publish(lab, range(2))
    with listening(lab) as (connection, got, _):
        receive(connection, got, 2)
        broadcast(lab, range(2, 3))
        getattr(receive(connection, got, 3)[2], how)()
        got[0].ack()
        until(lambda: reserved(lab) == 1, "one is acknowledged")
    with consuming(lab) as (connection, got):
        assert numbers(receive(connection, got, 1)) == [1]
        got[0].ack()
    assert not lab.queued()
    keys: Any = lab.broker_client.keys("*")
    assert b"news" not in keys  # where kombu's own puts a broadcast that is requeued, and nobody looks


def test_a_broadcast_counts_against_the_prefetch_limit(anywhere: Lab) -> None:
    lab = anywhere
    with listening(lab, prefetch=2) as (connection, got, _):
        broadcast(lab, range(2))
        receive(connection, got, 2)
        publish(lab, range(2, 3))
        with contextlib.suppress(TimeoutError):
            connection.drain_events(timeout=0.2)
        assert len(got) == 2
        got[0].ack()
        receive(connection, got, 3)[2].ack()


def test_a_broadcast_that_nobody_has_acknowledged_ends_with_its_channel(anywhere: Lab) -> None:
    lab = anywhere
    publish(lab, range(1))
    with listening(lab) as (connection, got, channel):
        receive(connection, got, 1)
        broadcast(lab, range(1, 2))
        receive(connection, got, 2)
        channel.basic_recover(requeue=True)
        assert receive(connection, got, 3)[2].payload == 0
        broadcast(lab, range(2, 3))
        receive(connection, got, 4)
    assert lab.queued() == 1
    assert not lab.reserved()


@pytest.mark.parametrize("no_ack", [False, True])
def test_a_broadcast_that_comes_twice_is_two(anywhere: Lab, no_ack: bool) -> None:
    """As to a consumer whose patterns both match: the tags are the same."""
    lab = anywhere
    with listening(lab, no_ack=no_ack) as (connection, got, channel):
        until(lambda: lab.broker_client.pubsub_numpat(), "a listener")
        publish(lab, range(1), "template")
        raw: Any = lab.broker_client.lindex("template", 0)
        lab.broker_client.lpush("celery", raw)
        receive(connection, got, 1)
        for count in (2, 3):
            lab.broker_client.publish("/3.news", raw)
            receive(connection, got, count)
        if not no_ack:
            assert len({message.delivery_tag for message in got}) == 3
            assert len(channel.qos._delivered) == 3
            got[1].ack()
            got[2].ack()
            assert reserved(lab) == 1
            got[0].ack()
        until(lambda: not reserved(lab), "nothing is left")


def test_a_consumer_that_acknowledges_nothing_beside_one_that_does(anywhere: Lab) -> None:
    lab = anywhere
    with lab.connection() as connection, connection.channel() as channel:
        got: list[Message] = []
        with (
            Consumer(channel, [Queue("celery")], on_message=got.append),
            Consumer(channel, [Queue("quick")], on_message=got.append, no_ack=True),
        ):
            publish(lab, range(1))
            receive(connection, got, 1)
            publish(lab, range(1, 3), "quick")
            receive(connection, got, 3)
            until(lambda: reserved(lab) == 1, "what needs no acknowledgement is gone")
            assert list(channel.qos._delivered) == [got[0].delivery_tag]
    assert lab.queued() == 1
    assert not lab.queued("quick")


def test_a_callback_that_raises_has_its_message_and_no_other(anywhere: Lab) -> None:
    lab = anywhere
    publish(lab, range(3))
    got: list[Message] = []

    def receive_one(message: Message) -> None:
        got.append(message)
        if len(got) == 1:
            raise ZeroDivisionError

    with lab.connection() as connection, connection.channel() as channel:
        channel.basic_qos(0, 10, False)
        with Consumer(channel, [Queue("celery")], on_message=receive_one):
            with pytest.raises(ZeroDivisionError):
                receive(connection, got, 1)
            receive(connection, got, 3)
            got[1].ack()
            until(lambda: reserved(lab) == 2, "one is acknowledged")
    assert lab.queued() == 2


def test_two_channels_that_consume_from_one_queue(anywhere: Lab) -> None:
    """Over Redis, kombu gives what any of them takes to the last one's consumer."""
    lab = anywhere
    publish(lab, range(4))
    with lab.connection() as connection:
        first, second = connection.channel(), connection.channel()
        got: list[Message] = []
        with Consumer(first, [Queue("celery")], on_message=got.append) as first_consumer:
            receive(connection, got, 4)
            got[0].ack()
            with Consumer(second, [Queue("celery")], on_message=got.append):
                publish(lab, range(4, 12))
                receive(connection, got, 12)
                assert {message.channel for message in got[4:]} == {second}
                got[4].ack()
                got[5].requeue()
                receive(connection, got, 13)
                first_consumer.cancel()
                first.close()  # gives back its own three, and none that the second has received
                for message in got[6:]:
                    message.ack()
        second.close()
    assert not reserved(lab)
    with consuming(lab) as (connection, got):
        assert numbers(receive(connection, got, 3)) == [1, 2, 3]


def test_recovering_brings_back_what_was_received(anywhere: Lab) -> None:
    lab = anywhere
    publish(lab, range(4))
    got: list[Message] = []

    def stumble(message: Message) -> None:
        got.append(message)
        if len(got) == 2:
            raise ZeroDivisionError

    with lab.connection() as connection, connection.channel() as channel:
        channel.basic_qos(0, 4, False)
        with Consumer(channel, [Queue("celery")], on_message=stumble):
            with pytest.raises(ZeroDivisionError):
                receive(connection, got, 2)
            channel.basic_recover(requeue=True)
            again = receive(connection, got, 6)[2:]  # those that were already taken, and those that came back
            assert numbers(again) == [2, 3, 0, 1]
            for message in again:
                message.ack()
            assert not channel.qos._delivered
    assert not reserved(lab)
    assert not lab.queued()


def wait_as(connection: Connection, channel: Any, got: list[Message], **options: Any) -> None:
    """Leave a question with the server, and be gone."""
    with (
        Consumer(channel, [Queue("celery")], on_message=got.append, **options),
        contextlib.suppress(TimeoutError),
    ):
        connection.drain_events(timeout=0.1)


@pytest.mark.parametrize("first_no_ack", [False, True])
def test_cancelled_and_consumed_again_with_the_other_kind_of_consumer(
    anywhere: Lab, first_no_ack: bool
) -> None:
    lab = anywhere
    got: list[Message] = []
    with lab.connection() as connection, connection.channel() as channel:
        wait_as(connection, channel, got, no_ack=first_no_ack)
        publish(lab, range(2))  # an answer to a question whose asker is gone
        with Consumer(channel, [Queue("celery")], on_message=got.append, no_ack=not first_no_ack):
            assert numbers(receive(connection, got, 2)) == [0, 1]
            if first_no_ack:
                assert reserved(lab) == 2
                got[0].ack()
                got[1].reject()
        until(lambda: not reserved(lab), "nothing is in hand")
    assert not lab.queued()


def test_a_broadcast_queue_cancelled_and_consumed_again(anywhere: Lab) -> None:
    lab = anywhere
    with lab.connection() as connection, connection.channel() as channel:
        got: list[Message] = []
        with (
            Consumer(channel, [Queue("celery")], on_message=got.append),
            Consumer(channel, [news()], on_message=got.append) as listener,
        ):
            with contextlib.suppress(TimeoutError):
                connection.drain_events(timeout=0.1)
            broadcast(lab, range(1))  # which comes when nobody wants it any more
            listener.cancel()
            publish(lab, range(1, 2))
            receive(connection, got, 1)
            listener.consume()
            with contextlib.suppress(TimeoutError):
                connection.drain_events(timeout=0.2)
            broadcast(lab, range(2, 3))
            assert numbers(receive(connection, got, 2)) == [1, 2]
            for message in got:
                message.ack()
    assert not reserved(lab)


def test_a_channel_that_is_drained_by_itself(anywhere: Lab) -> None:
    lab = anywhere
    publish(lab, range(2))
    got: list[Message] = []
    with (
        lab.connection() as connection,
        connection.channel() as channel,
        Consumer(channel, [Queue("celery")], on_message=got.append),
    ):
        channel.drain_events()
        channel.drain_events()
        assert reserved(lab) == 2
        got[0].ack()
        until(lambda: reserved(lab) == 1, "one is acknowledged")
    assert lab.queued() == 1


def test_getting_beside_consuming(anywhere: Lab) -> None:
    lab = anywhere
    publish(lab, range(1))
    publish(lab, range(1, 4), "pull")
    with consuming(lab) as (connection, got):
        channel = receive(connection, got, 1)[0].channel
        kept = Queue("pull")(channel).get()
        gone = Queue("pull")(channel).get(no_ack=True)
        assert (kept.payload, gone.payload) == (1, 2)
        assert reserved(lab) == 2
        kept.requeue()
        got[0].ack()
        until(lambda: not reserved(lab), "nothing is in hand")
    assert lab.queued("pull") == 2


def test_a_get_that_fails_leaves_no_answer_of_the_consumers_behind(
    anywhere: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = anywhere
    with consuming(lab) as (connection, got):
        with contextlib.suppress(TimeoutError):
            connection.drain_events(timeout=0.1)  # it waits for a message
        channel = next(channel for channel in connection.transport.channels if channel.reservation)
        assert channel.basic_get("pull") is None  # from here on it is registered

        def fails(*_: Any) -> None:
            raise redis.ConnectionError("lost")

        with monkeypatch.context() as patched:
            patched.setattr(channel.reservation.client, "eval", fails)
            with pytest.raises(redis.ConnectionError, match="lost"):
                channel.basic_get("pull")
        publish(lab, range(2))
        for message in receive(connection, got, 2):
            message.ack()
        until(lambda: not reserved(lab), "nothing is in hand")
    assert not lab.queued()


def test_acknowledgements_are_not_to_be_switched_off(anywhere: Lab) -> None:
    lab = anywhere
    publish(lab, range(2))
    with consuming(lab, ack_emulation=False) as (connection, got):
        receive(connection, got, 2)[0].ack()
        until(lambda: reserved(lab) == 1, "one is acknowledged")
    assert lab.queued() == 1


def test_a_consumer_that_is_closed_leaves_no_connection_open(anywhere: Lab) -> None:
    lab = anywhere
    publish(lab, range(2))
    own = str(lab.broker_client.client_id())

    def others() -> list[Any]:
        clients: Any = lab.broker_client.client_list()
        return [client for client in clients if client["db"] == "3" and client["id"] != own]

    gc.collect()
    gc.disable()  # it closes what has been forgotten, sooner or later
    try:
        with consuming(lab, prefetch=2) as (connection, got):
            receive(connection, got, 2)[0].ack()
            assert others()
        until(lambda: not others(), "all are closed")
    finally:
        gc.enable()
    assert lab.queued() == 1
