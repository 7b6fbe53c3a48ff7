"""What a broker's URL means, to a transport that is named apart from it. Nobody is connected to."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
from kombu import Connection

from celery_reliable_redis import Transport, UnsupportedServerError
from celery_reliable_redis.finding import holds_together
from celery_reliable_redis.sentinel import SentinelChannel

RELIABLE = "celery_reliable_redis:Transport"


def connect(url: Any, **options: Any) -> Connection:
    connection = Connection(url, transport=RELIABLE, transport_options=options)
    assert isinstance(connection.transport, Transport)
    return connection


def place(connection: Connection) -> tuple[Any, ...]:
    return (
        connection.hostname,
        connection.port,
        connection.userid,
        connection.password,
        connection.virtual_host,
    )


@pytest.mark.parametrize("scheme", ["redis", "rediss", "valkey", "valkeys"])
def test_a_url_of_either_name_leads_to_the_place_that_it_says(scheme: str) -> None:
    connection = connect(f"{scheme}://me:s%2Fcret@host:6380/3")
    assert place(connection) == place(connection.clone()) == ("host", 6380, "me", "s/cret", "3")
    assert connection.as_uri() == f"{scheme}://me:**@host:6380/3"
    assert connection.as_uri(include_password=True) == f"{scheme}://me:s%2Fcret@host:6380/3"
    assert "s/cret" not in repr(connection)


@pytest.mark.parametrize("scheme", ["rediss", "valkeys"])
def test_what_asks_for_encryption_gets_it(scheme: str) -> None:
    connection = connect(f"{scheme}://host")
    assert connection.ssl == connection.clone().ssl == {"ssl_cert_reqs": ssl.CERT_NONE}  # as with kombu
    assert connect(f"{scheme}://host?ssl_cert_reqs=required").ssl == {"ssl_cert_reqs": ssl.CERT_REQUIRED}
    assert not connect("valkey://host").ssl


def test_a_host_without_a_scheme_is_a_host() -> None:
    assert place(connect("host")) == ("host", None, None, None, "/")


def test_another_brokers_url_is_refused() -> None:
    with pytest.raises(UnsupportedServerError, match=r"begins with 'amqp'.*redis, .*\(connect\)"):
        connect("amqp://host")


def test_the_next_of_several_urls_is_taken_by_the_same_transport() -> None:
    connection = connect(["redis://one:1/1", "valkeys://two:2/2"])
    for _ in range(2):
        connection.maybe_switch_next()
        assert isinstance(connection.transport, Transport)
        assert place(connection) == ("two", 2, None, None, "2")
        assert connection.ssl
        assert connection.as_uri() == "rediss://two:2/2"  # means the same
        connection.maybe_switch_next()
        assert isinstance(connection.transport, Transport)
        assert place(connection) == ("one", 1, None, None, "1")
        assert not connection.ssl


@pytest.mark.parametrize("url", ["sentinel://one:1/3", "sentinel://one:1/3;sentinel://two/3"])
def test_sentinels_stay_what_they_are(url: str) -> None:
    for connection in (first := connect(url, master_name="name"), first.clone()):
        assert connection.transport.Channel is SentinelChannel
        connection.maybe_switch_next()  # kombu would take them for brokers, and its own transport
        assert connection.transport.Channel is SentinelChannel
        assert place(connection)[:2] == ("one", 1)
        assert connection.as_uri() == "sentinel://one:1/3"


def test_a_socket_is_a_path_and_a_database() -> None:
    connection = connect("socket://me:secret@/run/redis.sock?virtual_host=3")
    assert connection.as_uri() == "socket://me:**@/run/redis.sock"
    assert connection.clone().as_uri(include_password=True) == connection.hostname


@pytest.mark.parametrize(
    ("prefix", "together"),
    [("", False), ("celery:", False), ("{}:", False), ("{celery}:", True), ("a{b}", True)],
)
def test_a_part_in_braces_holds_keys_together(prefix: str, together: bool) -> None:
    assert holds_together(prefix) is together
