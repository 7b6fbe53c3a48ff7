"""A channel that takes messages into its reservation, and delivers them.

kombu calls `_brpop_start` when the channel is idle and `_brpop_read` when the answer is there. A consumer
without acknowledgements (the replies to `celery inspect`) has nothing to lose, and takes as kombu does.
"""

from __future__ import annotations

import time
from collections import deque
from queue import Empty
from typing import Any

from celery_reliable_redis import scripts
from celery_reliable_redis.acks import IDLE_S
from celery_reliable_redis.heartbeat import heartbeat
from celery_reliable_redis.qos import Arrival
from celery_reliable_redis.redelivery import is_suspect
from celery_reliable_redis.redis_versions import is_connected, read_unasked
from celery_reliable_redis.reservation import Held
from celery_reliable_redis.reserving import ReservingChannel
from celery_reliable_redis.servers import CannotServeError
from celery_reliable_redis.solitude import Solitude, is_suspect_next
from celery_reliable_redis.taker import Taken, Taker, make_take_arguments

#: Messages taken at once by a consumer without a prefetch limit.
MOST_AT_ONCE = 32
#: Seconds in the callbacks of one batch after which the loop has its turn, so that their acks leave.
LONGEST_DELIVERY_S = 0.005


class TakingChannel(ReservingChannel):
    """kombu's channel, whose messages are in its reservation before anybody sees them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._backlog: deque[Taken] = deque()
        self._taker = Taker(self.plain_client)
        #: Whether a queue was ever consumed with acknowledgements.
        self._reserves = False
        self._solitude = Solitude()
        super().__init__(*args, **kwargs)

    def _brpop_start(self, timeout: float | None = None) -> None:
        if not self._reserves:
            super()._brpop_start(timeout)
            return
        heartbeat.log_news()
        queues = self._queue_cycle.consume(len(self.active_queues))
        if self._backlog or not queues or self.is_paused:
            return
        keys, connection = self._queue_keys(queues), self.client.connection
        patience_s = timeout or self.brpop_timeout
        try:
            if self._solitude.is_to_look() and not is_suspect_next(self.plain_client(), keys):
                self._solitude.end()
            suspects = self._solitude.choose(self.reservation)
            if suspects is None:
                return
            reservation = self.register()
            self._taker.ask(connection, reservation, keys, len(queues), self._credit(), suspects, patience_s)
        except CannotServeError as error:
            self.pause(error)
            return
        except BaseException:  # of a signal handler of Celery's, for one, with half a question sent
            connection.disconnect()  # the reservation is abandoned with it
            raise
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
            return self._deliver_popped(**options)
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
        self.note_service()
        self._note_taken(taken)
        if not self._backlog:
            raise Empty
        return self.deliver_backlog()

    def _note_taken(self, taken: list[Taken]) -> None:
        reservation = self.reservation
        assert reservation is not None  # abandoned together with the question
        for one in taken:
            reservation.note_taken(one.queue, one.key)
        if self._taker.met_suspect:
            self._solitude.begin(has_suspect=False)
        elif len(taken) == 1 and is_suspect(taken[0].raw):
            is_alone = reservation.is_hand_empty
            self._solitude.begin(has_suspect=is_alone)
            if not is_alone:  # BLMOVE does not look
                reservation.give_back(Held(reservation, *taken[0]))
                return
        self._backlog.extend(taken)

    def _deliver_popped(self, **options: Any) -> Any:
        try:
            popped = self.read_popped(**options)
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()
        if not popped:
            raise Empty
        key, raw = popped[0].decode(), popped[1]
        queue = self.names[key]
        if queue not in self.connection._callbacks or queue not in self.connection.no_ack:
            # Cancelled meanwhile, or consumed from with acknowledgements, which takes it by another way.
            with self.conn_or_acquire() as client:
                client.rpush(key, raw)
            raise Empty
        self._queue_cycle.rotate(queue)
        self.connection._deliver(self.read(raw, queue), queue)
        return True

    def _take_one(self, queue: str) -> Taken | None:
        reservation = self.register(queue)
        self.note_turn()
        lists = {key: reservation.lists[key].current for key in self._queue_keys([queue])}
        try:
            # One that is asked for alone is alone.
            arguments = make_take_arguments(lists, width=1, wanted=1, suspects="alone")
            taken: Any = reservation.client.eval(scripts.TAKE, *arguments)
        except self.connection_errors:  # there may be a message that we have not heard of
            if self._taker.awaits_answer:  # what it brings would be of a reservation that we no longer have
                self.client.connection.disconnect()
            self.abandon()
            raise
        if not taken:
            return None
        key, place = [*lists.items()][taken[0] - 1]
        reservation.note_taken(key, place)
        return Taken(key, place, taken[1])

    @property
    def makes_room(self) -> bool:
        """Whether nothing is taken until what is in hand is done."""
        return self._solitude.is_begun

    @property
    def has_backlog(self) -> bool:
        """Whether a message has been taken and not yet handed over."""
        return bool(self._backlog)

    def deliver_backlog(self) -> bool:
        """Hand over what has been taken, until the event loop should have its turn."""
        until = time.monotonic() + LONGEST_DELIVERY_S
        while self._backlog:
            self.note_turn()
            self._deliver(self._backlog.popleft())
            if self._backlog:
                self.connection.catch_up()
                if self.connection.yield_to_loop(until):
                    break
        # Threads and greenlets begin what they were given before we ask for more: threads would else wait for
        # the interpreter until we wait for the server.
        time.sleep(0)
        return True

    def _deliver(self, taken: Taken) -> None:
        reservation = self.reservation
        assert reservation is not None  # abandoned together with the backlog
        queue = self.names[taken.queue[len(self.global_keyprefix) :]]
        held = Held(reservation, *taken)
        if queue not in self.connection._callbacks:  # cancelled meanwhile
            reservation.give_back(held)
            return
        arrival = Arrival(self.read(taken.raw, queue), held)
        self._queue_cycle.rotate(queue)
        if self.delay_from is not None and self.park(arrival, arrival.held):
            return
        if queue in self.connection.no_ack:  # nobody will tell us when it is done
            reservation.ack(arrival.held)
            heartbeat.rouse()
        self.connection._deliver(arrival, queue)

    def pause(self, error: CannotServeError) -> None:
        """Take nothing for a moment; then connect anew, for there may be another server.

        Jobs go on, under the reservation that is abandoned with the connection.
        """
        self.leave_alone(error)
        self.client.connection.disconnect()

    def read_unasked(self) -> None:
        """Read what came while no answer was due: news of a queue, or the end of the connection."""
        connection = self.client.connection
        try:
            read_unasked(connection)
        except self.connection_errors:
            connection.disconnect()  # nothing is lost with it; kombu connects anew when it is wanted

    def notice_closing(self) -> None:
        """Ask nothing on a connection that the server has closed while it was idle."""
        connection = self.client.connection
        if connection is None or self._in_poll or self._brpop_sent_at is None or not is_connected(connection):
            return
        if time.monotonic() - self._brpop_sent_at > IDLE_S:
            self.read_unasked()

    def abandon(self) -> None:
        """Take nothing more for the present reservation, nor deliver what was taken; its jobs go on."""
        self._backlog.clear()
        self._solitude.end()
        super().abandon()

    def _stop_taking(self) -> None:
        self._in_poll = None
        if self._taker.awaits_answer:
            self._taker.interrupt()
            self._taker.answer(self.client.connection)  # what it brings goes back with the rest
        self._backlog.clear()
