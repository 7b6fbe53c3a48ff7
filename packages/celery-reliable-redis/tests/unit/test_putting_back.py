"""What goes back, where not everything may or can."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from celery_reliable_redis.consumer import LISTS_AT_ONCE
from celery_reliable_redis.dead import DeadLetters
from celery_reliable_redis.heartbeat import Heartbeat, _release
from celery_reliable_redis.mistakes import UnsupportedServerError
from celery_reliable_redis.reservation import Held, Reservation
from celery_reliable_redis.returning import Rules
from transport_lab import Server, until

RAW = json.dumps({"headers": {}, "properties": {"delivery_info": {}}}).encode()


def reserve(client: redis.Redis, queue: str, lists: int = 1, **options: Any) -> Reservation:
    """Have a consumer that nobody keeps alive reserve a message in each of so many lists."""
    reservation = Reservation(client, "", 0.05, rules=Rules(**options))
    reservation.register([queue])
    client.lpush(reservation.lists[queue].current, RAW)
    for _ in range(lists - 1):
        reservation.lists[queue].grow()
        client.lpush(reservation.lists[queue].current, RAW)
    reservation._renew(client, {queue: lists}, "new")
    # It is dead, and found after those that were there before.
    client.zadd("reliable:consumers", {reservation.id: client.zcard("reliable:consumers")})
    client.sadd("reliable:suspects", reservation.id)
    return reservation


def allow(client: Any, *rights: str) -> None:
    client.execute_command("ACL", "SETUSER", "somebody", *rights)


@pytest.fixture
def somebody(valkey: Server, client: redis.Redis) -> Iterator[redis.Redis]:
    """A user who has the right to one queue."""
    rights = "reset on >secret +@all ~ours ~ours:dead ~reliable:*"
    allow(client, *rights.split())
    with redis.Redis(port=valkey.port, db=3, username="somebody", password="secret") as theirs:
        yield theirs
    client.acl_deluser("somebody")


def test_nothing_is_lost_where_the_name_of_those_put_aside_is_taken(client: redis.Redis) -> None:
    reservation = reserve(client, "celery", delivery_limit=1, count_requeues=True)
    client.sadd("celery:dead", "of somebody else")
    key = reservation.lists["celery"].current
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        reservation.requeue(Held(reservation, "celery", key, RAW))
    assert client.lrange(key, 0, -1) == [RAW]


def test_nothing_is_lost_where_the_queue_to_replay_into_is_none(client: redis.Redis) -> None:
    client.lpush("celery:dead", json.dumps({"headers": {"x-death": [{"queue": "taken"}]}}))
    client.set("taken", "by somebody else")
    letters = DeadLetters(client)
    [letter] = letters
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        letters.replay(letter)
    assert len(letters) == 1


def test_who_may_put_nothing_aside_is_told_at_once(client: redis.Redis, somebody: redis.Redis) -> None:
    allow(client, "resetkeys", "~ours", "~reliable:*")
    with pytest.raises(UnsupportedServerError, match="refuses"):
        reserve(somebody, "ours")


def test_what_we_may_not_put_back_keeps_no_other_waiting(client: redis.Redis, somebody: redis.Redis) -> None:
    reserve(client, "others", 3 * LISTS_AT_ONCE)
    reserve(client, "ours")
    alive = Reservation(somebody, "", 0.05)
    until(lambda: alive.rescue(somebody), "what is ours is back")
    assert client.lrange("ours", 0, -1) != []
    assert client.llen("others") == 0


def test_what_cannot_be_put_back_keeps_no_other_waiting(client: redis.Redis) -> None:
    reserve(client, "broken", 3 * LISTS_AT_ONCE)
    reserve(client, "celery")
    client.set("broken", "no list any more")
    alive = Reservation(client, "", 0.05)

    def is_back() -> bool:
        with contextlib.suppress(redis.ResponseError):
            alive.rescue(client)
        return bool(client.llen("celery"))

    until(is_back, "the other is back")
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        alive.rescue(client)


def test_a_release_that_is_refused_is_told_once(client: redis.Redis, somebody: redis.Redis) -> None:
    allow(client, "-lpos")
    client.hset("reliable:delayed:ours", "", "the last one")
    reservation = reserve(somebody, "ours")
    heartbeat = Heartbeat()
    heartbeat._watched[reservation] = somebody
    for _ in range(3):
        reservation.release.next_at = 0.0
        heartbeat._for_each(_release)
    levels = [level for level, _ in heartbeat._news]
    assert levels == [logging.WARNING, logging.DEBUG, logging.DEBUG]
    assert "lpos" in heartbeat._news[0][1].lower()
    assert not heartbeat._rest_until
