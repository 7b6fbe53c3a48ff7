"""What kombu takes, both of our transports take, with the same content; what it raises at becomes a stand-in.

Through kombu alone, on a real broker: an envelope is put into a queue as producers in any language may do it.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import uuid
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import kombu
import pytest
import redis
from kombu import Connection, Consumer, Message, Queue

from celery_reliable_redis.envelope import SHOWN, UNREADABLE
from producer.system.broker import Broker

pytestmark = pytest.mark.untraced

OURS = {"stock": "celery_reliable_redis.stock:Transport", "reliable": "celery_reliable_redis:Transport"}
CALL = b'[[], {"a": "\xc3\xa4"}, {}]'


def envelope(path: str = "", value: Any = ...) -> dict[str, Any]:
    """As kombu itself makes one, but for what is at one place; what is ... is missing."""
    sound: dict[str, Any] = {
        "body": base64.b64encode(CALL).decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {"task": "t", "id": "7"},
        "properties": {
            "body_encoding": "base64",
            "delivery_tag": "a",
            "delivery_info": {"exchange": "", "routing_key": "q"},
        },
    }
    *way, name = path.split("/")
    inside = sound
    for step in way:
        inside = inside[step]
    if value is ...:
        inside.pop(name, None)
    else:
        inside[name] = value
    return sound


#: Each field, with everything that JSON has.
FIELDS = [
    *("body", "content-type", "content-encoding", "headers", "properties"),
    *("properties/body_encoding", "properties/delivery_tag", "properties/delivery_info"),
    *("properties/delivery_info/exchange", "properties/delivery_info/routing_key"),
]
VALUES = [..., None, [], {}, 0, False, "", 7, 1.5, True, "text", [1], {"a": 1}, "\ud800"]
TABLE = {f"{field}={value!r}": envelope(field, value) for field in FIELDS for value in VALUES}

#: Protocol 1, of clients in other languages: the call is in the body alone.
CALL_1 = {"task": "t", "id": "7", "args": [1], "kwargs": {}, "retries": 0, "eta": None}
PLAIN = {"delivery_tag": "a", "delivery_info": {"exchange": "", "routing_key": "q"}}
OTHERS: dict[str, dict[str, Any]] = {
    "PHP": {**envelope("headers", []), "content-encoding": "UTF-8"},
    "Go": envelope("headers", ...),
    "node": envelope("headers", None),
    "all left out that can be": {"body": json.dumps(CALL_1), "properties": PLAIN},
    "a text": {**envelope(), "body": json.dumps(CALL_1), "properties": PLAIN},
    "an encoding in capitals": {
        **envelope("body", CALL.decode()),
        "properties": {**PLAIN, "body_encoding": "UTF-8"},
    },
    "packed": {
        **envelope("body", base64.b64encode(zlib.compress(CALL)).decode()),
        "headers": {"compression": "gzip"},
    },
    "said to be packed": envelope("headers", {"compression": "gzip"}),
    "packed as nobody knows": envelope("headers", {"compression": "rot13"}),
    "typed": envelope("headers", {"at": {"__type__": "datetime", "__value__": "2026-11-26T00:00:00"}}),
}
#: kombu takes these, and loses them where it has to put them back ("Could not restore message").
REFUSED = {
    f"properties/delivery_info/{field}={value!r}"
    for field in ("exchange", "routing_key")
    for value in ([1], {"a": 1})
}


class Receiver:
    """A consumer of a queue of its own, through one transport (kombu's where none is named)."""

    def __init__(self, broker: Broker, transport: str | None = None) -> None:
        self._url, self._transport = broker.url, transport
        self.options: dict[str, Any] = {}
        self.queue = f"envelopes.{uuid.uuid4().hex}"
        self.client = redis.Redis.from_url(broker.url)

    def receive(self, raw: bytes, no_ack: bool = False) -> Message:
        """What these bytes become in a consumer, which then acknowledges it. Raises what kombu raises."""
        with self._received(raw, no_ack) as message:
            if not no_ack:
                message.ack()
        return message

    def give_back(self, raw: bytes) -> Message:
        """The same of a consumer that stops instead."""
        with self._received(raw) as message:
            message.channel.do_restore = True
        return message

    @contextlib.contextmanager
    def _received(self, raw: bytes, no_ack: bool = False) -> Iterator[Message]:
        self.client.lpush(self.queue, raw)
        got: list[Message] = []

        def refuse(message: Message, _: Exception) -> None:
            got.append(message)

        with Connection(self._url, transport=self._transport, transport_options=self.options) as connection:
            channel = connection.channel()
            channel.do_restore = False  # where it raises, nothing is put back
            queues = [Queue(self.queue)]
            with Consumer(channel, queues, on_message=got.append, on_decode_error=refuse, no_ack=no_ack):
                connection.drain_events(timeout=5)
            yield got[0]
            channel.close()

    def left(self) -> Any:
        """What is in the queue."""
        return self.client.lrange(self.queue, 0, -1)

    def close(self) -> None:
        """Leave nothing behind."""
        self.client.delete(self.queue, "unacked", "unacked_index")
        self.client.close()


@pytest.fixture(scope="module")
def kombus(broker: Broker) -> Iterator[Callable[[str, bool], dict[str, Any] | None]]:
    """What kombu's own transport makes of an envelope; None for one at which it, or a consumer, raises."""
    with contextlib.closing(Receiver(broker)) as receiver:

        @functools.cache
        def taken(name: str, no_ack: bool) -> dict[str, Any] | None:
            try:
                return content(receiver.receive(written(name), no_ack))
            except Exception:  # whatever it is, it ends a worker or is refused
                return None

        yield taken


@pytest.fixture(params=OURS)
def ours(request: pytest.FixtureRequest, broker: Broker) -> Iterator[Receiver]:
    """One through each of ours."""
    with contextlib.closing(Receiver(broker, OURS[request.param])) as receiver:
        yield receiver


def written(name: str) -> bytes:
    """The envelope of that name, as it stands in a queue."""
    return json.dumps((TABLE | OTHERS)[name]).encode()


def content(message: Message) -> dict[str, Any]:
    """What a consumer sees of a message; what is nothing in some way is nothing."""
    assert not message.errors, message.errors
    return {
        "payload": message.payload or None,
        "headers": message.headers,
        "content": (message.content_type or None, message.content_encoding or None),
        "delivery": {name: value for name, value in message.delivery_info.items() if value},
    }


def is_refused(message: Message) -> bool:
    """Whether a consumer cannot decode it."""
    try:
        content(message)
    except (AssertionError, kombu.exceptions.DecodeError):
        return True
    return UNREADABLE in message.headers


@pytest.mark.parametrize("no_ack", [False, True], ids=["ack", "no_ack"])
@pytest.mark.parametrize("name", [*TABLE, *OTHERS])
def test_what_kombu_takes_is_taken(
    kombus: Callable[[str, bool], dict[str, Any] | None], ours: Receiver, name: str, no_ack: bool
) -> None:
    wanted, raw = kombus(name, no_ack), written(name)
    taken = ours.receive(raw, no_ack)
    if wanted is None or name in REFUSED:
        assert is_refused(taken)
    else:
        assert content(taken) == wanted
        assert no_ack or taken.delivery_tag == json.loads(raw)["properties"]["delivery_tag"]
    assert ours.left() == []


@pytest.mark.parametrize("headers", [..., None, [], {}])
def test_what_comes_back_is_marked_whatever_its_headers_were(ours: Receiver, headers: Any) -> None:
    sent = envelope("headers", headers)
    sent["properties"]["delivery_info"]["routing_key"] = ours.queue
    ours.give_back(json.dumps(sent).encode())
    [raw] = ours.left()
    ours.client.delete(ours.queue)
    message = ours.receive(raw)
    assert message.payload == json.loads(CALL)
    assert message.headers == {"redelivered": True}
    assert message.delivery_info["redelivered"] is True


@pytest.mark.parametrize("raw", [b"\xff no message", b"[" * 100_000, b'{"properties": 7}', b"x" * 5_000_000])
def test_what_is_no_message_is_shown_in_part_and_put_back_as_it_is(ours: Receiver, raw: bytes) -> None:
    message = ours.give_back(raw)
    assert message.body == raw[:SHOWN]
    assert ours.left() == [raw]


def test_a_message_that_is_too_long_is_not_read(ours: Receiver) -> None:
    ours.options["max_message_bytes"] = 10_000
    raw = json.dumps(envelope("headers", {"x": "y" * 20_000})).encode()
    message = ours.give_back(raw)
    assert "max_message_bytes is 10,000" in message.headers[UNREADABLE]
    assert ours.left() == [raw]


def test_a_queue_that_is_asked_once_is_guarded_as_well(ours: Receiver) -> None:
    ours.client.lpush(ours.queue, b"7", json.dumps(envelope("headers", None)).encode(), b"[]")
    with Connection(ours._url, transport=ours._transport) as connection:
        queue = Queue(ours.queue)(connection.default_channel)
        assert UNREADABLE in queue.get(no_ack=True).headers
        sound = queue.get()
        assert sound.payload == json.loads(CALL)
        sound.ack()
        last = queue.get()
        assert last.body == b"[]"
        last.ack()
        assert queue.get() is None


@pytest.mark.parametrize("no_ack", [False, True], ids=["ack", "no_ack"])
def test_a_channel_that_is_drained_by_itself_is_guarded_as_well(ours: Receiver, no_ack: bool) -> None:
    ours.client.lpush(ours.queue, b"7", json.dumps(envelope("headers", None)).encode())
    got: list[Message] = []
    with Connection(ours._url, transport=ours._transport) as connection:
        channel = connection.channel()
        with Consumer(channel, [Queue(ours.queue)], on_message=got.append, no_ack=no_ack):
            for _ in range(2):
                channel.drain_events(timeout=5)
        assert UNREADABLE in got[0].headers
        assert got[1].payload == json.loads(CALL)
        for message in got:
            if not no_ack:
                message.ack()
