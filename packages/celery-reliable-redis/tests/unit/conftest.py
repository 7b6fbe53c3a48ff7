"""What the tests of messages share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from transport_lab import Server


@pytest.fixture
def client(valkey: Server) -> Iterator[redis.Redis]:
    with valkey.client(3) as client:
        client.flushall()
        yield client
