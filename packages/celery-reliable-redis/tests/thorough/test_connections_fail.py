"""Connections that are killed, a server that goes away and comes back: the worker goes on by itself."""

from __future__ import annotations

import contextlib
import signal
from typing import Any

import kombu
import pytest
from kombu.asynchronous import Hub
from kombu.transport import redis as stock

from celery_reliable_redis.taker import Taker
from transport_consuming import consuming, numbers, publish, receive
from transport_lab import POOLS, Lab, Worker, pools, until


@pytest.mark.parametrize("pool", pools(*POOLS))
def test_a_worker_goes_on_after_its_connections_and_its_server_went(restartable: Lab, pool: str) -> None:
    lab = restartable
    worker = lab.worker(pool)
    lab.ready(worker)
    lab.send("hold", range(1))
    until(lambda: lab.noted("started").total() == 1, "the job has started")
    lab.send("work", range(1, 60), 0.01)
    lab.broker_client.client_kill_filter(_type="normal", skipme=True)
    lab.server.stop()
    lab.server.start()
    lab.records.set("release", 1)
    lab.send("work", range(60, 90))
    held = pool == "prefork" and kombu.VERSION[:2] < (5, 7)  # an older Celery holds what it had until it ends
    if held:
        until(lambda: {0, *range(60, 90)} <= set(lab.noted("done")), "a record of all others")
        assert worker.shut_down() == 0
        worker = lab.worker(pool)
    lab.all_done()
    assert lab.noted("started")[0] == 1 or held  # the job that ran all the time was not given to anyone again
    shut_down_warmly(lab, worker)


def shut_down_warmly(lab: Lab, worker: Worker) -> None:
    """The job that runs is finished; those that wait for their time are back at once."""
    lab.send("work", range(100, 102), countdown=3600)
    until(lambda: sum(lab.reserved().values()) == 2, "two wait for their time")
    lab.send("work", range(102, 103), 0.3)
    until(lambda: lab.noted("started")[102] == 1, "one job runs")
    assert worker.shut_down() == 0
    assert lab.noted("done")[102] == 1
    assert lab.queued() == 2
    assert not any(lab.reserved().values())


def test_a_cold_shutdown_returns_messages_at_once(lab: Lab) -> None:
    worker = lab.worker("prefork")  # Celery itself cannot end a job in a thread
    lab.ready(worker)
    lab.send("hold", range(6))
    until(lambda: lab.noted("started").total() >= 2, "jobs run")
    worker.signal(signal.SIGQUIT)
    until(lambda: lab.queued() == 6, "all six are back")
    assert not any(lab.reserved().values())


class Interrupted(Exception):  # noqa: N818  # by a signal
    """As Celery's handler for SIGQUIT raises one, wherever the worker is, with a pool of threads."""


@pytest.mark.parametrize("command", [b"BLMOVE", b"EVAL"])
def test_what_a_question_that_was_broken_off_still_brings_is_not_forgotten(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, command: bytes
) -> None:
    close = stock.Channel.close

    def publish_and_close(channel: Any) -> None:
        if channel.connection is connection.transport:
            publish(lab, range(1, 2))  # all is given back; the server may still have a question
        close(channel)

    with consuming(lab) as (connection, got):
        publish(lab, range(1))
        receive(connection, got, 1)[0].ack()
        wire = next(each.client.connection for each in connection.transport.channels if each.reservation)
        send = wire.send_packed_command

        def send_and_break_off(packed: Any, **options: Any) -> None:
            send(packed, **options)
            if command in b"".join(packed):
                raise Interrupted

        monkeypatch.setattr(wire, "send_packed_command", send_and_break_off)
        if command == b"EVAL":  # asked after each message; when there is none, BLMOVE follows
            publish(lab, range(2, 3))
        with pytest.raises(Interrupted):
            receive(connection, got, 3)
        monkeypatch.setattr(stock.Channel, "close", publish_and_close)
    monkeypatch.undo()
    with consuming(lab) as (connection, got):
        expected = [1] if command == b"BLMOVE" else [1, 2]
        assert sorted(numbers(receive(connection, got, len(expected)))) == expected
        for message in got:
            message.ack()


@pytest.mark.parametrize("has_loop", [False, True])
def test_an_answer_is_read_where_the_question_was_sent_on_another_socket(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, has_loop: bool
) -> None:
    with consuming(lab) as (connection, got):
        publish(lab, range(1))
        receive(connection, got, 1)[0].ack()
        ask = Taker.ask
        asked: list[Any] = []

        def lose_and_ask(taker: Taker, wire: Any, *arguments: Any) -> None:
            assert not taker.awaits_answer
            if not asked:
                wire.disconnect()  # redis-py connects anew
            asked.append(wire)
            ask(taker, wire, *arguments)

        monkeypatch.setattr(Taker, "ask", lose_and_ask)
        hub = Hub()
        if has_loop:
            connection.register_with_event_loop(hub)

        def go_on() -> bool:
            with contextlib.suppress(TimeoutError):
                hub.run_once() if has_loop else connection.drain_events(timeout=0.3)
            return len(got) == 2

        while not asked:
            go_on()
        publish(lab, range(1, 2))
        until(go_on, "the message")
        got[1].ack()
        connection.close()
        hub.close()
