"""What a lab has left in a broker is removed, by itself or by its reaper; what is other people's stays."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import psutil
import pytest
import redis
from kombu.transport.redis import Channel, QoS

from producer.system import traces
from producer.system.broker import Broker
from producer.system.client import connect
from producer.system.reaper import Reaper
from producer.system.traces import Traces
from tests.helpers import command_line, content
from worker.app import app

pytestmark = pytest.mark.untraced

SEP = Channel.sep


@pytest.fixture
def client(broker: Broker) -> Iterator[redis.Redis]:
    """A client of an empty database."""
    with contextlib.closing(connect(broker.url.removesuffix("/0") + "/7")) as client:
        client.flushdb()
        yield client
        client.flushdb()


def leave(client: redis.Redis, name: str, asked: str) -> Traces:
    """Leave what a worker and those who ask it can leave, over either transport, when they are killed."""
    queue, node, answer = f"simul.gevent.{name}", f"gevent-{name}@simul", f"{asked}-1"
    client.rpush(queue, "message")
    for prefix in (Channel.keyprefix_queue, Channel.keyprefix_binding_permanent):
        client.sadd(prefix % queue, SEP.join([queue, "", queue]))
    client.sadd(Channel.keyprefix_queue % "celery.pidbox", SEP.join(["", "", f"{node}.celery.pidbox"]))
    replies = f"{answer}.reply.celery.pidbox"
    client.sadd(Channel.keyprefix_queue % "reply.celery.pidbox", SEP.join([answer, "", replies]))
    client.rpush(replies, "answer")
    client.zadd(Channel.keyprefix_binding_deadlines, {"celery.pidbox": 1e15, "reply.celery.pidbox": 1e15})
    client.zadd("reliable:consumers", {f"1-{name}": 1e15})
    client.rpush(f"reliable:1-{name}:{queue}", "message")
    client.hset(Channel.unacked_key, f"tag-{name}", json.dumps([{}, queue, queue]))
    client.zadd(Channel.unacked_index_key, {f"tag-{name}": 1.0})
    return Traces(queue=queue, node=node, asker=asked)


def lasting(client: redis.Redis) -> dict[str, object]:
    """All there is, but for the reliable transport's consumers: it forgets them by itself."""
    return {key: value for key, value in content(client).items() if key != "reliable:consumers"}


def test_what_a_worker_has_left_is_removed_and_nothing_else(client: redis.Redis) -> None:
    leave(client, "theirs", "lab2")
    client.rpush("celery", "another project's")
    client.hset(Channel.unacked_key, "odd", "no JSON")
    client.hset(Channel.unacked_key, "odder", "7")
    theirs = lasting(client)
    leave(client, "ours", "lab").remove(client)
    assert lasting(client) == theirs


def test_the_last_leaves_nothing_at_all(client: redis.Redis) -> None:
    for name in ("one", "two"):
        leave(client, name, name)
    Traces(queue="simul.gevent.one", node="gevent-one@simul", asker="one").remove(client)
    assert lasting(client)
    Traces(queue="simul.gevent.two", node="gevent-two@simul", asker="two").remove(client)
    assert lasting(client) == {}


def test_the_reaper_removes_it_and_keeps_the_address_to_itself(broker: Broker, client: redis.Redis) -> None:
    url = broker.url.removesuffix("/0") + "/7"
    mine, other = leave(client, "mine", "lab"), leave(client, "other", "lab2")
    client.xadd("simul:run:one", {"jobs": 1})
    client.xadd("simul:run:two", {"jobs": 1})
    with Reaper() as reaper:
        assert url not in command_line(psutil.Process(reaper.pid))
        reaper.set_broker(url)
        for left in (mine, other, Traces(key="simul:run:one"), Traces(key="simul:run:two")):
            reaper.add_traces(left)
        reaper.drop_traces(other)
        reaper.drop_traces(Traces(key="simul:run:two"))
    assert not client.exists(mine.queue, "simul:run:one")
    assert client.exists(other.queue, "simul:run:two") == 2


def test_the_reaper_bears_a_broker_that_has_gone(capfd: pytest.CaptureFixture[str]) -> None:
    with Reaper() as reaper:
        reaper.set_broker("redis://127.0.0.1:1/0")
        reaper.add_traces(Traces(queue="simul.gevent.x", node="x", asker="x"))
    assert capfd.readouterr() == ("", "")


def test_names_are_kombu_s_and_celery_s() -> None:
    assert traces.SEPARATOR == SEP
    assert traces.BINDINGS.format("x") == Channel.keyprefix_queue % "x"
    assert traces.PERMANENT.format("x") == Channel.keyprefix_binding_permanent % "x"
    assert Channel.keyprefix_binding_deadlines == traces.DEADLINES
    assert (Channel.unacked_key, Channel.unacked_index_key) == (traces.UNACKED, traces.UNACKED_INDEX)
    assert app.control.mailbox.exchange.name == traces.COMMANDS
    assert app.control.mailbox.reply_exchange.name == traces.ANSWERS
    assert QoS is Channel.QoS
