"""kombu's Redis transport, made so that nothing it reads can end a worker.

kombu reads a message in four places: from a queue that is consumed, through a connection or a channel alone,
from a queue that is asked once, and from a channel of pub/sub. It guards none of them. Here, what is no
message becomes a placeholder if it comes from a queue, so that somebody acknowledges it; from pub/sub, where
nobody acknowledges, it is dropped.
"""

from __future__ import annotations

import logging
from queue import Empty
from typing import Any

import redis
from kombu.transport import redis as stock
from kombu.utils.encoding import bytes_to_str

from celery_reliable_redis import kombu_versions
from celery_reliable_redis.envelope import UNREADABLE, Placeholder, parse_envelope
from celery_reliable_redis.message import Message
from celery_reliable_redis.mistakes import SettingError
from celery_reliable_redis.redelivery import LONGEST
from celery_reliable_redis.seldom import Seldom

seldom = Seldom(logging.getLogger(__name__))


class GuardedTransport(stock.Transport):
    """kombu's transport, which also knows the queues whose messages nobody acknowledges."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cycle = kombu_versions.Poller()
        #: The queues whose consumers acknowledge nothing. As with kombu's callbacks, the last consumer of a
        #: queue decides.
        self.no_ack: set[str] = set()

    def register_with_event_loop(self, connection: Any, loop: Any) -> None:
        """Have Celery's loop read."""
        super().register_with_event_loop(connection, loop)
        kombu_versions.keep_reading(self.cycle, loop)

    def note_consumer(self, queue: str, no_ack: bool) -> None:
        """Note whether the consumer of a queue acknowledges."""
        (self.no_ack.add if no_ack else self.no_ack.discard)(queue)


