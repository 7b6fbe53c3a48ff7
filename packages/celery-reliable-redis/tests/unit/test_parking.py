"""Messages of ordinary producers that wait in Redis once somebody has met them, on real servers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from kombu import Connection, Queue

from celery_reliable_redis import list_delayed
from celery_reliable_redis.eta import read_eta_ms
from transport_consuming import consuming
from transport_delayed import LONG_S, delayed, producing, send_timed, soon
from transport_lab import Lab


def test_who_meets_a_stock_producers_parks_it_and_takes_the_others(waiting: Lab) -> None:
    with producing(waiting, "") as stock:
        send_timed(waiting, stock, [soon(LONG_S)] * 3)
        now = stock.send_task("pong", (9,)).id
    with consuming(waiting) as (connection, got):
        while not got:
            connection.drain_events(timeout=10)
        assert [message.headers["id"] for message in got] == [now]
        assert delayed(waiting) == 3
        assert sum(waiting.reserved().values()) == 1
        got[0].ack()
    assert not waiting.queued()


def test_what_was_parked_keeps_its_marks(waiting: Lab) -> None:
    with producing(waiting, "") as stock:
        send_timed(waiting, stock, [soon(LONG_S)])
    with consuming(waiting, delay_from=None) as (connection, got):
        while not got:
            connection.drain_events(timeout=10)
    # It has been put back by who has closed: as redelivered.
    raw: Any = waiting.broker_client.lindex("celery", 0)
    with producing(waiting, "") as stock:
        stock.send_task("pong", (9,))
    with consuming(waiting) as (connection, got):
        while not got:
            connection.drain_events(timeout=10)
    [item] = list_delayed(waiting.broker_client)
    assert item.raw == raw
    assert item.read()["headers"]["redelivered"]


def test_twins_are_not_parked_twice_as_one(waiting: Lab) -> None:
    with producing(waiting, "") as stock:
        send_timed(waiting, stock, [soon(LONG_S)])
    raw: Any = waiting.broker_client.lindex("celery", 0)
    waiting.broker_client.lpush("celery", raw)
    with consuming(waiting) as (connection, got):
        while not got:
            connection.drain_events(timeout=10)
        assert delayed(waiting) == len(got) == 1
        got[0].ack()


@pytest.mark.parametrize("eta", [7, "", "tomorrow", "2026-13-01", [], {"a": 1}])
def test_what_is_no_time_is_delivered(waiting: Lab, eta: Any) -> None:
    assert read_eta_ms({"eta": eta}) is None
    with Connection(waiting.broker) as connection, connection.channel() as channel:
        connection.Producer(channel).publish(
            {}, routing_key="celery", declare=[Queue("celery")], headers={"eta": eta}
        )
    with consuming(waiting) as (connection, got):
        while not got:
            connection.drain_events(timeout=10)
        got[0].ack()


def test_a_task_id_that_is_no_text_does_no_harm(waiting: Lab) -> None:
    eta = "2100-01-01T00:00:00"
    with Connection(waiting.broker) as connection, connection.channel() as channel:
        for task_id in ("\ud800", None, [1], "\n\x1b[2J", "x" * 10_000):
            connection.Producer(channel).publish(
                {}, routing_key="celery", declare=[Queue("celery")], headers={"eta": eta, "id": task_id}
            )
        connection.Producer(channel).publish("last", routing_key="celery")
    with consuming(waiting) as (connection, got):
        while not got:
            connection.drain_events(timeout=10)
        got[0].ack()
    assert delayed(waiting) == 5


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-11-28T20:00:00", "2026-11-28T20:00:00+00:00"),
        ("2026-11-28T20:00:00Z", "2026-11-28T20:00:00+00:00"),
        ("2026-11-28T21:00:00.500000+01:00", "2026-11-28T20:00:00.500000+00:00"),
    ],
)
def test_times_are_read_as_celery_reads_them(text: str, same: str) -> None:
    expected = datetime.fromisoformat(same).timestamp() * 1000
    assert read_eta_ms({"eta": text}) == expected


def test_a_release_never_comes_before_its_time() -> None:
    assert read_eta_ms({"eta": "1970-01-01T00:00:00.000100"}) == 1
