"""kombu's Redis channel, with the taking and the acknowledging done by a `Reservation`.

Publishing, purging, binding, fanout and everything else stay kombu's. A consumer without
acknowledgements (the replies to `celery inspect`) has nothing to lose and stays kombu's, too.
"""

from __future__ import annotations

import itertools
import logging
import os
import time
import weakref
from collections import deque
from queue import Empty
from typing import Any, NamedTuple

import redis
from kombu.transport import redis as stock
from kombu.utils.encoding import bytes_to_str
from kombu.utils.json import loads

from worker.transport import scripts
from worker.transport.keeper import keeper
from worker.transport.reservation import BASE, Held, Reservation
from worker.transport.servers import require_supported

logger = logging.getLogger(__name__)

#: Messages taken at once by a consumer without a prefetch limit.
MOST_AT_ONCE = 32
#: How long to wait for one queue where the server does not tell of the others.
BLIND_S = 0.1
#: After this long in the callbacks of one batch the loop has its turn, so that their acks leave.
LONGEST_DELIVERY_S = 0.005


class Asked(NamedTuple):
    """What the server has been asked for, and not yet answered."""

    keys: list[str]
    wanted: int
    #: The queue from which a BLMOVE waits for a message, if the first answer is that of a BLMOVE.
    waits_for: str | None
    #: Whether the last answer is that of a TAKE.
    takes: bool


class QoS(stock.QoS):
    """Which message is whose, until it is acknowledged."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._delivered: dict[str, Reservation] = {}

    def can_consume(self) -> bool:
        """Whether the prefetch count allows another message."""
        return not self.prefetch_count or len(self._delivered) < self.prefetch_count

    def can_consume_max_estimate(self) -> int | None:
        """How many more messages the prefetch count allows; None for any number."""
        return max(self.prefetch_count - len(self._delivered), 0) if self.prefetch_count else None

    def append(self, message: Any, delivery_tag: str) -> None:
        """Note the message that the channel is just handing over."""
        reservation, queue, raw = self.channel.arriving
        self._delivered[delivery_tag] = reservation
        reservation.held[delivery_tag] = Held(queue, raw, weakref.ref(message))

    def get(self, delivery_tag: str) -> Any:
        """The message with this tag, as long as its receiver keeps it."""
        return self._delivered[delivery_tag].held[delivery_tag].message()

    def ack(self, delivery_tag: str) -> None:
        """The message is done."""
        reservation = self._delivered.pop(delivery_tag, None)
        if reservation is not None:
            reservation.ack(delivery_tag)
            self.channel.flush_soon(reservation)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """The message is dropped, or goes to the end of its queue (as kombu does it)."""
        if not requeue:
            return self.ack(delivery_tag)
        reservation = self._delivered.pop(delivery_tag, None)
        if reservation is not None:
            held = reservation.held.pop(delivery_tag)
            reservation.give_back(held.queue, held.raw, "tail")
        return None

    def restore_unacked(self, client: Any = None) -> None:  # noqa: ARG002  # kombu's signature
        """Everything unacknowledged goes back to the head of its queue, at once."""
        reservations = {*self._delivered.values(), self.channel.reservation} - {None}
        self._delivered.clear()
        for reservation in reservations:
            reservation.give_back_all()

    def restore_unacked_once(self, stderr: Any = None) -> None:  # noqa: ARG002  # kombu's signature
        """Called when the channel is closed, or forgotten."""
        self._on_collect.cancel()
        if self.channel.do_restore:
            self.restore_unacked()

    def restore_visible(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: no message becomes visible by the mere passing of time."""


