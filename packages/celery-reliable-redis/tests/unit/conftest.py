"""What the tests of messages share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from transport_delayed import DELAYING
from transport_lab import Lab, Server


@pytest.fixture
def client(valkey: Server) -> Iterator[redis.Redis]:
    with valkey.client(3) as client:
        client.flushall()
        yield client


@pytest.fixture
def waiting(anywhere: Lab) -> Lab:
    """A laboratory in which tasks wait in Redis."""
    anywhere.options.update(DELAYING)
    return anywhere
