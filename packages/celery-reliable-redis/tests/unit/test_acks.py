"""Acknowledgements on connections that die, without a server: what was not confirmed is sent again."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from celery_reliable_redis import acks
from celery_reliable_redis.acks import Acks, Removal


class Server:
    """What a server knows, and what it does to the connections to it."""

    def __init__(self) -> None:
        self.removed: list[Removal] = []
        self.connections: list[Wire] = []
        self.refuses = False

    def get_connection(self, _command: str = "") -> Wire:
        self.connections.append(Wire(self))
        return self.connections[-1]

    def release(self, wire: Wire) -> None:
        assert not wire.is_connected

    def close_idle(self) -> None:
        for wire in self.connections:
            wire.is_open = False


class Wire:
    """A connection: what is written to it after the server has closed it is lost without a word, once."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.connect()

    def connect(self) -> None:
        if self.server.refuses:
            raise redis.ConnectionError("refused")
        self.is_connected = self.is_open = True
        self.answers = 0

    @property
    def _sock(self) -> object:  # by which older versions of redis-py are asked
        return self if self.is_connected else None

    def disconnect(self) -> None:
        self.is_connected = False

    def pack_commands(self, commands: list[Any]) -> list[Any]:
        return commands

    def send_packed_command(self, commands: list[Any]) -> None:
        if not self.is_connected:
            self.connect()
        if self.is_open:
            self.server.removed += [(key, raw) for _, key, _, raw in commands]
            self.answers += len(commands)

    def read_response(self) -> int:
        if not self.answers:
            raise redis.ConnectionError("Connection closed by server.")
        self.answers -= 1
        return 1


class Client:
    """The heartbeat's own."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def pipeline(self, transaction: bool) -> Client:
        assert not transaction
        return self

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def lrem(self, key: str, _: int, raw: bytes) -> None:
        self.server.removed.append((key, raw))

    def execute(self) -> None:
        pass


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(acks.time, "monotonic", lambda: now[0])  # type: ignore[attr-defined]
    return now


@pytest.fixture
def ours(server: Server, clock: list[float]) -> Acks:  # noqa: ARG001  # it is there first
    return Acks(server)  # type: ignore[arg-type]


def acknowledge(ours: Acks, *raws: bytes) -> None:
    for raw in raws:
        ours.add("list", raw)
    ours.flush()


def test_several_travel_together_and_the_answers_are_read_before_the_next(server: Server, ours: Acks) -> None:
    acknowledge(ours, b"0")  # the first waits: the connection may be as old as its pool
    acknowledge(ours, b"1", b"2")
    (wire,) = server.connections
    assert wire.answers == 2
    acknowledge(ours, b"3")
    assert wire.answers == 1
    assert [raw for _, raw in server.removed] == [b"0", b"1", b"2", b"3"]


def test_one_on_a_connection_that_was_closed_while_idle_is_sent_again_at_once(
    server: Server, ours: Acks, clock: list[float]
) -> None:
    acknowledge(ours, b"0")
    server.close_idle()
    clock[0] += acks.IDLE_S + 1
    acknowledge(ours, b"1")
    assert server.removed == [("list", b"0"), ("list", b"1")]
    assert not ours.pending()


def test_one_whose_answer_never_came_is_sent_again_with_the_next(server: Server, ours: Acks) -> None:
    acknowledge(ours, b"0")
    server.close_idle()
    acknowledge(ours, b"1")
    assert ours.pending() == [("list", b"1")]
    acknowledge(ours, b"2")
    assert server.removed == [("list", b"0"), ("list", b"1"), ("list", b"2")]


def test_one_whose_answer_never_came_is_sent_again_at_the_end(server: Server, ours: Acks) -> None:
    acknowledge(ours, b"0")
    server.close_idle()
    acknowledge(ours, b"1")
    with ours.settled():
        assert server.removed == [("list", b"0"), ("list", b"1")]
        assert not ours.pending()


def test_one_whose_answer_never_came_is_sent_again_by_the_heartbeat(
    server: Server, ours: Acks, clock: list[float]
) -> None:
    heartbeat: Any = Client(server)
    acknowledge(ours, b"0")
    server.close_idle()
    acknowledge(ours, b"1")
    ours.confirm_by(heartbeat, 0.5)
    assert ours.pending()  # the answer may be on its way
    clock[0] += 1
    ours.confirm_by(heartbeat, 0.5)
    assert server.removed == [("list", b"0"), ("list", b"1")]
    ours.confirm_by(heartbeat, 0.5)
    acknowledge(ours, b"2")  # finds the connection dead
    assert server.removed == [("list", b"0"), ("list", b"1"), ("list", b"2")]


def test_the_answers_to_what_the_heartbeat_has_sent_again_are_read_and_count_for_nothing(
    server: Server, ours: Acks, clock: list[float]
) -> None:
    acknowledge(ours, b"0")
    acknowledge(ours, b"1")
    (wire,) = server.connections
    assert wire.answers == 1
    clock[0] += 0.3
    ours.confirm_by(Client(server), 0.2)  # type: ignore[arg-type]
    acknowledge(ours, b"2")
    assert wire.answers == 1
    with ours.settled():
        assert wire.answers == 0
    assert len(server.connections) == 1


def test_nothing_is_given_up_where_no_connection_can_be_had(server: Server, ours: Acks) -> None:
    acknowledge(ours, b"0")
    server.close_idle()
    acknowledge(ours, b"1")
    server.refuses = True
    with pytest.raises(redis.ConnectionError):
        acknowledge(ours, b"2")
    assert ours.pending() == [("list", b"1"), ("list", b"2")]
    server.refuses = False
    ours.flush_by(Client(server), 0.0)  # type: ignore[arg-type]
    assert server.removed == [("list", b"0"), ("list", b"1"), ("list", b"2")]
    assert not ours.pending()


def test_who_has_hung_up_calls_for_a_moment_and_waits_for_the_answer(server: Server, ours: Acks) -> None:
    acknowledge(ours, b"0")
    ours.hang_up()
    server.close_idle()
    acknowledge(ours, b"1")
    assert server.removed == [("list", b"0"), ("list", b"1")]
    assert not any(wire.is_connected for wire in server.connections)
    assert not ours.pending()


def test_nothing_to_send_opens_no_connection(server: Server, ours: Acks) -> None:
    with ours.settled():
        ours.hang_up()
    assert not server.connections
