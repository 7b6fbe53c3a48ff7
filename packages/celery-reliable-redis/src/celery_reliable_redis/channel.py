"""kombu's Redis channel, which takes and acknowledges messages through a reservation.

Publishing, purging, binding, fanout and everything else stay kombu's.
"""

from __future__ import annotations

import logging
import os
from queue import Empty
from typing import Any

import redis
from kombu.transport.virtual.base import queue_declare_ok_t

from celery_reliable_redis.envelope import parse_envelope
from celery_reliable_redis.heartbeat import heartbeat
from celery_reliable_redis.qos import Arrival, QoS
from celery_reliable_redis.reservation import Held
from celery_reliable_redis.servers import (
    CannotServeError,
    make_too_old_error,
    refusals_explained,
    require_supported,
)
from celery_reliable_redis.taking import TakingChannel

logger = logging.getLogger(__name__)


class Channel(TakingChannel):
    """A channel that reserves what it consumes."""

    QoS = QoS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().__init__(*args, **kwargs)
        except redis.ResponseError as error:
            # HELLO came with Redis 6.0; where redis-py has said it, no connection can be had.
            raise (
                make_too_old_error("Redis older than 6.0, or forbids HELLO")
                if "HELLO" in str(error)
                else error
            ) from None
        try:
            self.check_delay(self.lease)
            require_supported(self.plain_client(), self.global_keyprefix)
        except BaseException:
            self.close()
            raise

    def basic_consume(self, queue: str, no_ack: bool, *args: Any, **kwargs: Any) -> Any:
        """Consume from `queue`."""
        result = super().basic_consume(queue, no_ack, *args, **kwargs)
        if queue in self.active_fanout_queues:
            self._in_listen = None  # so that kombu subscribes to this one, too
        elif not no_ack:
            self._reserves = True
            self.connection.end_stopping()
            self.register()
            self._taker.interrupt()  # it waits for other queues only
        return result

    def _basic_cancel(self, consumer_tag: str) -> Any:
        result = super()._basic_cancel(consumer_tag)
        if self._reserves and not self.active_queues and self.connection is not None:
            self.connection.note_last_cancelled()
        return result

    def queue_declare(self, queue: str | None = None, passive: bool = False, **kwargs: Any) -> Any:
        """Declare a queue. Redis keeps nothing of it: one that cannot serve now just does not count."""
        try:
            return super().queue_declare(queue, passive, **kwargs)
        except CannotServeError:
            if passive or not queue:
                raise
            return queue_declare_ok_t(queue, 0, 0)

    def _queue_bind(self, exchange: str, *args: Any) -> None:
        try:
            with refusals_explained():  # of EVALSHA, for one: kombu's own queues expire
                super()._queue_bind(exchange, *args)
        except CannotServeError:
            # A broadcast is published to whoever listens, and looks in no table. With gevent and eventlet,
            # Celery would not hear of remote control any more.
            if self.typeof(exchange).type != "fanout":
                raise

    def basic_get(self, queue: str, no_ack: bool = False, **kwargs: Any) -> Any:
        """Get one message, or None."""
        if no_ack:
            return super().basic_get(queue, no_ack=True, **kwargs)
        taken = self._take_one(queue)
        self.put_off_expiry(queue)
        if taken is None:
            return None
        arrival = Arrival(parse_envelope(taken.raw, queue, self), Held(self.reservation, *taken))
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
            self._deliver(taken)

    def _receive(self) -> bool:
        try:
            is_received = bool(super()._receive())
        except (redis.ConnectionError, redis.TimeoutError) as error:
            if self._in_listen is not None or self.connection is None:  # it is not ours: a callback's
                raise
            # A busy server takes no subscription; or the connection is lost, and maybe this one alone (the
            # server closes it for who is slow). With gevent and eventlet, Celery would not hear any more.
            self.pause_listening(error)
            return False
        if not self._reserves:
            self.note_service()
        return is_received

    def pause_listening(self, error: redis.RedisError) -> None:
        """Subscribe anew in a moment."""
        self.leave_alone(error)
        if self.subclient.connection is not None:
            self.subclient.connection.disconnect()
        self.connection.cycle.forget_listening(self)

    def _on_connection_disconnect(self, connection: Any) -> None:
        client = self.__dict__.get("client")  # only if it was used
        if client is not None and connection is client.connection:
            is_asked = self._taker.awaits_answer
            self._taker.forget()
            if is_asked:  # a reply may have been lost: what it told us we have reserved goes back
                self.abandon()
        super()._on_connection_disconnect(connection)

    def lose(self) -> None:
        """Give up a lost connection: `close` gives nothing back, for its jobs go on."""
        self.abandon()
        self._in_poll = None  # no answer is waited for
        self.do_restore = False

    def close(self) -> None:
        """Stop consuming; what is not acknowledged goes back at once, unless the connection is lost."""
        if self.pid == os.getpid() and self.do_restore:
            try:
                self._stop_taking()
                self.give_back_all()
            except (*self.connection_errors, redis.RedisError) as error:
                # Then the heartbeat gives it back, or others when our lease has run out.
                logger.warning("Could not give back what is reserved: %r", error)
                self.lose()
            self.notice_closing()
        super().close()

    def give_back_all(self) -> None:
        """Give back what we have received, and what we have taken."""
        self.qos.restore_unacked()
        if self.reservation is not None and self.reservation.end():
            heartbeat.remove(self.reservation)
            self.reservation = None
        self.abandon()  # where another channel of this connection has received a message of ours
