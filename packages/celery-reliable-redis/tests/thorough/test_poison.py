"""A task that kills its worker: how often it is delivered, what becomes of its neighbours, where it ends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from celery_reliable_redis.dead import DeadLetter, DeadLetters, find_queues
from celery_reliable_redis.parts import MOST
from celery_reliable_redis.redelivery import SUSPECT_MARK, mark_redelivered
from celery_reliable_redis.reservation import Held, Reservation
from celery_reliable_redis.solitude import LOOK_S
from transport_consuming import consuming, numbers, publish, receive
from transport_lab import Lab, Worker, pools, until

INNOCENT = range(1, 21)


def put_aside(lab: Lab, queue: str = "celery") -> list[DeadLetter]:
    return list(DeadLetters(lab.broker_client, queue))


def feed_until_put_aside(lab: Lab, pool: str, workers: int) -> Worker:
    """Start a worker each time the last one has died, until a message is put aside. Returns the last one."""
    for _ in range(workers):
        worker = lab.worker(pool)
        until(lambda w=worker: w.process.poll() is not None or put_aside(lab), "an end")  # type: ignore[misc]
        if put_aside(lab):
            return worker
    raise AssertionError("nothing was put aside")


@pytest.mark.parametrize("pool", pools("solo", "threads", "prefork", "gevent", "asyncio"))
def test_what_kills_its_workers_is_put_aside_and_its_neighbours_are_done(lab: Lab, pool: str) -> None:
    lab.options |= {"lease": 0.3, "delivery_limit": 3}
    lab.send("poison", range(1))
    lab.send("work", INNOCENT, 0.01)
    feed_until_put_aside(lab, pool, 4)
    lab.all_done_but(0)
    assert lab.noted("started")[0] == 3
    assert list(lab.noted("counts")) == [0, 1, 2]
    [letter] = put_aside(lab)
    assert (letter.task, letter.queue, letter.reason) == ("poison", "celery", "its worker died")
    assert letter.deliveries == 3
    assert letter.worker.startswith("process ")
    assert letter.time.endswith("+00:00")
    # Twice they were in the same hands; then each was alone.
    assert max(lab.noted("started")[number] for number in INNOCENT) <= 3


def test_a_task_that_is_replayed_may_be_delivered_as_often_again(lab: Lab) -> None:
    lab.options |= {"lease": 0.3, "delivery_limit": 1}
    lab.send("poison", range(1))
    feed_until_put_aside(lab, "solo", 2).kill()
    letters = DeadLetters(lab.broker_client)
    [letter] = letters
    assert find_queues(lab.broker_client) == ["celery"]
    assert letters.replay(letter)
    assert not letters.replay(letter)
    assert (len(letters), lab.queued()) == (0, 1)
    feed_until_put_aside(lab, "solo", 2).kill()
    [again] = letters
    assert (again.id, again.deliveries) == (letter.id, 1)
    assert len(json.loads(again.raw)["headers"]["x-death"]) == 2
    assert letters.drop(again)
    assert not letters.drop(again)
    assert find_queues(lab.broker_client) == []


def test_those_put_aside_may_be_dropped_while_they_are_gone_through(lab: Lab) -> None:
    publish(lab, range(250), queue="celery:dead")
    letters = DeadLetters(lab.broker_client)
    assert all(letters.drop(letter) for letter in letters)
    assert len(letters) == 0


def test_a_stock_worker_takes_a_suspect_as_any_message(lab: Lab) -> None:
    lab.send("work", INNOCENT)
    raws: Any = lab.broker_client.lrange("celery", 0, -1)
    lab.broker_client.delete("celery")
    for raw in raws:
        suspect = mark_redelivered(mark_redelivered(raw, counted=True).raw, counted=True)
        assert suspect.raw.startswith(SUSPECT_MARK)
        lab.broker_client.rpush("celery", suspect.raw)
    lab.ready(lab.worker("solo", transport=""))
    until(lambda: lab.noted("done") == dict.fromkeys(INNOCENT, 1), "all are done")


def make_suspect(lab: Lab, place: int) -> None:
    """Mark one of the messages in the queue, counted from the head."""
    client = lab.broker_client
    raw: Any = client.lindex("celery", -1 - place)
    client.lset("celery", -1 - place, SUSPECT_MARK.decode() + raw.decode())


def test_a_suspect_is_in_nobodys_hands_beside_another(lab: Lab) -> None:
    publish(lab, range(4))
    make_suspect(lab, 1)
    with consuming(lab) as (connection, got):
        assert numbers(receive(connection, got, 1)) == [0]
        for _ in range(3):
            with pytest.raises(TimeoutError):
                connection.drain_events(timeout=0.1)
        assert lab.queued() == 3
        got[0].ack()
        assert numbers(receive(connection, got, 2)) == [0, 1]
        for _ in range(3):
            with pytest.raises(TimeoutError):
                connection.drain_events(timeout=0.1)
        assert lab.queued() == 2
        got[1].ack()
        assert numbers(receive(connection, got, 4)) == [0, 1, 2, 3]
        for message in got[2:]:
            message.ack()


def test_a_suspect_that_comes_to_a_waiting_consumer_goes_back_while_something_is_in_hand(lab: Lab) -> None:
    publish(lab, range(1))
    with consuming(lab) as (connection, got):
        receive(connection, got, 1)
        with pytest.raises(TimeoutError):
            connection.drain_events(timeout=0.1)  # it waits by BLMOVE now
        publish(lab, range(1, 2), queue="elsewhere")
        make_suspect_of(lab, "elsewhere")
        lab.broker_client.lmove("elsewhere", "celery", "RIGHT", "LEFT")
        for _ in range(5):
            with pytest.raises(TimeoutError):
                connection.drain_events(timeout=0.1)
        until(lambda: lab.queued() == 1, "it is back")
        got[0].ack()
        receive(connection, got, 2)[1].ack()


def test_who_makes_room_goes_on_when_another_has_taken_the_suspect(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("celery_reliable_redis.solitude.MAKING_ROOM_S", 3600.0)
    publish(lab, range(2))
    make_suspect(lab, 1)
    with consuming(lab) as (busy, got), consuming(lab) as (other, got_by_other):
        receive(busy, got, 1)
        with pytest.raises(TimeoutError):
            busy.drain_events(timeout=0.1)
        assert numbers(receive(other, got_by_other, 1)) == [1]
        publish(lab, range(2, 3))
        assert numbers(receive(busy, got, 2)) == [0, 2]
        for message in (*got, *got_by_other):
            message.ack()


def make_suspect_of(lab: Lab, queue: str) -> None:
    raw: Any = lab.broker_client.lindex(queue, 0)
    lab.broker_client.lset(queue, 0, SUSPECT_MARK.decode() + raw.decode())


def test_after_a_while_a_suspect_waits_behind_the_others_once_more(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("celery_reliable_redis.solitude.MAKING_ROOM_S", 0.0)
    publish(lab, range(3))
    make_suspect(lab, 1)
    with consuming(lab) as (connection, got):
        assert numbers(receive(connection, got, 2)) == [0, 2]
        for message in got:
            message.ack()
        assert numbers(receive(connection, got, 3)) == [0, 2, 1]
        got[2].ack()


def test_a_long_job_keeps_its_consumer_from_the_others_once_and_not_each_time(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("celery_reliable_redis.solitude.MAKING_ROOM_S", 0.0)
    publish(lab, range(2))
    make_suspect(lab, 1)
    with consuming(lab) as (connection, got):
        receive(connection, got, 1)
        publish(lab, range(2, 3))
        receive(connection, got, 2)
        monkeypatch.setattr("celery_reliable_redis.solitude.MAKING_ROOM_S", 3600.0)
        for count in range(3, 6):  # the suspect is the only other one in the queue each time
            publish(lab, range(count, count + 1))
            receive(connection, got, count)
        for message in got:
            message.ack()
        assert numbers(receive(connection, got, 6)) == [0, 2, 3, 4, 5, 1]
        got[5].ack()


def test_where_no_loop_tells_when_a_suspect_is_done_the_consumer_looks_often(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(lab, range(2))
    make_suspect(lab, 0)
    make_suspect(lab, 1)
    with consuming(lab) as (connection, got):
        receive(connection, got, 1)
        poller = connection.transport.cycle.poller
        poll = poller.poll
        waited: list[float] = []

        def note_and_poll(timeout: float) -> Any:
            waited.append(timeout)
            return poll(timeout)

        monkeypatch.setattr(poller, "poll", note_and_poll)
        with pytest.raises(TimeoutError):
            connection.drain_events(timeout=2 * LOOK_S)
        assert max(waited) <= LOOK_S
        got[0].ack()
        receive(connection, got, 2)[1].ack()


def test_what_waits_for_its_time_in_a_dead_workers_hands_is_not_counted(lab: Lab) -> None:
    lab.options |= {"lease": 0.3, "delivery_limit": 1}
    worker = lab.worker("solo")
    lab.ready(worker)
    lab.send("work", range(3), countdown=3600)
    until(lambda: lab.reserved_by(worker) == 3, "it holds them")
    worker.kill()
    heir = lab.worker("solo")
    lab.ready(heir)
    until(lambda: lab.reserved_by(heir) == 3, "they are in other hands")
    assert not put_aside(lab)
    # Nor do they keep a suspect from being alone.
    lab.send("work", range(3, 4))
    make_suspect_in_next(lab)
    until(lambda: lab.noted("done")[3] == 1, "the suspect is done")


def make_suspect_in_next(lab: Lab) -> None:
    """Put one into the queue that is a suspect already."""
    lab.app.conf.task_default_queue = "celery"
    lab.send("work", range(100, 101), queue="aside")
    make_suspect_of(lab, "aside")
    lab.broker_client.lmove("aside", "celery", "RIGHT", "LEFT")
    until(lambda: lab.noted("done")[100] == 1, "it is done")


@pytest.mark.parametrize("counted", [False, True])
def test_requeues_that_a_task_asks_for_count_only_where_they_are_set_to(lab: Lab, counted: bool) -> None:
    with consuming(lab, delivery_limit=3, count_requeues=counted) as (connection, got):
        publish(lab, range(1))
        for times in range(1, 4):
            receive(connection, got, times)[-1].requeue()
        counts = [message.headers.get("x-delivery-count") for message in got]
        if counted:
            assert counts == [None, 1, 2]
            [letter] = put_aside(lab)
            assert (letter.reason, letter.deliveries) == ("requeued", 3)
        else:
            assert counts == [None, None, None]
            receive(connection, got, 4)[-1].ack()
            assert not put_aside(lab)


def test_without_a_limit_nothing_is_put_aside(lab: Lab) -> None:
    with consuming(lab, delivery_limit=None, count_requeues=True) as (connection, got):
        publish(lab, range(1))
        for times in range(1, 31):
            receive(connection, got, times)[-1].requeue()
        assert receive(connection, got, 31)[-1].headers["x-delivery-count"] == 30
        got[-1].ack()


def test_a_count_that_a_producer_wrote_is_not_believed(lab: Lab) -> None:
    with consuming(lab, delivery_limit=3) as (connection, got):
        publish(lab, range(1), headers={"x-delivery-count": 19})
        [message] = receive(connection, got, 1)
        assert "x-delivery-count" not in message.headers
        message.ack()


def test_the_priority_of_what_is_put_aside_is_kept(lab: Lab) -> None:
    with consuming(lab, delivery_limit=1, count_requeues=True) as (connection, got):
        publish(lab, range(1), priority=9)
        receive(connection, got, 1)[0].requeue()
    letters = DeadLetters(lab.broker_client)
    [letter] = letters
    assert letter.queue == "celery\x06\x169"
    letters.replay(letter)
    assert lab.queued("celery\x06\x169") == 1


def test_however_much_is_held_no_list_is_long(lab: Lab) -> None:
    number = 10 * MOST
    publish(lab, range(number))
    with consuming(lab, prefetch=number) as (connection, got):
        messages = [*receive(connection, got, number)]
        lengths = lab.reserved().values()
        assert (sum(lengths), max(lengths) < 2 * MOST) == (number, True)
        for message in messages[::2]:
            message.ack()
        publish(lab, range(number, 3 * number // 2))
        receive(connection, got, 3 * number // 2)
        # Where there is room again, it is used.
        assert len(lab.reserved()) <= len(lengths) + 1
        for message in [*messages[1::2], *got[number:]]:
            message.ack()
    until(lambda: not lab.reserved(), "nothing is left")


def test_all_that_a_dead_consumer_held_comes_back_from_all_its_lists(lab: Lab) -> None:
    client = lab.broker_client
    dead = Reservation(client, "", lease_s=0.05)
    dead.register(["celery"])
    publish(lab, range(5 * MOST))
    while raw := client.lmove("celery", dead.lists["celery"].current, "RIGHT", "LEFT"):
        dead.note_taken("celery", key := dead.lists["celery"].current)
        Held(dead, "celery", key, raw)  # type: ignore[arg-type]
        dead.make_room()
    dead.renew(client)
    assert len(lab.reserved()) == 5
    with consuming(lab, prefetch=5 * MOST) as (connection, got):
        assert sorted(numbers(receive(connection, got, 5 * MOST))) == list(range(5 * MOST))
        for message in got:
            message.ack()
    assert lab.queued() == 0


@pytest.mark.parametrize("limit", [0, -1, "20", 2.5, True])
def test_a_limit_that_is_none_is_refused(lab: Lab, limit: object) -> None:
    with (
        pytest.raises(ValueError, match="delivery_limit is a whole number"),
        consuming(lab, delivery_limit=limit),
    ):
        pass
