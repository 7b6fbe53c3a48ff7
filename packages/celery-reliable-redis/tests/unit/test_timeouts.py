"""How long this transport waits for the broker, and what it does when it has waited in vain."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from kombu import Connection

from celery_reliable_redis import calls
from celery_reliable_redis.calls import drop_suspect, note_silence
from celery_reliable_redis.redis_versions import get_connection
from celery_reliable_redis.servers import make_patient
from celery_reliable_redis.timeouts import shorten
from transport_lab import RELIABLE, Server
from transport_proxy import Proxy, proxy_for


@pytest.fixture(autouse=True)
def nothing_is_suspect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "_silent_since", 0.0)


@pytest.fixture
def proxy(valkey: Server) -> Iterator[Proxy]:
    with proxy_for(valkey.port) as proxy:
        yield proxy


def channel_of(port: int, **options: Any) -> Any:
    connection = Connection(f"redis://127.0.0.1:{port}/3", transport=RELIABLE, transport_options=options)
    return connection.default_channel


def options_of(channel: Any) -> tuple[Any, ...]:
    names = "socket_timeout", "socket_connect_timeout", "socket_keepalive", "socket_keepalive_options"
    of_pools = [
        tuple(pool.connection_kwargs.get(name) for name in names)
        for pool in (channel.pool, channel.async_pool)
    ]
    assert of_pools[0] == of_pools[1]
    return of_pools[0]


def close(channel: Any) -> None:
    channel.connection.client.release()


def test_no_connection_waits_for_ever(valkey: Server) -> None:
    channel = channel_of(valkey.port)
    try:
        *timeouts, keepalive, keepalive_options = options_of(channel)
        assert (timeouts, keepalive) == ([5.0, 5.0], True)
        sock = get_connection(channel.client.connection_pool)._sock
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        for option, value in keepalive_options.items():
            assert sock.getsockopt(socket.IPPROTO_TCP, option) == value
        assert sock.gettimeout() == 5.0
        beats = channel._heartbeat_client().connection_pool.connection_kwargs
        assert (beats["socket_timeout"], beats["socket_keepalive"]) == (channel.lease, True)
    finally:
        close(channel)


def test_whoever_says_otherwise_is_heeded(valkey: Server) -> None:
    own: dict[str, Any] = {"socket_timeout": None, "socket_connect_timeout": 2, "socket_keepalive": False}
    channel = channel_of(valkey.port, **own, socket_keepalive_options=None)
    try:
        assert options_of(channel) == (None, 2, False, None)
    finally:
        close(channel)


@pytest.mark.parametrize("seconds", [0, -1, "5", True, float("inf")])
@pytest.mark.parametrize("option", ["socket_timeout", "socket_connect_timeout"])
def test_what_is_no_time_is_refused_in_one_sentence(valkey: Server, option: str, seconds: Any) -> None:
    said = (
        f"broker_transport_options['{option}'] is {seconds!r} (connect). Give a number of seconds above 0, "
    )
    with pytest.raises(ValueError, match=re.escape(said)):
        channel_of(valkey.port, **{option: seconds})


@pytest.mark.parametrize(
    ("patience", "timeout", "expected"),
    [(1, 5.0, 1), (1, None, 1), (0, None, 0), (10, 5.0, 2.5), (0, 4, 2), (1, 0.5, 0.25)],
)
def test_the_server_answers_before_we_give_it_up(patience: float, timeout: Any, expected: float) -> None:
    assert shorten(patience, timeout) == expected


def test_who_hears_nothing_trusts_no_idle_connection(proxy: Proxy) -> None:
    """One timeout, and not one for each connection."""
    channel = channel_of(proxy.port, socket_timeout=0.2)
    try:
        pool = channel.pool
        first, second = get_connection(pool), get_connection(pool)
        for wire in (first, second):
            wire.send_command("PING")
            wire.read_response()
        pool.release(second)
        proxy.silence()
        first.send_command("PING")
        with pytest.raises(redis.TimeoutError):
            first.read_response()
        again = get_connection(pool)
        assert again is second
        again.send_command("PING")
        assert again.read_response() == b"PONG"  # on a connection that was just opened
        pool.release(first)
        pool.release(again)
    finally:
        close(channel)


class Wire:
    """A connection that is always idle."""

    is_open = True

    def read_response(self) -> bytes:
        return b"PONG"

    def disconnect(self) -> None:
        self.is_open = False


def test_who_was_heard_since_is_trusted() -> None:
    silent, heard = make_patient(Wire)(), make_patient(Wire)()
    silent.heard_at, heard.heard_at = 1.0, 2.0
    note_silence(since=2.0)
    for wire in (silent, heard):
        drop_suspect(wire)
    assert (silent.is_open, heard.is_open) == (False, True)
