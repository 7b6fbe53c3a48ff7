"""Writes groups of records over one connection, and tells of each how it fared.

A group is one packet of XADDs, with no MULTI around them: what the broker refuses of one record is that
record's affair. Who is in a group is decided elsewhere: see `turns` and `collector`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from redis import VERSION, Redis, ResponseError
from redis.backoff import EqualJitterBackoff, NoBackoff
from redis.retry import Retry

from worker.records import JobRecord, SentRecord, boot_id, broker_offset_ns, encode, run_stream

#: How often a process compares its clock with the broker's; quartz drifts by some 20 us per second.
CLOCK_CHECK_NS = 30 * 10**9
#: A broker that restarts is back within a minute; until then the records wait here.
RETRY = Retry(EqualJitterBackoff(cap=1.0, base=0.05), 60)
ONCE = Retry(NoBackoff(), 0)
CONNECT_S = 3
#: Seconds of silence after which the server may have closed the connection: then it is looked at before it is
#: used. (The shortest `timeout` that Redis knows is a second.)
IDLE_S = 0.5
#: The id of a record where any will do.
ANY = "*"
#: What Redis answers to an id that it has seen, or a later one.
SEEN = "equal or smaller than the target stream top item"


class Pending:
    """A record that is to be written."""

    __slots__ = ("entry", "error", "is_sent", "is_settled", "is_written", "record", "run")

    def __init__(self, run: str, record: JobRecord, entry: str = ANY) -> None:
        self.run = run
        self.record = record
        #: Its id in the stream of its run. The broker takes those of one stream in their order, and each
        #: once.
        self.entry = entry
        #: Whether it was sent over a connection that was lost, and may be written.
        self.is_sent = False
        #: Whether it is in the stream of its run; not where there is none, or one with this entry already.
        self.is_written = False
        #: Whether it is known what has become of it.
        self.is_settled = False
        #: Why it could not be written.
        self.error: Exception | None = None

    def settle(self, error: Exception | None = None) -> None:
        """Note what has become of it."""
        self.error = error
        self.is_settled = True


class Wire:
    """One connection to the broker, over which one thread or greenlet at a time writes records."""

    def __init__(self, broker_url: str) -> None:
        # `commit` tries again itself: were the client to do so, too, a minute would become an hour.
        client = Redis.from_url(broker_url, retry=ONCE, socket_connect_timeout=CONNECT_S)
        self._pool = client.connection_pool
        self._clock = BrokerClock(client)
        #: redis-py types only half of what a connection can do.
        self._connection: Any = None
        self._used_at = 0.0

    def commit(self, group: Sequence[Pending]) -> None:
        """Append each record to its run, if that is still open, and settle all of them.

        Where the connection is lost, what the broker has not answered is sent again, for a minute. Nothing is
        raised but what interrupts the caller (such as gevent's Timeout); then some may not be settled.
        """
        try:
            RETRY.call_with_retry(lambda: self._exchange(group), lambda _: self._hang_up())
        except BaseException as error:
            self._hang_up()  # answers may be on their way that nobody would expect
            if not isinstance(error, Exception):
                raise
            for pending in _unsettled(group):  # whatever it is, each of these jobs is to hear of it
                pending.settle(error)

    def _exchange(self, group: Sequence[Pending]) -> None:
        connection = self._connect()
        offset_ns = self._clock.offset_ns()
        packed = {pending: _pack(connection, pending, offset_ns) for pending in _unsettled(group)}
        group = _unsettled(group)
        try:
            connection.send_packed_command([b"".join(packed.values())])
            for pending in group:
                try:
                    pending.is_written = connection.read_response() is not None
                except ResponseError as error:
                    seen = SEEN in str(error)
                    pending.is_written = seen and pending.is_sent
                    pending.settle(None if seen else error)
                else:
                    pending.settle()
        except BaseException:
            for pending in group:
                pending.is_sent = True
            raise
        self._used_at = time.monotonic()

    def _connect(self) -> Any:
        if self._connection is not None and time.monotonic() - self._used_at > IDLE_S:
            self._pool.release(self._connection)
            self._connection = None
        if self._connection is None:
            self._connection = _open_connection(self._pool)  # one that is open, as far as this side knows
        return self._connection

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.disconnect()


class BrokerClock:
    """Knows how far the broker's clock is ahead of this process's."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._checked_ns = 0
        #: None until it is first measured.
        self._offset_ns: int | None = None

    def offset_ns(self) -> int:
        """Return by how much, in nanoseconds; now and then this takes a round trip to ask for the time."""
        now = time.monotonic_ns()
        if self._offset_ns is None or now - self._checked_ns > CLOCK_CHECK_NS:
            self._offset_ns = broker_offset_ns(self._client)
            self._checked_ns = now
        return self._offset_ns


def _open_connection(pool: Any) -> Any:
    """Get a connection; before redis-py 5.3, which a project may have, the pool wants to know what for."""
    return pool.get_connection() if VERSION >= (5, 3) else pool.get_connection("XADD")


def _unsettled(group: Sequence[Pending]) -> list[Pending]:
    return [pending for pending in group if not pending.is_settled]


def _pack(connection: Any, pending: Pending, offset_ns: int) -> bytes:
    """Make the command that writes a record; nothing where it cannot be written, and settle it then."""
    try:
        record = encode(SentRecord(pending.record, boot_id(), offset_ns))
        return b"".join(
            connection.pack_command(
                "XADD", run_stream(pending.run), "NOMKSTREAM", pending.entry, "record", record
            )
        )
    except Exception as error:  # no other job is to hear of it
        pending.settle(error)
        return b""