class Channel(stock.Channel):
    """A channel that reserves what it consumes."""

    QoS = QoS
    #: Seconds after which a silent consumer is suspected; after three times that long at most, its
    #: messages are back in their queues. `broker_transport_options = {"lease": 5}`
    lease = 5.0
    from_transport_options = (*stock.Channel.from_transport_options, "lease")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.reservation: Reservation | None = None
        #: The reservation, queue and bytes of the message that is being handed over.
        self.arriving: Any = None
        self._pid = os.getpid()
        self._backlog: deque[tuple[str, bytes]] = deque()
        self._asked = Asked([], 0, None, False)
        #: The server's number for the connection that takes messages, and whether it tells of new ones.
        self._fetcher: int | None = None
        self._is_told = False
        #: The queue of the last message, and the one that the last TAKE did not watch.
        self._hot = self._unwatched = ""
        self._dry = self._full = False
        self._no_ack: set[str] = set()
        self._reserves = False
        super().__init__(*args, **kwargs)

    # -- consuming

    def basic_consume(self, queue: str, no_ack: bool, *args: Any, **kwargs: Any) -> Any:
        """Consume from `queue`."""
        result = super().basic_consume(queue, no_ack, *args, **kwargs)
        (self._no_ack.add if no_ack else self._no_ack.discard)(queue)
        if not no_ack and queue not in self.active_fanout_queues:
            self._reserves = True
            self._register()
        return result

    def basic_get(self, queue: str, no_ack: bool = False, **kwargs: Any) -> Any:
        """Get one message, or None."""
        if no_ack:
            return super().basic_get(queue, no_ack=True, **kwargs)
        reservation = self._register(queue)
        found: Any = reservation.client.eval(scripts.TAKE, *self._take_arguments([queue], 1))
        if not found:
            return None
        key, raw = self._queue_keys([queue])[found[0] - 1], found[1]
        message = self.Message(self._parse(raw), channel=self)
        self.arriving = reservation, key, raw
        self.qos.append(message, message.delivery_tag)
        return message

    def _register(self, *more: str) -> Reservation:
        """Our reservation, registered with every queue we take from."""
        keys = self._queue_keys([*self.active_queues, *more])
        reservation = self.reservation
        if reservation is None:
            reservation = Reservation(self._plain_client(), self.global_keyprefix, float(self.lease))
            require_supported(reservation.client)
        if not reservation.lists.keys() >= set(keys):
            reservation.register({*reservation.lists, *keys})
        if self.reservation is None:
            self.reservation = reservation
            keeper.keep(reservation, self._keeper_client)
        return reservation

    def _queue_keys(self, queues: list[str]) -> list[str]:
        # Most urgent first; queues of one priority side by side.
        return [
            self.global_keyprefix + self._q_for_pri(queue, step)
            for step in self.priority_steps
            for queue in queues
        ]

    def _plain_client(self) -> redis.Redis:
        # Not kombu's own: that one adds the prefix to some keys of some commands.
        return redis.Redis(connection_pool=self.pool)

    def _keeper_client(self) -> redis.Redis:
        patience = {"socket_timeout": self.lease, "socket_connect_timeout": self.lease}
        params = {**self._connparams(), "max_connections": None}
        if "path" in params:
            patience.pop("socket_connect_timeout")
        return redis.Redis(connection_pool=redis.ConnectionPool(**{**params, **patience}))

    def _take_arguments(self, queues: list[str], wanted: int, unwatched: int = 0) -> tuple[Any, ...]:
        assert self.reservation is not None
        keys = self._queue_keys(queues)
        lists = [self.reservation.lists[key] for key in keys]
        return 2 * len(keys), *keys, *lists, wanted, len(queues), unwatched

    # -- taking: kombu calls `_brpop_start` when idle and `_brpop_read` when the answer is there

    def _brpop_start(self, timeout: float | None = None) -> None:
        if not self._reserves:
            return super()._brpop_start(timeout)
        if self._backlog:
            return None
        queues = self._queue_cycle.consume(len(self.active_queues))
        if not queues:
            return None
        reservation = self._register()
        wanted = self._credit()
        keys = self._queue_keys(queues)
        connection = self.client.connection
        if self._fetcher is None:
            self._introduce(connection)
        waits_for = self._unwatched if self._dry and self._unwatched in keys else None
        commands: list[tuple[Any, ...]] = []
        if waits_for:
            commands.append(self._waiting(waits_for, timeout or self.brpop_timeout))
        if wanted > len(commands):
            self._unwatched = self._hot if self._hot in keys else keys[0]
            take = self._take_arguments(queues, wanted - len(commands), keys.index(self._unwatched) + 1)
            commands.append(("EVAL", scripts.TAKE, *take))
        self._asked = Asked(keys, wanted, waits_for, wanted > bool(waits_for))
        self._in_poll = connection
        self._brpop_sent_at = time.monotonic()
        connection.send_packed_command(connection.pack_commands(commands))
        return None

    def _introduce(self, connection: Any) -> None:
        """Ask a new connection's number, and to be told on it when a watched queue has news."""
        connection.send_command("CLIENT", "ID")
        self._fetcher = connection.read_response()
        try:
            connection._parser.set_invalidation_push_handler(self._on_news)  # RESP3 only
            connection.send_command("CLIENT", "TRACKING", "ON", "NOLOOP")
            connection.read_response()
            self._is_told = True
        except (AttributeError, self.ResponseError):
            self._is_told = False

    def _on_news(self, _: Any) -> None:
        """There is a message in another queue than the one we wait for: end the waiting."""
        if self._asked.waits_for and self._in_poll:
            redis.Redis(connection_pool=self.pool).client_unblock(self._fetcher)

    def _waiting(self, key: str, patience: float) -> tuple[Any, ...]:
        assert self.reservation is not None
        if self._full:  # it refuses BLMOVE, but not TAKE: look again in a moment
            return "XREAD", "BLOCK", 100, "STREAMS", f"{self.reservation.base}nothing", "$"
        if not self._is_told:
            patience = min(patience, BLIND_S)
        return "BLMOVE", key, self.reservation.lists[key], "RIGHT", "LEFT", patience

    def _credit(self) -> int:
        if "can_consume" in vars(self.qos):  # Celery's worker_disable_prefetch: it decides one by one
            return 1
        estimate = self.qos.can_consume_max_estimate()
        return MOST_AT_ONCE if estimate is None else max(1, min(estimate, MOST_AT_ONCE))

    def _brpop_read(self, **options: Any) -> Any:
        if not self._reserves:
            return super()._brpop_read(**options)
        connection = self.client.connection
        try:
            taken = self._read_answer(connection)
        except BaseException:
            connection.disconnect()  # the reservation is abandoned with it
            raise
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()
        self._dry = self._asked.takes and len(taken) < self._asked.wanted
        self._backlog.extend(taken)
        if not taken:
            raise Empty
        return self.deliver_backlog()

    def _read_answer(self, connection: Any) -> list[tuple[str, bytes]]:
        keys, _, waits_for, takes = self._asked
        taken: list[tuple[str, bytes]] = []
        if waits_for:
            try:
                first, self._full = connection.read_response(), False
            except redis.exceptions.OutOfMemoryError:
                first, self._full = None, True
            if isinstance(first, bytes):
                taken.append((waits_for, first))
        if takes:
            flat = connection.read_response()
            taken += [(keys[i - 1], raw) for i, raw in zip(flat[::2], flat[1::2], strict=True)]
        if taken:
            self._hot = taken[-1][0]
        return taken

    def deliver_backlog(self) -> bool:
        """Hand over what has been taken, until the event loop should have its turn."""
        until = time.monotonic() + LONGEST_DELIVERY_S
        while self._backlog:
            self._deliver(*self._backlog.popleft())
            if self._backlog and self.connection.come_back(until):
                break
        return True

    def _deliver(self, key: str, raw: bytes) -> None:
        reservation = self.reservation
        queue = key[len(self.global_keyprefix) :].rsplit(self.sep, 1)[0]
        if queue not in self.connection._callbacks:  # cancelled meanwhile
            return reservation.give_back(key, raw, "head")
        try:
            payload = self._parse(raw)
        except (ValueError, KeyError, TypeError):
            unreadable = f"{self.global_keyprefix}{BASE}unreadable"
            logger.critical("Not a message, moved to %s: %.200r", unreadable, raw)
            return reservation.give_back(key, raw, "tail", target=unreadable)
        self.arriving = reservation, key, raw
        self._queue_cycle.rotate(queue)
        self.connection._deliver(payload, queue)
        if queue in self._no_ack:
            reservation.held[payload["properties"]["delivery_tag"]] = Held(key, raw, weakref.ref(self))
            self.qos._delivered[payload["properties"]["delivery_tag"]] = reservation
            self.qos.ack(payload["properties"]["delivery_tag"])
        return None

    def _parse(self, raw: bytes) -> Any:
        payload = loads(bytes_to_str(raw))
        properties = payload["properties"]
        # A message may be in several queues, or twice in one, but here a tag means one delivery.
        tag = properties["delivery_tag"]
        numbers = itertools.count(2)
        while properties["delivery_tag"] in self.qos._delivered:
            properties["delivery_tag"] = f"{tag}.{next(numbers)}"
        return payload

    # -- acknowledging

    def flush_soon(self, reservation: Reservation) -> None:
        """Have acknowledgements sent: by the event loop before it waits, or else now."""
        transport = self.connection
        if transport is None or reservation.abandoned or not transport.flushes_before_waiting:
            time.sleep(0)  # other greenlets that are done by now add theirs
            reservation.flush()

    # -- closing

    def _on_connection_disconnect(self, connection: Any) -> None:
        # A reply may have been lost: what it told us we have reserved goes back.
        client = self.__dict__.get("client")  # only if it was used
        if client is not None and connection is client.connection:
            self._fetcher = None
            self.abandon()
        super()._on_connection_disconnect(connection)

    def abandon(self) -> None:
        """Take nothing more for the present reservation; its jobs go on."""
        reservation, self.reservation = self.reservation, None
        self._backlog.clear()
        self._dry = False
        if reservation is not None and self._pid == os.getpid():
            reservation.abandon()

    def lose(self) -> None:
        """Closed by a lost connection: what is under way is not given back by `close`."""
        self.abandon()
        self.do_restore = False

    def close(self) -> None:
        """Stop consuming; what is not acknowledged goes back at once."""
        if (self.reservation or self.qos._delivered) and self._pid == os.getpid():
            self._stop_taking()
            self.qos.restore_unacked_once()
            if self.reservation is not None:
                keeper.release(self.reservation)
                self.reservation = None
        super().close()

    def _stop_taking(self) -> None:
        connection = self._in_poll
        if connection:
            try:
                redis.Redis(connection_pool=self.pool).client_unblock(self._fetcher)
                self._read_answer(connection)  # what it brings is in our list, and goes back with the rest
            except self.connection_errors:
                self.abandon()
            self._in_poll = None
        self._backlog.clear()
