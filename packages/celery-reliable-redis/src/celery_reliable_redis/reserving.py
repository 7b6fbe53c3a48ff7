"""A channel with a reservation of its own: where its messages are, until they are acknowledged.

It registers queues, sends acknowledgements and leaves a server alone that cannot serve. It takes nothing.
"""

from __future__ import annotations

import logging
import os
import time
from typing import Any

import redis

from celery_reliable_redis.consumer import BASE
from celery_reliable_redis.delaying import DelayingChannel
from celery_reliable_redis.finding import holds_together, make_following
from celery_reliable_redis.heartbeat import heartbeat
from celery_reliable_redis.mistakes import SettingError
from celery_reliable_redis.redis_versions import connection_options
from celery_reliable_redis.reservation import Reservation
from celery_reliable_redis.returning import Rules
from celery_reliable_redis.servers import CannotServeError, make_patient
from celery_reliable_redis.timeouts import read_seconds
from celery_reliable_redis.urls import nodes

logger = logging.getLogger(__name__)

#: How long to leave a server alone that cannot serve.
PAUSE_S = 1.0


class ReservingChannel(DelayingChannel):
    """kombu's channel, with a reservation."""

    #: Seconds after which a silent consumer is suspected; after three times that long at most, its
    #: messages are back in their queues. `broker_transport_options = {"lease": 5}`
    lease = 5.0
    #: Deliveries to consumers that died, after which a message is put aside, into the queue `<queue>:dead`;
    #: None for no limit.
    delivery_limit: int | None = Rules.delivery_limit
    #: Whether a delivery that ends in a requeue counts as well.
    count_requeues = Rules.count_requeues
    from_transport_options = (
        *(name for name in DelayingChannel.from_transport_options if name != "ack_emulation"),
        *("lease", "delivery_limit", "count_requeues"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.reservation: Reservation | None = None
        #: The process that opened the channel: in a fork of it, nothing is given back.
        self.pid = os.getpid()
        #: When to ask again a server that could not serve; 0 for one that can.
        self._resume_at = 0.0
        super().__init__(*args, **kwargs)

    def register(self, *more: str) -> Reservation:
        """Return our reservation, registered with every queue we take from."""
        keys = self._queue_keys([*self.active_queues, *more])
        reservation = self.reservation
        if reservation is None:
            reservation = Reservation(
                self.plain_client(),
                self.global_keyprefix,
                self.lease,
                Rules(self.delivery_limit, self.count_requeues, self.sep, self.max_message_bytes),
                self.brpop_timeout,
            )
        if not reservation.lists.keys() >= set(keys):
            if taken := [name for name in (*self.active_queues, *more) if name.startswith(BASE)]:
                raise SettingError(
                    f"a queue may not be called {taken[0]!r}: keys that begin with {BASE!r} are those of the "
                    "transport itself (consume). Give it another name."
                )
            reservation.register({*reservation.lists, *keys})
        else:
            reservation.make_room()
        if self.reservation is None:
            self.reservation = reservation
            heartbeat.add(reservation, self._heartbeat_client)
        return reservation

    def _queue_keys(self, queues: list[str]) -> list[str]:
        # Most urgent first; queues of one priority side by side.
        return [
            self.global_keyprefix + self._q_for_pri(queue, step)
            for step in self.priority_steps
            for queue in queues
        ]

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        self.lease = read_seconds("lease", self.lease)
        params: dict[str, Any] = super()._connparams(asynchronous)
        connection_class = params["connection_class"]
        if holds_together(self.global_keyprefix):
            seeds = nodes(self.connection.client, self.connection.default_port)
            connection_class = make_following(connection_class, self.global_keyprefix, seeds)
        params["connection_class"] = make_patient(connection_class, pooled=not asynchronous)
        return {**params, **connection_options()}

    def connection_params(self, asynchronous: bool) -> dict[str, Any]:
        """Return what a pool of connections is made with."""
        return self._connparams(asynchronous)

    def _make_pool(self, params: dict[str, Any]) -> Any:
        return redis.ConnectionPool(**params)

    def _heartbeat_client(self) -> redis.Redis:
        patience = {"socket_timeout": self.lease, "socket_connect_timeout": self.lease}
        params = {**self._connparams(), "max_connections": None}
        if "path" in params:
            patience.pop("socket_connect_timeout")
        return redis.Redis(connection_pool=self._make_pool({**params, **patience}))

    def note_turn(self) -> None:
        """Note that this side goes on.

        Raises:
            redis.ConnectionError: it has hung for so long that its lease was not renewed. What it has taken
                others may have by now. What runs goes on, as after a lost connection.
        """
        if self.reservation is None:
            return
        self.reservation.liveness.note()
        if self.reservation.liveness.was_given_up:
            heartbeat.log_news()
            if self.client.connection is not None:
                self.client.connection.disconnect()
            self.abandon()
            raise redis.ConnectionError("The broker did not answer for long: others may have our messages")

    @property
    def is_paused(self) -> bool:
        """Whether a server that could not serve is left alone for now."""
        # Asked several times for each message, and almost always never paused: a clock is slower to read.
        return bool(self._resume_at) and time.monotonic() < self._resume_at

    def leave_alone(self, error: redis.RedisError) -> None:
        """Ask nothing for a moment."""
        if not self._resume_at:
            logger.warning("The broker cannot serve now, waiting until it can: %s", error)
        self._resume_at = time.monotonic() + PAUSE_S

    def note_service(self) -> None:
        """Note that the server serves, and say so if it could not."""
        if self._resume_at:
            logger.info("The broker serves again")
            self._resume_at = 0.0

    def flush_soon(self, reservation: Reservation) -> None:
        """Have acknowledgements sent: by the event loop before it waits, or else now."""
        heartbeat.rouse()  # it sends what none of these gets to
        transport = self.connection
        if transport is None or reservation.abandoned or not transport.flushes_before_waiting:
            time.sleep(0)  # other greenlets that are done by now add theirs
            self.flush(reservation)

    def flush(self, reservation: Reservation) -> None:
        """Send acknowledgements; the heartbeat later sends those that the server cannot take now."""
        if not self.is_paused:
            try:
                reservation.acks.flush()
            except CannotServeError as error:
                self.leave_alone(error)

    def abandon(self) -> None:
        """Take nothing more for the present reservation; its jobs go on."""
        reservation, self.reservation = self.reservation, None
        if reservation is not None and self.pid == os.getpid():
            reservation.abandon()
