"""Messages that wait in Redis until they are due: each script and what calls it, on real servers."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from celery import Celery
from kombu import Exchange, Queue

from celery_reliable_redis import list_delayed
from celery_reliable_redis.release import MOST, MOST_BYTES, Release, make_delay_keys
from celery_reliable_redis.sending import send_many
from transport_delayed import LONG_S, delayed, producing, send_timed, soon
from transport_lab import RELIABLE, Lab, in_one_packet


def make_due(lab: Lab, queue: str = "celery", prefix: str = "") -> None:
    """Have the time come for everything that waits for a queue."""
    key = make_delay_keys(f"{prefix}reliable:", f"{prefix}{queue}").due
    members: Any = lab.broker_client.zrange(key, 0, -1)
    for number, member in enumerate(members):
        lab.broker_client.zadd(key, {member: 1000 + number})


def look(lab: Lab, *queues: str, prefix: str = "") -> int:
    """Release what is due."""
    return Release(f"{prefix}reliable:", 1.0).look(lab.broker_client, [prefix + queue for queue in queues])


def ids_in(lab: Lab, key: str = "celery") -> list[str]:
    """The tasks in a queue, in the order in which they are taken."""
    raws: Any = lab.broker_client.lrange(key, 0, -1)
    return [json.loads(raw)["headers"]["id"] for raw in reversed(raws)]


def test_a_task_that_is_due_later_waits_and_one_that_is_due_soon_does_not(waiting: Lab) -> None:
    with producing(waiting) as app:
        later, soon_due, past = send_timed(waiting, app, [soon(LONG_S), soon(0.3), soon(-60)])
        now = app.send_task("pong", (1,)).id
    assert delayed(waiting) == 1
    assert ids_in(waiting) == [soon_due, past, now]
    [item] = list_delayed(waiting.broker_client)
    assert (item.task_id, item.queue) == (later, "celery")
    assert item.due == pytest.approx(soon(LONG_S), abs=30)


def test_without_the_option_none_waits(anywhere: Lab) -> None:
    with producing(anywhere) as app:
        send_timed(anywhere, app, [soon(LONG_S)])
    assert delayed(anywhere) == 0
    assert anywhere.queued() == 1


def test_what_waits_is_what_would_have_been_in_the_queue(waiting: Lab) -> None:
    eta = datetime.now(timezone.utc) + timedelta(seconds=LONG_S)
    with producing(waiting) as app, producing(waiting, "") as stock:
        for each in (app, stock):
            each.send_task("pong", (1,), task_id="same", eta=eta, headers={"mine": 1})
    [item] = list_delayed(waiting.broker_client)
    ordinary = json.loads(waiting.broker_client.lindex("celery", 0))  # type: ignore[arg-type]  # no awaitable
    ours = item.read()
    for message in (ours, ordinary):
        del message["properties"]["delivery_tag"], message["properties"]["reply_to"]
    assert ours == ordinary


@pytest.mark.parametrize("priority", [None, 0, 5, 9])
def test_it_comes_back_into_its_own_queue(waiting: Lab, priority: int | None) -> None:
    waiting.options["global_keyprefix"] = "mine."
    with producing(waiting) as app:
        [task_id] = send_timed(waiting, app, [soon(LONG_S)], priority=priority, queue="a:b")
    [item] = list_delayed(waiting.broker_client, "mine.")
    assert not list(list_delayed(waiting.broker_client))
    assert look(waiting, item.queue, prefix="mine.") == 0
    make_due(waiting, item.queue, "mine.")
    assert look(waiting, item.queue, prefix="mine.") == 1
    with producing(waiting) as app:  # where does an ordinary one go?
        other = app.send_task("pong", (1,), priority=priority, queue="a:b").id
    assert ids_in(waiting, f"mine.{item.queue}") == [task_id, other]
    assert not list(list_delayed(waiting.broker_client, "mine."))


def test_what_is_due_comes_before_what_is_in_the_queue_and_in_its_order(waiting: Lab) -> None:
    with producing(waiting) as app:
        ids = send_timed(waiting, app, [soon(LONG_S + number) for number in (3, 1, 2)])
        last = app.send_task("pong", (9,)).id
    make_due(waiting)
    assert look(waiting, "celery") == 3
    assert ids_in(waiting) == [ids[1], ids[2], ids[0], last]


def take_all(lab: Lab, queue: str = "celery") -> list[str]:
    """Take what is in a queue; returns the tasks."""
    ids = ids_in(lab, queue)
    lab.broker_client.delete(queue)
    return ids


def test_one_script_moves_no_more_than_so_many(waiting: Lab) -> None:
    with producing(waiting) as app:
        ids = send_timed(waiting, app, [soon(LONG_S)] * (MOST + 5))
    make_due(waiting)
    assert look(waiting, "celery") == MOST
    first = take_all(waiting)
    assert look(waiting, "celery") == 5
    assert {*first, *take_all(waiting)} == {*ids}


def test_one_script_moves_no_more_than_so_many_bytes_but_for_one_message(waiting: Lab) -> None:
    with producing(waiting) as app:
        for _ in range(3):
            app.send_task("pong", ("x" * MOST_BYTES,), countdown=LONG_S)
    make_due(waiting)
    for count in (1, 1, 1, 0):
        assert look(waiting, "celery") == len(take_all(waiting)) == count


def test_nothing_is_put_before_what_was_due_earlier(waiting: Lab) -> None:
    with producing(waiting) as app:
        app.send_task("pong", (1,))
        ids = send_timed(waiting, app, [soon(LONG_S + number) for number in range(3)])
    key = make_delay_keys("reliable:", "celery").due
    members: Any = waiting.broker_client.zrange(key, 0, -1)
    waiting.broker_client.zadd(key, dict.fromkeys(members[:2], 1000))
    assert look(waiting, "celery") == 2
    waiting.broker_client.zadd(key, {members[2]: 1000})
    assert waiting.broker_client.rpop("celery")
    release = Release("reliable:", 1.0)
    assert release.look(waiting.broker_client, ["celery"]) == 0
    assert release.next_at - time.monotonic() < 0.1  # it looks again soon
    waiting.broker_client.rpop("celery")
    assert look(waiting, "celery") == 1
    assert ids_in(waiting)[0] == ids[2]
    assert waiting.queued() == 2


def test_a_flood_in_one_queue_holds_up_no_other(waiting: Lab) -> None:
    with producing(waiting) as app:
        send_timed(waiting, app, [soon(LONG_S)] * (3 * MOST))
        send_timed(waiting, app, [soon(LONG_S)], queue="other")
    make_due(waiting)
    make_due(waiting, "other")
    release = Release("reliable:", 1.0)
    for _ in range(2):
        release.look(waiting.broker_client, ["celery", "other"])
    assert waiting.queued("other") == 1
    assert waiting.queued() < 3 * MOST


def test_it_says_when_the_next_is_due(waiting: Lab) -> None:
    release = Release("reliable:", 4.0)
    began = time.monotonic()
    release.look(waiting.broker_client, ["celery", "other"])
    assert began + 1.0 <= release.next_at <= time.monotonic() + 1.0  # there is none
    with producing(waiting) as app:
        send_timed(waiting, app, [soon(LONG_S)])
        send_timed(waiting, app, [soon(0.7)], queue="other")
    release = Release("reliable:", 40.0)
    release.look(waiting.broker_client, ["celery", "other"])
    assert release.next_at <= time.monotonic() + 0.7 + 0.002  # an ETA is rounded up to ms, here and there


def test_what_cannot_be_put_into_its_queue_stays(waiting: Lab) -> None:
    with producing(waiting) as app:
        send_timed(waiting, app, [soon(LONG_S)])
    make_due(waiting)
    waiting.broker_client.set("celery", "no list")
    release = Release("reliable:", 1.0)
    began = time.monotonic()
    with pytest.raises(Exception, match="WRONGTYPE"):
        release.look(waiting.broker_client, ["celery"])
    assert release.next_at >= began + 0.25  # it does not try again and again
    assert delayed(waiting) == 1


def test_several_in_one_packet_wait(waiting: Lab) -> None:
    with (
        producing(waiting) as app,
        app.producer_pool.acquire(block=True) as producer,
        in_one_packet(producer),
    ):
        for number in range(3):
            app.send_task("pong", (number,), countdown=LONG_S, producer=producer)
    assert delayed(waiting) == 3


def test_one_for_several_queues_waits_for_each(waiting: Lab) -> None:
    news = Exchange("news", type="topic")
    queues = [Queue(name, news, routing_key="#") for name in ("one", "two")]
    with waiting.connection() as connection, connection.channel() as channel:
        producer = connection.Producer(channel)
        eta = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
        producer.publish({}, exchange=news, routing_key="x", declare=queues, headers={"eta": eta, "id": "i"})
    assert [item.queue for item in list_delayed(waiting.broker_client)] == ["one", "two"]


def test_many_with_an_eta_wait_and_others_are_sent_at_once(waiting: Lab) -> None:
    with producing(waiting) as app:

        @app.task(name="add", shared=False)  # type: ignore[untyped-decorator]  # Celery is untyped
        def add(x: int) -> None: ...

        assert send_many(add, (((number,), None) for number in range(5)), countdown=LONG_S) == 5
        assert delayed(waiting) == 5
        assert send_many(add, (((number,), None) for number in range(3))) == 3
    assert waiting.queued() == 3


def test_a_prompt_task_with_an_eta_waits(waiting: Lab) -> None:
    with Celery(
        "p", broker=waiting.broker, set_as_current=False, task_cls="celery_reliable_redis.prompt:Task"
    ) as app:
        app.conf.update(broker_transport=RELIABLE, broker_transport_options=waiting.options)

        @app.task(name="add", shared=False, ignore_result=True)  # type: ignore[untyped-decorator]  # as above
        def add(x: int) -> None: ...

        eta = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
        for number in range(4):
            add.apply_async((number,), eta=eta)
            add.apply_async((number,))
    assert delayed(waiting) == 4
    assert waiting.queued() == 4
