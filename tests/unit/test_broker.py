"""A broker is named without what its address hides; what is no address is refused before anybody is asked."""

from __future__ import annotations

import pytest

from producer.system.broker import Broker, check
from worker.errors import BrokerUnavailableError


def test_what_is_no_address_is_refused_with_the_form_of_one() -> None:
    with pytest.raises(
        BrokerUnavailableError, match=r"no host \(address\)\. Write redis://HOST:PORT/DATABASE"
    ):
        check("redis://")


def test_a_broker_is_named_without_its_password() -> None:
    broker = Broker("redis://:secret@host:1/0", embedded=False, version="redis 8.0.2")
    assert broker.name == "redis 8.0.2 (redis://***@host:1/0)"
    assert "secret" not in repr(broker)
    assert Broker("redis://host:1/0", embedded=True, version="valkey 9.1.2").name == "valkey 9.1.2 (embedded)"
