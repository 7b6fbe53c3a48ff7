"""The keys of the transport: no name of a queue makes one another's, and none is left for ever."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
import redis
from kombu import Connection, Consumer, Queue

from celery_reliable_redis import lease_scripts, scripts
from celery_reliable_redis.reservation import Reservation
from transport_lab import RELIABLE, Lab, Server, until, wiped_laboratory


def all_come(lab: Lab, *queues: str, prefetch: int = 1, **options: Any) -> None:
    """Messages of every priority, by a stock producer, are delivered once and leave nothing."""
    priorities = (0, 3, 6, 9)
    with Connection(lab.broker, transport_options=options) as stock:
        for queue in queues:
            for priority in priorities:
                stock.Producer().publish(
                    f"{queue} {priority}",
                    routing_key=queue,
                    exchange="",
                    priority=priority,
                    declare=[Queue(queue)],
                )
    got: list[Any] = []
    with lab.connection(**options) as connection, connection.channel() as channel:
        channel.basic_qos(0, prefetch, False)

        def receive(payload: Any, message: Any) -> None:
            got.append(payload)
            message.ack()

        with Consumer(channel, [Queue(name) for name in queues], callbacks=[receive]):
            for _ in range(100):
                if len(got) < len(queues) * len(priorities):
                    with contextlib.suppress(TimeoutError):
                        connection.drain_events(timeout=0.3)
    assert sorted(got) == sorted(f"{queue} {priority}" for queue in queues for priority in priorities)
    assert not any(lab.reserved().values())


@pytest.mark.parametrize("prefetch", [1, 10])
def test_no_name_of_a_queue_is_taken(anywhere: Lab, prefetch: int) -> None:
    names = "queues", "consumers", "suspects", "a:queues", ":", "1-0:b", "unacked", "wake", "[a]*?\\", "ö"
    all_come(anywhere, *names, prefetch=prefetch)


SEPARATED = "app:high", "app", "app:high:3", "a:b:c", "app:"


@pytest.mark.parametrize("sep", [":", "", "::", "p", "#!", "3"])
@pytest.mark.parametrize("order", ["round_robin", "sorted", "priority"])
def test_a_name_may_hold_the_separator(valkey: Server, tmp_path: Path, sep: str, order: str) -> None:
    with wiped_laboratory(valkey, tmp_path) as lab:
        all_come(lab, *SEPARATED, sep=sep, queue_order_strategy=order)


@pytest.mark.parametrize("steps", [[0, 3, 6, 9], [0, 9], [1, 5], list(range(10))])
def test_priorities_and_a_prefix_that_holds_the_separator(
    valkey: Server, tmp_path: Path, steps: list[int]
) -> None:
    options = {"global_keyprefix": "my:", "lease": 1.0}
    with wiped_laboratory(valkey, tmp_path, options=options) as lab:
        all_come(lab, *SEPARATED, sep=":", priority_steps=steps, global_keyprefix="my:")


def test_a_prefix_of_none_is_none(lab: Lab) -> None:
    all_come(lab, "app", global_keyprefix=None)


def test_a_worker_serves_a_queue_whose_name_holds_the_separator(valkey: Server, tmp_path: Path) -> None:
    with wiped_laboratory(valkey, tmp_path, options={"lease": 1.0, "sep": ":"}) as lab:
        worker = lab.worker("solo", "-Q", "app:high,celery")
        lab.ready(worker)
        for number, priority in enumerate([0, 3, 9]):
            lab.send("work", range(number, number + 1), queue="app:high", priority=priority)
        lab.send("work", range(3, 6))
        lab.all_done()
        assert worker.shut_down() == 0


@pytest.mark.parametrize("transport", ["celery_reliable_redis.stock:Transport", RELIABLE])
def test_nor_is_it_split_where_nothing_is_acknowledged(lab: Lab, transport: str) -> None:
    got: list[Any] = []
    options = {"sep": ":", "global_keyprefix": "my:"}
    with (
        Connection(lab.broker, transport=transport, transport_options=options) as connection,
        connection.channel() as channel,
        Consumer(channel, [Queue("a:b")], callbacks=[lambda body, _: got.append(body)], no_ack=True),
    ):
        for priority in (0, 9):
            connection.Producer().publish(priority, exchange="", routing_key="a:b", priority=priority)
        until(lambda: connection.drain_events(timeout=5) or len(got) == 2, "both")
    assert sorted(got) == [0, 9]


@pytest.mark.parametrize("queue", ["reliable:consumers", "reliable:1-2:celery"])
def test_a_queue_that_would_take_a_key_of_the_transports_is_refused(lab: Lab, queue: str) -> None:
    with (
        lab.connection() as connection,
        connection.channel() as channel,
        pytest.raises(ValueError, match=f"may not be called '{queue}'"),
    ):
        Queue(queue)(channel).get()


def registry(client: redis.Redis) -> dict[str, int]:
    """What is left that is no list of messages, and for how long (ms, -1 for ever)."""
    keys: Any = client.keys("reliable:*")
    names = [key.decode() for key in keys]
    return {name: int(client.pttl(name)) for name in names if client.type(name) != b"list"}


def dead(client: redis.Redis, number: int = 3) -> Reservation:
    """A consumer that has taken messages and died."""
    reservation = Reservation(client, "", lease_s=0.05)
    reservation.register(["celery"])
    for message in range(number):
        client.lpush("celery", f"{message}")
        client.lmove("celery", reservation.lists["celery"].current, "RIGHT", "LEFT")
    return reservation


def rescued(client: redis.Redis, heir: Reservation, number: int) -> None:
    """Wait until the heir has put back so many messages."""

    def look() -> bool:
        heir.renew(client)
        heir.rescue(client)
        return client.llen("celery") == number

    until(look, "all messages are back")


def test_everything_but_messages_expires(anywhere: Lab) -> None:
    client = anywhere.broker_client
    for _ in range(2):
        heir = dead(client)
    until(lambda: heir.rescue(client) or client.scard("reliable:suspects"), "a suspicion")
    left = registry(client)
    assert set(left) == {"reliable:consumers", "reliable:queues", "reliable:suspects"}
    assert all(0 < ttl <= lease_scripts.DAY_MS for ttl in left.values()), left
    client.eval(scripts.WAKE, 1, heir.wake_key)
    assert 0 < client.pttl(heir.wake_key) <= scripts.KNOCK_MS
    assert client.pttl(heir.lists["celery"].current) == -1  # it holds messages


@pytest.mark.parametrize("gone", [("consumers", "suspects", "queues"), ("consumers",), ("queues",)])
def test_messages_outlive_what_is_known_of_their_consumer(anywhere: Lab, gone: tuple[str, ...]) -> None:
    """Its expiry has come, or a server that evicts has taken one key."""
    client = anywhere.broker_client
    dead(client).rescue(client)
    dead(client, 0).rescue(client)
    client.delete(*(f"reliable:{name}" for name in gone))
    rescued(client, Reservation(client, "", lease_s=0.05), 3)


@pytest.mark.parametrize("queues", ["no JSON", "7", "[7, [], {}, null]", '["celery"'])
def test_what_somebody_wrote_into_the_registry_keeps_nobody_from_being_rescued(
    anywhere: Lab, queues: str
) -> None:
    client = anywhere.broker_client
    dead(client).rescue(client)
    client.zadd("reliable:consumers", {"other": 1})
    client.sadd("reliable:suspects", "other")
    client.hset("reliable:queues", "other", queues)
    client.set("reliable:other:7", "no list")
    rescued(client, Reservation(client, "", lease_s=0.05), 3)


def test_a_survey_finds_only_lists_of_consumers(anywhere: Lab) -> None:
    client = anywhere.broker_client
    for number in range(3000):  # more than are looked at in one call
        client.lpush(f"reliable:other:{number}", "x")
    client.lpush("reliable:1-2:celery", "x")
    left = dead(client)
    client.delete("reliable:consumers", "reliable:suspects", "reliable:queues")
    heir = Reservation(client, "", lease_s=60)
    heir.renew(client)
    heir.rescue(client)
    known: Any = client.hkeys("reliable:queues")
    assert {name.decode() for name in known} == {"", left.id, heir.id}


def test_one_survey_a_day(anywhere: Lab) -> None:
    client = anywhere.broker_client
    first, second = (Reservation(client, "", lease_s=60) for _ in range(2))
    for reservation in (first, second):
        reservation.register(["celery"])
    scans: Any = client.info("commandstats")
    for _ in range(3):
        for reservation in (first, second):
            reservation.renew(client)
            reservation.rescue(client)
    later: Any = client.info("commandstats")
    assert later["cmdstat_scan"]["calls"] - scans.get("cmdstat_scan", {"calls": 0})["calls"] == 1


def test_a_survey_that_is_due_again_before_its_end_goes_on(lab: Lab) -> None:
    reservation = Reservation(lab.broker_client, "", lease_s=60)
    reservation.renew(lab.broker_client)
    begun = reservation._survey
    assert begun is not None
    lab.broker_client.hdel("reliable:queues", "")
    reservation.renew(lab.broker_client)
    assert reservation._survey is begun


def test_a_consumer_that_has_ended_is_not_registered_anew(lab: Lab) -> None:
    """By the thread that renews leases, which may be about to."""
    client = lab.broker_client
    reservation = Reservation(client, "", lease_s=60)
    reservation.register(["celery"])
    assert reservation.end()
    reservation.renew(client)
    assert not client.zcard("reliable:consumers")
    assert not client.hexists("reliable:queues", reservation.id)
