"""kombu's Redis channel, with the taking and the acknowledging done by a `Reservation`.

Publishing, purging, binding, fanout and everything else stay kombu's. A consumer without
acknowledgements (the replies to `celery inspect`) has nothing to lose and stays kombu's, too.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from queue import Empty
from typing import Any

import redis

from celery_reliable_redis import scripts
from celery_reliable_redis.acks import IDLE_S
from celery_reliable_redis.envelope import envelope
from celery_reliable_redis.guarded import GuardedChannel
from celery_reliable_redis.keeper import keeper
from celery_reliable_redis.qos import Arrival, QoS
from celery_reliable_redis.redis_versions import connection_options, is_connected
from celery_reliable_redis.reservation import BASE, Held, Reservation
from celery_reliable_redis.servers import CannotServeError, patient, require_supported, too_old
from celery_reliable_redis.taker import Taker, take

logger = logging.getLogger(__name__)

#: Messages taken at once by a consumer without a prefetch limit.
MOST_AT_ONCE = 32
#: After this long in the callbacks of one batch the loop has its turn, so that their acks leave.
LONGEST_DELIVERY_S = 0.005
#: How long to leave a server alone that cannot serve.
PAUSE_S = 1.0


class Channel(GuardedChannel):
    """A channel that reserves what it consumes."""

    QoS = QoS
    #: Seconds after which a silent consumer is suspected; after three times that long at most, its
    #: messages are back in their queues. `broker_transport_options = {"lease": 5}`
    lease = 5.0
    from_transport_options = (
        *(name for name in GuardedChannel.from_transport_options if name != "ack_emulation"),
        "lease",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.reservation: Reservation | None = None
        self._pid = os.getpid()
        self._backlog: deque[tuple[str, bytes]] = deque()
        self._taker = Taker(self._plain_client)
        #: When to ask again a server that could not serve; 0 for one that can.
        self._resume_at = 0.0
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
        (self.connection.no_ack.add if no_ack else self.connection.no_ack.discard)(queue)
        if queue in self.active_fanout_queues:
            self._in_listen = None  # so that kombu subscribes to this one, too
        elif not no_ack:
            self._reserves = True
            self._register()
            self._taker.interrupt()  # it waits for other queues only
        return result

    def basic_get(self, queue: str, no_ack: bool = False, **kwargs: Any) -> Any:
        """Get one message, or None."""
        if no_ack:
            return super().basic_get(queue, no_ack=True, **kwargs)
        taken = self._take_one(queue)
        if taken is None:
            return None
        key, raw = taken
        arrival = Arrival(envelope(raw, queue, self), Held(self.reservation, key, raw))
        message = self.Message(arrival, channel=self)
        self.qos.append(message, message.delivery_tag)
        return message

    def _get_and_deliver(self, queue: str, callback: Any) -> None:
        # kombu's `drain_events` of a channel alone; a connection's goes another way.
        if queue in self.active_fanout_queues or queue in self.connection.no_ack:
            super()._get_and_deliver(queue, callback)
        elif (taken := self._take_one(queue)) is None:
            raise Empty
        else:
            self._deliver(*taken)

    def _take_one(self, queue: str) -> tuple[str, bytes] | None:
        reservation = self._register(queue)
        keys = self._queue_keys([queue])
        try:
            found: Any = reservation.client.eval(scripts.TAKE, *take(reservation, keys, 1, 1))
        except self.connection_errors:  # there may be a message that we have not heard of
            if self._taker.awaits_answer:  # what it brings would be of a reservation that we no longer have
                self.client.connection.disconnect()
            self.abandon()
            raise
        return (keys[found[0] - 1], found[1]) if found else None

    def _register(self, *more: str) -> Reservation:
        """Our reservation, registered with every queue we take from."""
        keys = self._queue_keys([*self.active_queues, *more])
        reservation = self.reservation
        if reservation is None:
            own, prefix = self._plain_client(), self.global_keyprefix
            reservation = Reservation(own, prefix, float(self.lease), self.max_message_bytes)
        if not reservation.lists.keys() >= set(keys):
            if taken := [name for name in (*self.active_queues, *more) if name.startswith(BASE)]:
                raise ValueError(
                    f"a queue may not be called {taken[0]!r}: keys that begin with {BASE!r} are those of the "
                    "transport itself (consume). Give it another name."
                )
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

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        params: dict[str, Any] = super()._connparams(asynchronous)
        params["connection_class"] = patient(params["connection_class"])
        return {**params, **connection_options()}

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
        if self._backlog or not queues or self.is_paused:
            return
        keys, connection = self._queue_keys(queues), self.client.connection
        self._taker.patience_s = timeout or self.brpop_timeout
        try:
            self._taker.ask(connection, self._register(), keys, len(queues), self._credit())
        except CannotServeError as error:
            self.pause(error)
            return
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
            return self._popped_read(**options)
        connection = self.client.connection
        try:
            taken = self._taker.answer(connection)
        except CannotServeError as error:
            self.pause(error)
            raise Empty from None
        except BaseException:
            connection.disconnect()  # the reservation is abandoned with it
            raise
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()
        if self._resume_at:
            logger.info("The broker serves again")
            self._resume_at = 0.0
        self._backlog.extend(taken)
        if not taken:
            raise Empty
        return self.deliver_backlog()

    def _popped_read(self, **options: Any) -> Any:
        try:
            popped = self._popped(**options)
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()
        if not popped:
            raise Empty
        key, raw = popped[0].decode(), popped[1]
        queue = self._names[key]
        if queue not in self.connection._callbacks or queue not in self.connection.no_ack:
            # Cancelled meanwhile, or consumed from with acknowledgements, which takes it by another way.
            self._create_client().rpush(key, raw)
            raise Empty
        self._queue_cycle.rotate(queue)
        self.connection._deliver(self._read(raw, queue), queue)
        return True

    @property
    def is_paused(self) -> bool:
        """Whether a server that could not serve is left alone for now."""
        # Asked several times for each message, and almost always never paused: a clock is slower to read.
        return bool(self._resume_at) and time.monotonic() < self._resume_at

    def pause(self, error: CannotServeError) -> None:
        """Take nothing for a moment; then connect anew, for there may be another server.

        Jobs go on, under the reservation that is abandoned with the connection.
        """
        self._say(error)
        self.client.connection.disconnect()

    def _say(self, error: CannotServeError) -> None:
        if not self._resume_at:
            logger.warning("The broker cannot serve now, waiting until it can: %s", error)
        self._resume_at = time.monotonic() + PAUSE_S

    def read_unasked(self) -> None:
        """Read what came while no answer was due: news of a queue, or the end of the connection."""
        connection = self.client.connection
        try:
            while connection.can_read():
                connection.read_response(push_request=True)
        except self.connection_errors:
            connection.disconnect()  # nothing is lost with it; kombu connects anew when it is wanted

    def notice_closing(self) -> None:
        """Ask nothing on a connection that the server has closed while it was idle."""
        connection = self.client.connection
        if connection is None or not is_connected(connection) or self._in_poll or self._brpop_sent_at is None:
            return
        if time.monotonic() - self._brpop_sent_at > IDLE_S:
            self.read_unasked()

    @property
    def has_backlog(self) -> bool:
        """Whether there is something taken and not yet handed over."""
        return bool(self._backlog)

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
        queue = self._names[key[len(self.global_keyprefix) :]]
        if queue not in self.connection._callbacks:  # cancelled meanwhile
            reservation.give_back(Held(reservation, key, raw), "head")
            return
        arrival = Arrival(self._read(raw, queue), Held(reservation, key, raw))
        self._queue_cycle.rotate(queue)
        if queue in self.connection.no_ack:  # nobody will tell us when it is done
            reservation.ack(arrival.held)
            keeper.stir()
        self.connection._deliver(arrival, queue)

    # -- acknowledging

    def flush_soon(self, reservation: Reservation) -> None:
        """Have acknowledgements sent: by the event loop before it waits, or else now."""
        keeper.stir()  # it sends what none of these gets to
        transport = self.connection
        if transport is None or reservation.abandoned or not transport.flushes_before_waiting:
            time.sleep(0)  # other greenlets that are done by now add theirs
            self.flush(reservation)

    def flush(self, reservation: Reservation) -> None:
        """Send acknowledgements; those that the server cannot take now wait, and the keeper sends them."""
        if not self.is_paused:
            try:
                reservation.acks.flush()
            except CannotServeError as error:
                self._say(error)

    # -- closing

    def _on_connection_disconnect(self, connection: Any) -> None:
        client = self.__dict__.get("client")  # only if it was used
        if client is not None and connection is client.connection:
            is_asked = self._taker.awaits_answer
            self._taker.forget()
            if is_asked:  # a reply may have been lost: what it told us we have reserved goes back
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
        """Stop consuming; what is not acknowledged goes back at once, unless the connection is lost."""
        if self._pid == os.getpid() and self.do_restore:
            try:
                self._stop_taking()
                self.give_back_all()
            except (*self.connection_errors, redis.RedisError) as error:
                # Then the keeper gives it back, or others when our lease has run out.
                logger.warning("Could not give back what is reserved: %r", error)
                self.lose()
            self.notice_closing()
        super().close()

    def give_back_all(self) -> None:
        """Give back what we have received, and what we have taken."""
        self.qos.restore_unacked()
        if self.reservation is not None and self.reservation.end():
            keeper.release(self.reservation)
            self.reservation = None
        self.abandon()  # where another channel of this connection has received a message of ours

    def _stop_taking(self) -> None:
        connection: Any = self._in_poll
        self._in_poll = None
        if connection and self._taker.awaits_answer:
            self._taker.interrupt()
            self._taker.answer(connection)  # what it brings is in our list, and goes back with the rest
        self._backlog.clear()
