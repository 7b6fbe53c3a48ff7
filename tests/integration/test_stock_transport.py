"""kombu's transport as the lab has it: what it promises holds in each pool, also in those without a hub."""

from __future__ import annotations

import json
import socket
import time
from contextlib import suppress
from typing import Any

import pytest
import redis
from kombu import Connection, Consumer, Message, Queue

from producer.system.broker import Broker

pytestmark = pytest.mark.untraced

STOCK = "celery_reliable_redis.stock:Transport"
QUEUE = "stock-transport"
#: An upper bound for what takes seconds, in seconds.
SOON_S = 60.0


def test_a_note_of_a_message_that_is_none_is_dropped(broker: Broker) -> None:
    options = {"visibility_timeout": 1, "unacked_restore_throttle": 1}
    notes = [
        b"7",
        b"[7]",
        b"no JSON",
        b"[" * 100_000,
        b"[7, 8, 9]",
        b'[{"body": "", "headers": 7}, "", "q"]',
    ]
    with redis.Redis.from_url(broker.url) as client:
        client.hset("unacked", mapping=dict(enumerate(notes)))
        client.zadd("unacked_index", {str(number): 1 for number in range(len(notes))})
        with Connection(broker.url, transport=STOCK, transport_options=options) as heir:
            heir.default_channel.qos.restore_visible(interval=1)
        left: Any = client.hkeys("unacked")
        assert not {str(number).encode() for number in range(len(notes))} & {*left}


def test_a_note_of_a_message_without_headers_is_put_back_like_any_other(broker: Broker) -> None:
    """As a worker on kombu's own transport leaves it, which took it from a client in another language."""
    options = {"visibility_timeout": 1, "unacked_restore_throttle": 1}
    queues: dict[str, Any] = {"null": None, "empty": [], "missing": ..., "full": {}}
    with redis.Redis.from_url(broker.url) as client:
        for score, (queue, headers) in enumerate(queues.items(), 1):
            message: dict[str, Any] = {"body": "", "properties": {"delivery_info": {}, "delivery_tag": queue}}
            if headers is not ...:
                message["headers"] = headers
            client.hset("unacked", queue, json.dumps([message, "", f"note-{queue}"]))
            client.zadd("unacked_index", {queue: score})
        with Connection(broker.url, transport=STOCK, transport_options=options) as heir:
            heir.default_channel.qos.restore_visible(interval=1)
        for queue in queues:
            [raw] = client.lrange(f"note-{queue}", 0, -1)
            assert json.loads(raw)["headers"] == {"redelivered": True}, queue
            client.delete(f"note-{queue}")
        assert not client.hlen("unacked")


def test_a_dead_ones_message_comes_to_a_consumer_that_waits_as_gevent_and_eventlet_do(broker: Broker) -> None:
    options = {"visibility_timeout": 1, "unacked_restore_throttle": 1}
    with Connection(broker.url, transport=STOCK, transport_options=options) as dead:
        dead.SimpleQueue(QUEUE).put("work")
        channel = dead.channel()
        channel.do_restore = False  # it gives nothing back, like one that was killed
        assert Queue(QUEUE)(channel).get() is not None
        channel.close()
    got: list[Message] = []
    with Connection(broker.url, transport=STOCK, transport_options=options) as heir:
        with Consumer(heir, Queue(QUEUE), on_message=got.append):
            deadline = time.monotonic() + SOON_S
            while not got and time.monotonic() < deadline:
                with suppress(socket.timeout):
                    heir.drain_events(timeout=2.0)  # Celery's loop for pools without a hub
        assert [message.payload for message in got] == ["work"]
        got[0].ack()
