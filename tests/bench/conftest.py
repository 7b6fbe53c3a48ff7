"""The server on which both benchmarks of the transport run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from transport_lab import Server, running_server
from transport_servers import binary_of


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A Valkey of one test's own."""
    with running_server(binary_of("valkey"), tmp_path) as made:
        yield made
