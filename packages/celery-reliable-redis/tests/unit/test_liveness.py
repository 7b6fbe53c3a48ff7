"""The rule by which a lease is renewed, and not: for whom it speaks, and for whom no more."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from kombu.transport import redis as stock

from celery_reliable_redis import calls, kombu_versions, liveness
from celery_reliable_redis.calls import forget_calls, timed
from celery_reliable_redis.heartbeat import Heartbeat
from celery_reliable_redis.liveness import LEASES
from celery_reliable_redis.native import READ, WRITE
from celery_reliable_redis.reservation import Reservation

LIMIT = 10.0


class Clock:
    """Both modules' clock, and the thread that would renew leases: `advance` and look."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class Watched(Reservation):
    """Notes what the heartbeat does with it."""

    def __init__(self) -> None:
        super().__init__(redis.Redis(), "", LIMIT / LEASES)
        self.renewed = 0
        self.news: list[str] = []
        self.on_rescue: Any = None

    def renew(self, _: Any) -> None:
        self.renewed += 1

    def rescue(self, _: Any) -> int:
        """The server has answered."""
        if self.on_rescue:
            self.on_rescue()
        return 0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    for module in (calls, liveness):
        monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(calls, "_silent_since", 0.0)
    forget_calls()
    yield clock
    forget_calls()


@pytest.fixture
def reservation(clock: Clock) -> Watched:  # noqa: ARG001  # it is made at that time
    return Watched()


def beat(reservation: Watched) -> int:
    """One look of the heartbeat's. Returns how many leases it has renewed."""
    before = reservation.renewed
    watching = Heartbeat()
    watching._look_after(reservation, reservation.client)
    reservation.news = [text for _, text in watching._news]
    return reservation.renewed - before


class Wire:
    """A connection over which nothing comes."""

    def __init__(self) -> None:
        self._sock, self.server = socket.socketpair()

    def close(self) -> None:
        self._sock.close()
        self.server.close()


@pytest.fixture
def wire() -> Iterator[Wire]:
    with contextlib.closing(Wire()) as made:
        yield made


def in_call(wire: Wire, then: Any, wanted: int = READ) -> Any:
    """Do something while a call to the broker is under way."""
    return timed(wire, wanted, then)


def assert_lost(reservation: Watched) -> None:
    assert beat(reservation) == 0


def test_a_job_of_an_hour_is_no_call(clock: Clock, reservation: Watched) -> None:
    clock.advance(3600)
    assert beat(reservation) == 1


def test_a_consumer_that_hangs_in_a_call_has_no_lease(clock: Clock, reservation: Watched, wire: Wire) -> None:
    def hang() -> None:
        clock.advance(LIMIT)
        assert beat(reservation) == 1  # a call may take that long
        clock.advance(1)
        assert beat(reservation) == 0
        assert "has not returned for 11 s" in reservation.news[0]
        clock.advance(1)
        assert beat(reservation) == 0
        assert not reservation.news

    in_call(wire, hang)
    assert reservation.liveness.was_given_up
    assert beat(reservation) == 1  # until the consumer itself gives up what it has taken


def test_who_has_turns_lives_whatever_hangs_elsewhere(clock: Clock, reservation: Watched, wire: Wire) -> None:
    """As where a greenlet, or the thread of a job, hangs, and the consumer goes on."""

    def hang() -> None:
        for _ in range(100):
            clock.advance(1)
            reservation.liveness.note()
            assert beat(reservation) == 1

    in_call(wire, hang)


def test_who_waits_for_a_thread_that_hangs_has_no_lease(
    clock: Clock, reservation: Watched, wire: Wire
) -> None:
    """As for the lock of Celery's events."""
    begun, done = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        done.wait()

    thread = threading.Thread(target=in_call, args=(wire, hang))
    thread.start()
    begun.wait()
    clock.advance(LIMIT + 1)
    assert beat(reservation) == 0
    done.set()
    thread.join()
    assert beat(reservation) == 1


def test_many_short_calls_are_no_long_one(clock: Clock, reservation: Watched, wire: Wire) -> None:
    for _ in range(100):
        in_call(wire, lambda: clock.advance(1))
        assert beat(reservation) == 1


def test_a_call_counts_from_the_first_of_its_parts(clock: Clock, reservation: Watched, wire: Wire) -> None:
    def check_and_send() -> None:
        in_call(wire, lambda: clock.advance(LIMIT), READ)
        clock.advance(1)
        assert beat(reservation) == 1  # there is room for what is to be sent
        in_call(wire, lambda: assert_lost(reservation), READ)

    in_call(wire, check_and_send, WRITE)


def test_a_call_that_fails_is_over(clock: Clock, reservation: Watched, wire: Wire) -> None:
    with pytest.raises(ZeroDivisionError):
        in_call(wire, lambda: 1 / 0)
    clock.advance(LIMIT + 1)
    assert beat(reservation) == 1


def test_a_server_that_answers_nobody_makes_nobody_suspect(
    clock: Clock, reservation: Watched, wire: Wire
) -> None:
    """The heartbeat hangs as long as the consumer does, and both are served again."""
    reservation.on_rescue = lambda: wire.server.send(b"+OK")

    def hang() -> None:
        clock.advance(LIMIT + 1)
        assert beat(reservation) == 0
        assert not reservation.liveness.was_given_up
        assert beat(reservation) == 1

    in_call(wire, hang)


@pytest.mark.parametrize("closed", [False, True])
def test_who_has_no_turn_to_read_what_has_come_does_not_hang(
    clock: Clock, reservation: Watched, wire: Wire, closed: bool
) -> None:
    """As where a greenlet has asked, and then a job blocks the hub."""

    def ask_and_wait_for_the_hub() -> None:
        wire.server.close() if closed else wire.server.send(b"+OK")
        clock.advance(3600)
        assert beat(reservation) == 1

    in_call(wire, ask_and_wait_for_the_hub)


def test_the_lease_of_jobs_whose_consumer_is_gone_is_renewed(
    clock: Clock, reservation: Watched, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    reservation.abandoned = True
    monkeypatch.setattr(reservation, "give_back_unknown", lambda _: False)

    def hang() -> None:
        clock.advance(LIMIT + 1)
        assert beat(reservation) == 1

    in_call(wire, hang)


def test_nor_is_it_where_nothing_can_be_acknowledged(clock: Clock, reservation: Watched, wire: Wire) -> None:
    """Though the consumer goes on, as with greenlets."""
    reservation.acks._wire = wire

    def hang() -> None:
        clock.advance(LIMIT + 1)
        reservation.liveness.note()
        assert beat(reservation) == 0

    in_call(wire, hang)
    assert reservation.liveness.was_given_up


def test_a_fork_does_not_hang_in_its_parents_calls(clock: Clock, reservation: Watched, wire: Wire) -> None:
    def fork() -> None:
        clock.advance(LIMIT + 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # other threads may hold a lock
            child = os.fork()
        if not child:
            os._exit(beat(reservation) != 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    in_call(wire, fork)


def test_with_an_older_kombu_and_without_an_event_loop_a_consumer_has_its_turns_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(stock.MultiChannelPoller, "get", lambda *_: calls.append("get"))
    monkeypatch.setattr(stock.MultiChannelPoller, "on_poll_start", lambda _: calls.append("on_poll_start"))
    kombu_versions._OlderPoller().get(None)
    assert calls == ["on_poll_start", "get"]
