"""The live feed publishes only where somebody watches, and is never in the way of who publishes."""

from __future__ import annotations

import contextlib
import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import msgspec
import pytest
import redis

from producer.live.feed import FIELD, KEEP_S, STREAM, WATCHED, WATCHED_S, Feed, alive_key, report_key
from producer.live.server.shown import MOST_BYTES
from producer.system.broker import Broker, open_broker
from producer.system.client import connect
from producer.system.reaper import Reaper

#: Longer than anything here takes; what is awaited ends by the event, not by this.
LONG_S = 60


@pytest.fixture
def client(broker: Broker) -> Iterator[redis.Redis]:
    """Redis without anything live in it."""
    with contextlib.closing(connect(broker.url)) as client:
        client.delete(STREAM, WATCHED)
        yield client
        client.delete(STREAM, WATCHED, *client.keys("simul:live:*"))


def events(client: redis.Redis) -> list[dict[str, Any]]:
    entries: Any = client.xrange(STREAM)
    return [json.loads(fields[FIELD.encode()]) for _, fields in entries]


def await_(condition: Callable[[], Any]) -> None:
    until = time.monotonic() + LONG_S
    while not condition():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.01)


def states(client: redis.Redis) -> list[dict[str, Any]]:
    return [event for event in events(client) if event["type"] == "state"]


def moves(client: redis.Redis, lane: int) -> list[list[Any]]:
    of_lane = [event for event in events(client) if event["type"] == "moves" and event["lane"] == lane]
    return [move for event in of_lane for move in event["moves"]]


def test_nothing_is_written_where_nobody_watches(broker: Broker, client: redis.Redis) -> None:
    before = client.dbsize()
    with Feed(broker.url, look_s=0.01) as feed:
        feed.state({"kind": "exhibition"})
        feed.moves(0, [[0, 0, "e2e4", 0.0, 0.1]])
        feed.report("<html>")
        assert not feed.watched

    assert client.dbsize() == before


def test_a_watched_run_publishes_its_newest_state_and_all_its_moves(
    broker: Broker, client: redis.Redis
) -> None:
    client.set(WATCHED, 1)
    with Feed(broker.url) as feed:
        await_(lambda: feed.watched)
        for ply in range(100):
            feed.moves(ply % 2, [[0, ply, "e2e4", ply, ply + 1]])
            feed.state({"kind": "exhibition", "says": f"ply {ply}"})

    assert states(client) == [{"type": "state", "id": feed.id, "kind": "exhibition", "says": "ply 99"}]
    assert [ply for _, ply, *_ in moves(client, 0)] == [*range(0, 100, 2)]
    assert [ply for _, ply, *_ in moves(client, 1)] == [*range(1, 100, 2)]
    assert len(feed.id) == 12
    assert int(feed.id, 16) >= 0


def test_the_stream_holds_one_state_of_a_run(broker: Broker, client: redis.Redis) -> None:
    client.set(WATCHED, 1)
    with Feed(broker.url) as feed:
        for number in range(3):
            feed.state({"number": number})
            await_(partial(lambda number: [state["number"] for state in states(client)] == [number], number))

    assert len(events(client)) == 1


def test_who_watches_later_gets_all_of_it(broker: Broker, client: redis.Redis) -> None:
    with Feed(broker.url, look_s=0.01) as feed:
        feed.state({"number": 1})
        feed.moves(0, [[0, 0, "e2e4", 0.0, 0.1], [0, 1, "e7e5", 0.1, 0.2]])
        client.set(WATCHED, 1)
        await_(lambda: states(client))

        assert [move[1] for move in moves(client, 0)] == [0, 1]

        client.delete(WATCHED)
        await_(lambda: not feed.watched)
        client.delete(STREAM)
        client.set(WATCHED, 1)
        await_(lambda: states(client))

        assert [move[1] for move in moves(client, 0)] == [0, 1]


def test_many_moves_are_several_events_none_of_which_is_too_long(broker: Broker, client: redis.Redis) -> None:
    played = [[board, ply, "e7e8q", 1234.567891, 1234.567892] for board in range(400) for ply in range(100)]
    with Feed(broker.url, look_s=0.01) as feed:
        feed.moves(0, played)
        client.set(WATCHED, 1)
        await_(lambda: len(moves(client, 0)) == len(played))

    assert moves(client, 0) == played
    assert max(map(len, (msgspec.json.encode(event) for event in events(client)))) < MOST_BYTES


def test_all_of_it_goes_after_a_day(broker: Broker, client: redis.Redis) -> None:
    client.set(WATCHED, 1)
    with Feed(broker.url) as feed:
        feed.state({})
        feed.report("<html>größer</html>")
        feed.state({"report": True})

    page: Any = client.get(report_key(feed.id))
    assert gzip.decompress(page).decode() == "<html>größer</html>"
    assert states(client)[-1]["report"]
    for key in (STREAM, report_key(feed.id)):
        assert 0 < client.ttl(key) <= KEEP_S


def test_without_a_broker_nothing_is_done() -> None:
    threads = threading.active_count()
    with Feed(None) as feed:
        feed.state({"kind": "exhibition"})
        feed.moves(0, [[0, 0, "e2e4", 0.0, 0.1]])
        feed.report("<html>")

        assert threading.active_count() == threads
        assert not feed.watched


def test_a_broker_that_is_away_is_nobodys_trouble(reaper: Reaper) -> None:
    with open_broker(None, reaper) as broker, contextlib.closing(connect(broker.url)) as own:
        own.set(WATCHED, 1)
        url = broker.url
        feed = Feed(url, look_s=0.01)
        with feed:
            feed.state({"number": 1})
            await_(lambda: states(own))
            own.close()
            with contextlib.suppress(redis.RedisError):
                own.shutdown(nosave=True)
            feed.state({"number": 2})
            await_(lambda: not feed.watched)
            feed.moves(0, [[0, 0, "e2e4", 0.0, 0.1]])

    assert not any(thread.name == "live feed" for thread in threading.enumerate())


def test_the_state_is_taken_as_it_was(broker: Broker, client: redis.Redis) -> None:
    client.set(WATCHED, 1)
    state = {"lanes": [{"done": 1}]}
    with Feed(broker.url) as feed:
        feed.state(state)
        state["lanes"][0]["done"] = 2

    assert states(client)[0]["lanes"] == [{"done": 1}]


def test_a_run_that_a_server_starts_is_called_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMUL_LIVE_ID", "0123456789ab")
    assert Feed(None).id == "0123456789ab"
    monkeypatch.setenv("SIMUL_LIVE_ID", "../no name")
    assert Feed(None).id != Feed(None).id


def test_a_watched_run_says_that_it_is_alive(broker: Broker, client: redis.Redis) -> None:
    client.set(WATCHED, 1)
    with Feed(broker.url) as feed:
        await_(lambda: client.exists(alive_key(feed.id)))

        assert 0 < client.ttl(alive_key(feed.id)) <= WATCHED_S