class GuardedChannel(kombu_versions.Channel):
    """The base class of both channels of this package."""

    Message = Message
    #: A longer message is not read, but refused. `broker_transport_options = {"max_message_bytes": ...}`
    max_message_bytes = LONGEST
    #: A compressed message that holds more is refused; with 0, every compressed message is.
    max_unpacked_bytes = LONGEST
    global_keyprefix: str = ""
    from_transport_options = (
        *kombu_versions.Channel.from_transport_options,
        "max_message_bytes",
        "max_unpacked_bytes",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        #: The queue of each key that we take from. It cannot be split off: a name may hold the separator.
        self.names: dict[str, str] = {}
        self._idle_client: Any = None
        super().__init__(*args, **kwargs)

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        # Here, so that a mistake is found before anything is read: every message would be refused for it.
        self.max_message_bytes = _read_size("max_message_bytes", self.max_message_bytes, least=1)
        self.max_unpacked_bytes = _read_size("max_unpacked_bytes", self.max_unpacked_bytes, least=0)
        self.global_keyprefix = self.global_keyprefix or ""  # None is none to kombu, too
        params: dict[str, Any] = super()._connparams(asynchronous)
        return params

    def _create_client(self, asynchronous: bool = False) -> Any:
        # kombu makes one for each message that it publishes: 0.1 ms, for what knows a pool, and nothing else.
        if asynchronous:
            return super()._create_client(asynchronous=True)
        client = self._idle_client
        if client is None or client.connection_pool is not self._pool:  # closed meanwhile, or left to a fork
            client = self._idle_client = super()._create_client()
        return client

    def plain_client(self) -> redis.Redis:
        """Return a client of our own: kombu's adds the prefix to some keys of some commands."""
        return redis.Redis(connection_pool=self.pool)

    def basic_consume(self, queue: str, no_ack: bool, *args: Any, **kwargs: Any) -> Any:
        """Consume from `queue`."""
        result = super().basic_consume(queue, no_ack, *args, **kwargs)
        self.connection.note_consumer(queue, no_ack)
        return result

    def _update_queue_cycle(self) -> None:
        super()._update_queue_cycle()
        # Those of queues that are cancelled stay: what was asked for may yet be answered.
        for step in self.priority_steps:
            self.names.update((self._q_for_pri(queue, step), queue) for queue in self.active_queues)

    def basic_get(self, queue: str, no_ack: bool = False, **_: Any) -> Any:
        """Get one message, or None."""
        raw = self._pop(queue)
        if raw is None:
            return None
        message = self.Message(parse_envelope(raw, queue, self, acknowledged=not no_ack), channel=self)
        if not no_ack:
            self.qos.append(message, message.delivery_tag)
        return message

    def _get(self, queue: str) -> dict[str, Any]:
        # kombu calls it where a channel's events are drained, and not its connection's.
        raw = self._pop(queue)
        if raw is None:
            raise Empty
        return self.read(raw, queue)

    def _pop(self, queue: str) -> bytes | None:
        with self.conn_or_acquire() as client:
            # In turn: most are of the first priority.
            popped = (client.rpop(self._q_for_pri(queue, priority)) for priority in self.priority_steps)
            raw: bytes | None = next((raw for raw in popped if raw is not None), None)
        self.put_off_expiry(queue)
        return raw

    def put_off_expiry(self, queue: str) -> None:
        """Have a queue that expires count from now, for somebody has asked for its messages."""
        with self.conn_or_acquire() as client:
            self._maybe_update_queues_expire(client, queue)

    def _brpop_read(self, **options: Any) -> bool:
        # kombu calls it when the answer to a BRPOP is there.
        try:
            popped = self.read_popped(**options)
            if not popped:
                raise Empty
            queue = self.names[bytes_to_str(popped[0])]
            self._queue_cycle.rotate(queue)
            self.connection._deliver(self.read(popped[1], queue), queue)
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()
        return True

    def read_popped(self, **options: Any) -> Any:
        """Read the answer to a BRPOP: a key and its message, or nothing."""
        connection = self.client.connection
        try:
            return self.client.parse_response(connection, "BRPOP", **options)
        except self.connection_errors:
            connection.disconnect()  # so that the next question is asked on a new one
            raise

    def read(self, raw: bytes, queue: str) -> dict[str, Any]:
        """Parse the message in `raw`, from a queue that is consumed, or make a placeholder."""
        return parse_envelope(raw, queue, self, acknowledged=queue not in self.connection.no_ack)

    def _receive_one(self, client: Any) -> bool | None:
        # kombu calls it when there is something to read from pub/sub.
        try:
            reply = client.parse_response()
        except self.connection_errors:
            self._in_listen = None
            raise
        if not isinstance(reply, (list, tuple)):
            return None
        message = self._handle_message(client, reply)
        if message["data"] and bytes_to_str(message["type"]).endswith("message"):
            return self._receive_fanout(bytes_to_str(message["channel"]), message["data"])
        return None

    def _fanout_prefixes(self) -> list[str]:
        return [self.keyprefix_fanout]

    def _receive_fanout(self, topic: str, raw: bytes) -> bool:
        for prefix in self._fanout_prefixes():
            topic = topic.removeprefix(prefix)
        exchange = topic.split("/", 1)[0]
        queue = self._fanout_to_queue.get(exchange)
        if queue is None:  # cancelled meanwhile
            return False
        payload = self.read(raw, queue)
        if isinstance(payload, Placeholder):
            return _drop(topic, raw, payload["headers"][UNREADABLE])
        errors: Any = self.Message(payload, channel=self).errors
        if errors:
            return _drop(topic, raw, f"{errors[0][0].__name__}: {errors[0][1]}")
        return bool(self._deliver_fanout_message(payload, exchange))


def _read_size(name: str, value: Any, least: int) -> int:
    """Return an option that is a number of bytes.

    Raises:
        SettingError: it is none.
    """
    is_whole = type(value) is int or (isinstance(value, float) and value.is_integer())
    if not is_whole or value < least:
        raise SettingError(
            f"broker_transport_options[{name!r}] is {value!r} (connect). "
            f"Give a whole number of bytes, {least} or more."
        )
    return int(value)


def _drop(topic: str, raw: bytes, why: str) -> bool:
    kind = why.partition(":")[0]  # the name of an exception: of these, there are few
    seldom.warn(kind, f"Dropped what is no message on {topic:.100}: {why:.300} {raw[:200]!r}")
    return False
