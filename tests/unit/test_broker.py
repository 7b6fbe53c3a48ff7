"""A broker's address never shows its password; one that is no address is refused in one line."""

from __future__ import annotations

import pytest

from producer.broker import Broker, check, without_password
from worker.errors import BrokerUnavailableError


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("redis://:secret@host:6379/0", "redis://:***@host:6379/0"),
        ("rediss://judit:secret@host/1?ssl_cert_reqs=none", "rediss://judit:***@host/1?ssl_cert_reqs=none"),
        ("redis://judit@host", "redis://judit@host"),
        ("redis://:p@ss:word@host:1/0", "redis://:***@host:1/0"),
        ("redis://:@host", "redis://:***@host"),
        ("redis://:secret@[::1]:6379/0", "redis://:***@[::1]:6379/0"),
        ("redis+socket:///tmp/socket", "redis+socket:///tmp/socket"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert without_password(url) == shown


@pytest.mark.parametrize("url", ["redis://host:6379/0?password=secret", "redis://:se#cret@host:6379/0"])
def test_no_form_of_a_password_is_shown(url: str) -> None:
    # redis-py takes the first, and a password with a # in it has to be quoted; shown it is in neither case.
    assert "cret" not in without_password(url)


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "http://host",
        "redis://host:99999/0",
        "redis://host:port/0",
        "redis://[::1",
        "unix:///tmp/socket",
        "redis+socket:///tmp/socket",
    ],
)
def test_what_is_no_address_is_refused_with_the_form_of_one(url: str) -> None:
    with pytest.raises(BrokerUnavailableError, match=r"no broker address .*redis://host:6379/0"):
        check(url)


def test_a_broker_is_named_without_its_password() -> None:
    broker = Broker("redis://:secret@host:1/0", embedded=False, version="redis 8.0.2")
    assert broker.name == "redis 8.0.2 (redis://:***@host:1/0)"
    assert Broker("redis://host:1/0", embedded=True, version="valkey 9.1.2").name == "valkey 9.1.2 (embedded)"
