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
from typing import Any

import redis
from kombu.transport import redis as stock

from worker.transport import scripts
from worker.transport.envelope import envelope
from worker.transport.keeper import keeper
from worker.transport.qos import QoS
from worker.transport.reservation import Held, Reservation
from worker.transport.servers import require_supported, too_old
from worker.transport.taker import Taker, take

logger = logging.getLogger(__name__)

#: Messages taken at once by a consumer without a prefetch limit.
MOST_AT_ONCE = 32
#: After this long in the callbacks of one batch the loop has its turn, so that their acks leave.
LONGEST_DELIVERY_S = 0.005


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
        self._taker = Taker(lambda number: self._plain_client().client_unblock(number))
        self._no_ack: set[str] = set()
        self._reserves = False
        try:
            super().__init__(*args, **kwargs)
        except redis.ResponseError as error:
            # HELLO came with Redis 6.0; where redis-py has said it, no connection can be had.
            raise too_old("Redis older than 6.0") if "HELLO" in str(error) else error from None
        try:
            require_supported(self._plain_client())
        except BaseException:
            self.close()
            raise

    # -- consuming

    def basic_consume(self, queue: str, no_ack: bool, *args: Any, **kwargs: Any) -> Any:
        """Consume from `queue`."""
        result = super().basic_consume(queue, no_ack, *args, **kwargs)
        (self._no_ack.add if no_ack else self._no_ack.discard)(queue)
        if not no_ack and queue not in self.active_fanout_queues:
            self._reserves = True
            self._register()
            self._taker.interrupt()  # it waits for other queues only
        return result

    def basic_get(self, queue: str, no_ack: bool = False, **kwargs: Any) -> Any:
        """Get one message, or None."""
        if no_ack:
            return super().basic_get(queue, no_ack=True, **kwargs)
        reservation = self._register(queue)
        keys = self._queue_keys([queue])
        found: Any = reservation.client.eval(scripts.TAKE, *take(reservation, keys, 1, 1))
        if not found:
            return None
        key, raw = keys[found[0] - 1], found[1]
        message = self.Message(self._parse(raw, queue), channel=self)
        self.arriving = reservation, key, raw
        self.qos.append(message, message.delivery_tag)
        return message

    def _register(self, *more: str) -> Reservation:
        """Our reservation, registered with every queue we take from."""
        keys = self._queue_keys([*self.active_queues, *more])
        reservation = self.reservation
        if reservation is None:
            reservation = Reservation(self._plain_client(), self.global_keyprefix, float(self.lease))
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

    # -- taking: kombu calls `_brpop_start` when idle and `_brpop_read` when the answer is there

    def _brpop_start(self, timeout: float | None = None) -> None:
        if not self._reserves:
            super()._brpop_start(timeout)
            return
        keeper.report()
        queues = self._queue_cycle.consume(len(self.active_queues))
        if self._backlog or not queues:
            return
        reservation = self._register()
        connection = self.client.connection
        self._taker.patience_s = timeout or self.brpop_timeout
        self._taker.ask(connection, reservation, self._queue_keys(queues), len(queues), self._credit())
        self._in_poll = connection
        self._brpop_sent_at = time.monotonic()

    def _credit(self) -> int:
        if "can_consume" in vars(self.qos):  # Celery's worker_disable_prefetch: it decides one by one
            return 1
        estimate = self.qos.can_consume_max_estimate()
        return MOST_AT_ONCE if estimate is None else max(1, min(estimate, MOST_AT_ONCE))

    def _brpop_read(self, **options: Any) -> Any:
        # What was asked before the first queue that we reserve from was kombu's BRPOP: Celery's mingle uses
        # the channel that tasks come by later.
        if not self._taker.awaits_answer:
            return super()._brpop_read(**options)
        connection = self.client.connection
        try:
            taken = self._taker.answer(connection)
        except BaseException:
            connection.disconnect()  # the reservation is abandoned with it
            raise
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()
        self._backlog.extend(taken)
        if not taken:
            raise Empty
        return self.deliver_backlog()

    def read_unasked(self) -> None:
        """Read what came while no answer was due: news of a queue, or the end of the connection."""
        connection = self.client.connection
        try:
            connection.read_response(push_request=True)
        except BaseException:
            connection.disconnect()
            raise

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
        assert reservation is not None  # abandoned together with the backlog
        queue = key[len(self.global_keyprefix) :].rsplit(self.sep, 1)[0]
        if queue not in self.connection._callbacks:  # cancelled meanwhile
            reservation.give_back(key, raw, "head")
            return
        payload = self._parse(raw, queue)
        self.arriving = reservation, key, raw
        self._queue_cycle.rotate(queue)
        self.connection._deliver(payload, queue)
        if queue in self._no_ack:  # kombu has not told our QoS of it
            tag = payload["properties"]["delivery_tag"]
            reservation.held[tag] = Held(key, raw, weakref.ref(self))
            self.qos._delivered[tag] = reservation
            self.qos.ack(tag)

    def _parse(self, raw: bytes, queue: str) -> Any:
        payload = envelope(raw, queue, self)
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
        keeper.stir()  # it sends what none of these gets to
        transport = self.connection
        if transport is None or reservation.abandoned or not transport.flushes_before_waiting:
            time.sleep(0)  # other greenlets that are done by now add theirs
            reservation.flush()

    # -- closing

    def _on_connection_disconnect(self, connection: Any) -> None:
        # A reply may have been lost: what it told us we have reserved goes back.
        client = self.__dict__.get("client")  # only if it was used
        if client is not None and connection is client.connection:
            self._taker.forget()
            self.abandon()
        super()._on_connection_disconnect(connection)

    def abandon(self) -> None:
        """Take nothing more for the present reservation; its jobs go on."""
        reservation, self.reservation = self.reservation, None
        self._backlog.clear()
        if reservation is not None and self._pid == os.getpid():
            reservation.abandon()

    def lose(self) -> None:
        """Closed by a lost connection: what is under way is not given back by `close`."""
        self.abandon()
        self._in_poll = None  # no answer is waited for
        self.do_restore = False

    def close(self) -> None:
        """Stop consuming; what is not acknowledged goes back at once."""
        if (self.reservation or self.qos._delivered) and self._pid == os.getpid():
            try:
                self._stop_taking()
                self.qos.restore_unacked_once()
            except self.connection_errors as error:  # then it goes back when our lease has run out
                logger.warning("Could not give back what is reserved: %r", error)
            if self.reservation is not None:
                keeper.release(self.reservation)
                self.reservation = None
        super().close()

    def _stop_taking(self) -> None:
        connection: Any = self._in_poll
        self._in_poll = None
        if connection and self._taker.awaits_answer:
            self._taker.interrupt()
            self._taker.answer(connection)  # what it brings is in our list, and goes back with the rest
        self._backlog.clear()
